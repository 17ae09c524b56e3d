// Goal: changes put back everything they did not mean to change, and delivery is read from a queued report. Method: the
// plugin below the fake host, Kevel scripted.
#include "kevel_world.hpp"

#include <doctest/doctest.h>

using namespace tenon::test;
using namespace std::chrono_literals;
using answer = scripted_upstream::answer;

namespace {

std::string const put_campaign = "PUT /v1/campaign/456";
std::string const put_flight = "PUT /v1/flight/7";

class booked_world : public kevel_world {
 public:
  explicit booked_world(json::object const& booked_flight = flight()) {
    open();
    kevel.always("GET /v1/campaign/456", campaign(true, false));
    kevel.always(put_campaign, campaign(true, false));
    kevel.always(put_flight, flight());
    list("GET /v1/campaign/456/flight", json::array{booked_flight});
  }

  tenon::sdk::testing::fake_reply update(std::string_view members) {
    auto request = json::parse(members).as_object();
    request["media_buy_id"] = "kevel-456";
    return host.ask("update_media_buy", request, keyed());
  }
};

}  // namespace

TEST_CASE("a changed budget puts the whole flight back") {
  booked_world world;
  auto const updated = world.update(R"({"packages":[{"package_id":"kevel-fl-7","budget":10000.5}]})");
  REQUIRE_MESSAGE(updated.ok(), updated.operator_detail());
  auto const put = world.kevel.body_of(put_flight);
  CHECK(put.at("Impressions") == 800040);
  CHECK(put.at("LifetimeCapAmount") == 10001);
  CHECK(put.at("OptionType") == 3);
  CHECK(put.at("PriorityId") == 147520);
  CHECK(put.at("SiteZoneTargeting") == kevel_world::flight().at("SiteZoneTargeting"));
  CHECK_FALSE(put.contains("FreqCapType"));  // a zero that Kevel answers and refuses
}

TEST_CASE("pausing the buy switches the campaign off, pausing a package its flight") {
  booked_world world;
  REQUIRE(world.update(R"({"paused":true})").ok());
  CHECK(world.kevel.body_of(put_campaign).at("IsActive") == false);
  CHECK(world.kevel.count(put_flight) == 0);
  REQUIRE(world.update(R"({"packages":[{"package_id":"kevel-fl-7","paused":true}]})").ok());
  CHECK(world.kevel.body_of(put_flight).at("IsActive") == false);
}

TEST_CASE("cancelling archives the campaign with the reason") {
  booked_world world;
  REQUIRE(world.update(R"({"canceled":true,"cancellation_reason":"plans changed"})").ok());
  auto const put = world.kevel.body_of(put_campaign);
  CHECK(put.at("IsActive") == false);
  CHECK(put.at("IsArchived") == true);
  CHECK(put.at("CustomFieldsJson").as_string().find("plans changed") != std::string::npos);
}

TEST_CASE("what is canceled cannot be canceled again") {
  booked_world world;
  auto archived = kevel_world::campaign(false, false);
  archived["IsArchived"] = true;
  world.kevel.always("GET /v1/campaign/456", archived);
  CHECK(world.update(R"({"canceled":true})").code() == "NOT_CANCELLABLE");
}

TEST_CASE("campaigns that are not ours do not exist") {
  booked_world world;
  auto theirs = kevel_world::campaign(true, false);
  theirs["CustomFieldsJson"] = nullptr;
  world.kevel.always("GET /v1/campaign/456", theirs);
  CHECK(world.update(R"({"paused":true})").code() == "MEDIA_BUY_NOT_FOUND");
  CHECK(world.host.ask("update_media_buy", {{"media_buy_id", "kevel-x"}}).code() == "MEDIA_BUY_NOT_FOUND");
}

TEST_CASE("a package of another buy does not exist") {
  booked_world world;
  CHECK(world.update(R"({"packages":[{"package_id":"kevel-fl-8","paused":true}]})").code() == "PACKAGE_NOT_FOUND");
}

