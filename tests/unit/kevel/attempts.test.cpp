// Goal: a change that is not done at once is finished or undone, once, whoever comes between, though Kevel keeps
// nothing unique. Method: the plugin below the fake host, Kevel scripted; the host's part of task/1 played by the test.
#include "kevel_world.hpp"

#include <doctest/doctest.h>

using namespace tenon::test;
using namespace std::chrono_literals;
using answer = scripted_upstream::answer;

namespace {

std::string const search = "POST /v1/campaign/search";
std::string const create_campaign = "POST /v1/campaign";
std::string const create_flight = "POST /v1/flight";
std::string const read_campaign = "GET /v1/campaign/456";
std::string const read_flights = "GET /v1/campaign/456/flight";
std::string const put_campaign = "PUT /v1/campaign/456";
std::string const put_flight = "PUT /v1/flight/7";

json::object marked_flight(std::int64_t id) {
  auto flight = kevel_world::flight();
  flight["Id"] = id;
  flight["CustomFieldsJson"] =
      R"({"tenon":1,"product_id":"sports","pricing_option_id":"fixed","budget":5000,"marker":")" + kevel_world::marker +
      R"(:0"})";
  return flight;
}

json::object campaign_at(std::int64_t revision, std::string_view updated_by) {
  auto campaign = kevel_world::campaign(true, false);
  json::object record{{"tenon", 1},
                      {"key", "k"},
                      {"revision", revision},
                      {"currency", "USD"},
                      {"updated_by", updated_by},
                      {"confirmed_at", "2026-11-23T12:00:00Z"}};
  campaign["CustomFieldsJson"] = json::serialize(record);
  return campaign;
}

}  // namespace

TEST_CASE("campaigns and flights that came through twice are one before the campaign is switched on") {
  kevel_world world;
  world.open();
  world.kevel_books();
  world.kevel.once(create_campaign, answer(502, ""));
  auto const sold = world.host.ask("create_media_buy", kevel_world::sale(), kevel_world::keyed());
  REQUIRE(sold.submitted());
  auto late = kevel_world::campaign(false, true);
  late["Id"] = 457;
  world.kevel.always("PUT /v1/campaign/457", late);
  world.kevel.always("PUT /v1/flight/8", marked_flight(8));
  world.kevel.once(search, json::object{{"items", json::array{kevel_world::campaign(false, true), late}}});
  world.kevel.forget();
  auto const& kevel = world.kevel;
  auto const again =
      world.host.ask("create_media_buy", kevel_world::sale(), kevel_world::keyed().resume(sold.resume(), 0));
  REQUIRE_MESSAGE(again.ok(), again.operator_detail());
  CHECK(kevel.count(create_campaign) == 0);
  CHECK(kevel.body_of("PUT /v1/campaign/457").at("IsDeleted") == true);
  CHECK(kevel.count(put_campaign) == 1);
  CHECK(kevel.body_of(put_campaign).at("IsActive") == true);
}

TEST_CASE("of two flights with one marker the later one goes") {
  kevel_world world;
  world.open();
  world.kevel.always(search, json::object{{"items", json::array{kevel_world::campaign(false, true)}}});
  world.kevel.always(read_campaign, kevel_world::campaign(true, false));
  world.kevel.always(put_campaign, kevel_world::campaign(true, false));
  world.kevel.always("PUT /v1/flight/8", marked_flight(8));
  world.list(read_flights, json::array{marked_flight(7), marked_flight(8)});
  auto const sold = world.host.ask("create_media_buy", kevel_world::sale(), kevel_world::keyed());
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  CHECK(world.kevel.count(create_flight) == 0);
  CHECK(world.kevel.body_of("PUT /v1/flight/8").at("IsDeleted") == true);
  CHECK(world.kevel.body_of("PUT /v1/flight/8").at("IsActive") == false);
  CHECK(world.kevel.count(put_flight) == 0);
}

TEST_CASE("a buy that is switched on is not reported as failed, and one that is not is deleted") {
  kevel_world world;
  world.open();
  world.kevel_books();
  auto const whole = kevel_world::campaign(true, false);
  world.kevel.once(search, json::object{{"items", json::array()}});
  bool stands = false;
  SUBCASE("switched on") {
    stands = true;
    world.kevel.always(search, json::object{{"items", json::array{whole}}});
  }
  SUBCASE("not switched on") {
    world.kevel.always(search, json::object{{"items", json::array{kevel_world::campaign(false, true)}}});
  }
  world.kevel.once(put_campaign, answer(400, R"({"message":"This site does not belong to your network"})"));
  auto const sold = world.host.ask("create_media_buy", kevel_world::sale(), kevel_world::keyed());
  CHECK(sold.submitted() == stands);
  if (!stands) {
    CHECK(sold.code() == "CONFIGURATION_ERROR");
    CHECK(world.kevel.body_of(put_campaign).at("IsDeleted") == true);
  }
}

TEST_CASE("an update that is gone on with does not overwrite what was asked for since") {
  kevel_world world;
  world.open();
  world.kevel.always(read_campaign, kevel_world::campaign(true, false));
  world.kevel.always(put_campaign, kevel_world::campaign(true, false));
  world.kevel.always(put_flight, kevel_world::flight());
  world.list(read_flights, json::array{kevel_world::flight()});
  auto const wanted =
      json::parse(R"({"media_buy_id":"kevel-456","revision":1,"packages":[{"package_id":"kevel-fl-7","budget":1000}]})")
          .as_object();
  world.kevel.once(put_flight, answer(503, ""));
  auto const begun = world.host.ask("update_media_buy", wanted, kevel_world::keyed());
  REQUIRE(begun.submitted());
  world.kevel.forget();
  SUBCASE("somebody has changed it") {
    world.kevel.always(read_campaign, campaign_at(2, "somebody else"));
    auto const later = world.host.ask("update_media_buy", wanted, kevel_world::keyed().resume(begun.resume(), 0));
    CHECK(later.code() == "CONFLICT");
    CHECK(world.kevel.count(put_flight) == 0);
  }
  SUBCASE("nobody has") {
    auto const later = world.host.ask("update_media_buy", wanted, kevel_world::keyed().resume(begun.resume(), 0));
    REQUIRE_MESSAGE(later.ok(), later.operator_detail());
    CHECK(world.kevel.count(put_flight) == 1);
    auto const record = json::parse(world.kevel.body_of(put_campaign).at("CustomFieldsJson").as_string());
    CHECK(record.at("revision") == 2);
    CHECK(record.at("updated_by").as_string() == kevel_world::marker);
  }
  SUBCASE("it was done, and only the answer was lost") {
    world.kevel.always(read_campaign, campaign_at(2, kevel_world::marker));
    auto const later = world.host.ask("update_media_buy", wanted, kevel_world::keyed().resume(begun.resume(), 0));
    REQUIRE_MESSAGE(later.ok(), later.operator_detail());
    CHECK(later.body().at("affected_packages").as_array().size() == 1);
    CHECK(world.kevel.count(put_flight) == 0);
    CHECK(world.kevel.count(put_campaign) == 0);
  }
}