TEST_CASE("delivery is a queued report, polled until it is complete") {
  auto running = kevel_world::flight();
  running["StartDateISO"] = "2026-11-20T00:00:00.0000000";
  booked_world world(running);
  world.kevel.always("POST /v1/report/queue", json::object{{"Id", "r-1"}});
  world.kevel.once("GET /v1/report/queue/r-1", json::object{{"Status", 1}});
  world.kevel.always("GET /v1/report/queue/r-1", json::parse(R"({"Status":2,"Result":{"Records":[
      {"Date":"2026-11-21T00:00:00","Details":[
        {"Grouping":{"OptionId":7},"Impressions":1000,"Clicks":3,"Revenue":12.5}]},
      {"Date":"2026-11-22T00:00:00","Details":[
        {"Grouping":{"OptionId":7},"Impressions":2000,"Clicks":1,"Revenue":25}]}]}})"));
  auto asking = world.host.call(
      "get_media_buy_delivery",
      json::parse(R"({"media_buy_ids":["kevel-456"],"include_package_daily_breakdown":true})").as_object());
  world.host.advance(1s);
  REQUIRE(asking.done());
  REQUIRE_MESSAGE(asking.reply().ok(), asking.reply().operator_detail());
  auto const package = asking.reply().body().at("media_buy_deliveries").at(0).at("by_package").at(0);
  CHECK(package.at("impressions") == 3000);
  CHECK(package.at("spend").to_number<double>() == doctest::Approx(37.5));
  CHECK(package.at("daily_breakdown").at(1).at("date") == "2026-11-22");
  CHECK(world.kevel.body_of("POST /v1/report/queue").at("Parameters").at(0).at("campaignId") == 456);
}

TEST_CASE("a flat rate earns by the day, since Kevel counts none of it") {
  auto flat = kevel_world::flight();
  flat["RateType"] = 1;
  flat["Price"] = 3000;
  flat["StartDateISO"] = "2026-11-13T12:00:00.0000000";
  flat["EndDateISO"] = "2026-12-13T12:00:00.0000000";
  booked_world world(flat);
  world.kevel.always("POST /v1/report/queue", json::object{{"Id", "r-1"}});
  world.kevel.always("GET /v1/report/queue/r-1", json::parse(R"({"Status":2,"Result":{"Records":[]}})"));
  auto const delivered = world.host.ask("get_media_buy_delivery", {{"media_buy_ids", json::array{"kevel-456"}}});
  REQUIRE(delivered.ok());
  auto const spend = delivered.body().at("media_buy_deliveries").at(0).at("totals").at("spend");
  CHECK(spend.to_number<double>() == doctest::Approx(1000));
}

TEST_CASE("a report that failed is the moment's trouble") {
  auto running = kevel_world::flight();
  running["StartDateISO"] = "2026-11-20T00:00:00.0000000";
  booked_world world(running);
  world.kevel.always("POST /v1/report/queue", json::object{{"Id", "r-1"}});
  world.kevel.always("GET /v1/report/queue/r-1", json::parse(R"({"Status":3,"Message":"internal"})"));
  auto const delivered = world.host.ask("get_media_buy_delivery", {{"media_buy_ids", json::array{"kevel-456"}}});
  CHECK(delivered.code() == "SERVICE_UNAVAILABLE");
  CHECK(delivered.message().find("internal") == std::string::npos);
}

TEST_CASE("a creative is made of its ad type's size, under the buyer's id") {
  booked_world world;
  world.list("GET /v1/adtypes", json::parse(R"([{"Id":5,"Width":300,"Height":250}])").as_array());
  world.kevel.always("GET /v1/advertiser/123/creatives", json::object{{"items", json::array()}});
  world.kevel.always("POST /v1/creative", json::object{{"Id", 70}});
  auto const synced = world.host.ask("sync_creatives", json::parse(R"({"creatives":[
      {"creative_id":"banner","name":"Banner","format_id":{"agent_url":"https://other.example","id":"display_300x250"},
       "assets":{"image":{"asset_type":"image","url":"https://cdn.example/b.png","width":300,"height":250},
                 "click_url":{"asset_type":"url","url_type":"clickthrough","url":"https://acme.example"}}}]})")
                                                           .as_object());
  REQUIRE(synced.ok());
  CHECK(synced.body().at("creatives").at(0).at("action") == "created");
  auto const creative = world.kevel.body_of("POST /v1/creative");
  CHECK(creative.at("AdTypeId") == 5);
  CHECK(creative.at("Title") == "banner");
  CHECK(creative.at("Url") == "https://acme.example");
}

TEST_CASE("a list is read until a page is empty") {
  booked_world world;
  world.list("GET /v1/adtypes", json::array());
  world.kevel.once("GET /v1/advertiser/123/creatives",
                   json::parse(R"({"items":[{"Id":1,"Title":"a","IsActive":true}]})"));
  world.kevel.once("GET /v1/advertiser/123/creatives",
                   json::parse(R"({"items":[{"Id":2,"Title":"b","IsActive":true}]})"));
  world.kevel.once("GET /v1/advertiser/123/creatives", json::parse(R"({"items":[]})"));
  auto const listed = world.host.ask("list_creatives");
  REQUIRE(listed.ok());
  CHECK(listed.body().at("query_summary").at("total_matching") == 2);
}
