// Goal: the key is proved at opening, and a sale is booked once and switched on last, whatever Kevel does in between.
// Method: the plugin below the fake host, Kevel scripted; the sequence of requests is what is looked at.
#include "kevel_world.hpp"

#include <doctest/doctest.h>

using namespace tenon::test;
using namespace std::chrono_literals;
using sequence = std::vector<std::string>;
using answer = scripted_upstream::answer;
using tenon::sdk::http_phase;

namespace {

std::string const search = "POST /v1/campaign/search";
std::string const create_campaign = "POST /v1/campaign";
std::string const create_flight = "POST /v1/flight";
std::string const read_campaign = "GET /v1/campaign/456";
std::string const put_campaign = "PUT /v1/campaign/456";
std::string const read_flights = "GET /v1/campaign/456/flight";

}  // namespace

TEST_CASE("opening proves the key, which only the host knows") {
  kevel_world world;
  REQUIRE(world.host.create().ok());
  CHECK(world.kevel.seen() == sequence{"GET /v1/advertiser/123"});
  CHECK(world.kevel.last("GET /v1/advertiser/123").header("X-Adzerk-ApiKey") == "KEY-1");
}

TEST_CASE("a wrong key is a configuration error that leaks nothing") {
  for (unsigned const status : {401U, 403U}) {
    kevel_world world;
    world.kevel.always("GET /v1/advertiser/123", answer(status, R"({"message":"key KEY-1 is wrong"})"));
    auto const opened = world.host.create();
    CHECK(opened.code() == "CONFIGURATION_ERROR");
    CHECK(opened.message().find("KEY") == std::string::npos);
  }
}

TEST_CASE("a handshake waits two seconds at most, and passes on when to come back") {
  for (unsigned const status : {429U, 503U}) {
    kevel_world world;
    world.kevel.always("GET /v1/advertiser/123", answer(status, "{}").header("retry-after", "7"));
    auto const opened = world.host.create();
    CHECK(opened.code() == (status == 429 ? "RATE_LIMITED" : "SERVICE_UNAVAILABLE"));
    CHECK(opened.retry_after_s() == 7);
    CHECK(world.kevel.count("GET /v1/advertiser/123") == 1);
  }
}

TEST_CASE("a handshake that may try again at once does") {
  kevel_world world;
  world.kevel.once("GET /v1/advertiser/123", answer(503, "{}"));
  auto opening = world.host.start_create();
  world.host.advance(2s);
  CHECK(opening.reply().ok());
  CHECK(world.kevel.count("GET /v1/advertiser/123") == 2);
}

TEST_CASE("a sale is an inactive campaign, its flights, and the switch last") {
  kevel_world world;
  world.open();
  world.kevel_books();
  auto const sold = world.host.ask("create_media_buy", kevel_world::sale(), kevel_world::keyed());
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  CHECK(world.kevel.seen() == sequence{search, create_campaign, create_flight, read_campaign, put_campaign,
                                       read_campaign, read_flights, read_flights});
  CHECK(world.kevel.body_of(create_campaign).at("IsActive") == false);
  auto const put = world.kevel.body_of(put_campaign);
  CHECK(put.at("IsActive") == true);
  CHECK(put.at("Legacy") == "kept");
  CHECK_FALSE(put.contains("FreqCap"));
  CHECK(put.at("CustomFieldsJson").as_string().find("draft") == std::string::npos);
  CHECK(sold.body().at("media_buy_id") == "kevel-456");
  CHECK(sold.body().at("status") == "pending_creatives");
  CHECK(sold.body().at("packages").at(0).at("package_id") == "kevel-fl-7");
  auto const flight = world.kevel.body_of(create_flight);
  CHECK(flight.at("Impressions") == 400000);
  CHECK(flight.at("LifetimeCapAmount") == 5000);
  CHECK(flight.at("SiteZoneTargeting").at(0).at("IsExclude") == false);
}

TEST_CASE("a campaign whose creation went unanswered is found by its marker and not made again") {
  kevel_world world;
  world.open();
  world.kevel_books();
  world.kevel.once(search, json::object{{"items", json::array()}});
  world.kevel.once(search, json::object{{"items", json::array{kevel_world::campaign(false, true)}}});
  world.kevel.once(create_campaign, answer(http_phase::sent, "reset"));
  auto const sold = world.host.ask("create_media_buy", kevel_world::sale(), kevel_world::keyed());
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  CHECK(world.kevel.count(create_campaign) == 1);
}

TEST_CASE("a name that only resembles the marker is not adopted") {
  kevel_world world;
  world.open();
  world.kevel_books();
  auto similar = kevel_world::campaign(true, false);
  similar["Name"] = "AdCP acme.example [" + kevel_world::marker + "] copy";
  world.kevel.always(search, json::object{{"items", json::array{similar}}});
  REQUIRE(world.host.ask("create_media_buy", kevel_world::sale(), kevel_world::keyed()).ok());
  CHECK(world.kevel.count(create_campaign) == 1);
}

TEST_CASE("a repeated request finds everything done and writes nothing") {
  kevel_world world;
  world.open();
  world.kevel_books();
  world.kevel.once(read_campaign, kevel_world::campaign(true, false));
  world.kevel.always(search, json::object{{"items", json::array{kevel_world::campaign(true, false)}}});
  REQUIRE(world.host.ask("create_media_buy", kevel_world::sale(), kevel_world::keyed().recovering()).ok());
  CHECK(world.kevel.count(create_campaign) + world.kevel.count(create_flight) + world.kevel.count(put_campaign) == 0);
}

TEST_CASE("a flight of unknown outcome is looked up by its marker") {
  auto found = kevel_world::flight();
  found["CustomFieldsJson"] = R"({"tenon":1,"marker":")" + kevel_world::marker + R"(:0"})";
  kevel_world world;
  world.open();
  world.kevel.always(search, json::object{{"items", json::array()}});
  world.kevel.always(create_campaign, kevel_world::campaign(false, true));
  world.kevel.once(create_flight, answer(502, ""));
  world.list(read_flights, json::array{found});
  world.kevel.always(read_campaign, kevel_world::campaign(true, false));
  world.kevel.always(put_campaign, kevel_world::campaign(true, false));
  auto const sold = world.host.ask("create_media_buy", kevel_world::sale(), kevel_world::keyed());
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  CHECK(world.kevel.count(create_flight) == 1);
}

TEST_CASE("a draft whose flight is refused is deleted") {
  kevel_world world;
  world.open();
  world.kevel_books();
  world.kevel.once(create_flight, answer(400, R"({"message":"This site does not belong to your network"})"));
  world.kevel.once(read_campaign, kevel_world::campaign(false, true));
  auto const sold = world.host.ask("create_media_buy", kevel_world::sale(), kevel_world::keyed());
  CHECK(sold.code() == "CONFIGURATION_ERROR");
  CHECK(world.kevel.seen() == sequence{search, create_campaign, create_flight, search, read_campaign, put_campaign});
  CHECK(world.kevel.body_of(put_campaign).at("IsDeleted") == true);
}

TEST_CASE("a half-made buy whose ad server stays away is submitted and finished later, under its marker") {
  kevel_world world;
  world.open();
  world.kevel_books();
  world.kevel.once(create_flight, answer(http_phase::sent, "reset"));
  world.list(read_flights, json::array());
  auto const sold = world.host.ask("create_media_buy", kevel_world::sale(), kevel_world::keyed());
  REQUIRE(sold.submitted());
  CHECK(world.kevel.count(put_campaign) == 0);
  world.kevel.forget();
  world.kevel.always(search, json::object{{"items", json::array{kevel_world::campaign(false, true)}}});
  auto const later =
      world.host.ask("create_media_buy", kevel_world::sale(), kevel_world::keyed().resume(sold.resume(), 0));
  REQUIRE_MESSAGE(later.ok(), later.operator_detail());
  CHECK(world.kevel.count(create_campaign) == 0);
  CHECK(world.kevel.count(create_flight) == 1);
}

TEST_CASE("a site that the network has not keeps a successor from taking over") {
  kevel_world world;
  world.open();
  world.kevel.once("GET /v1/site", json::object{{"items", json::array{json::object{{"Id", 1}}}}});
  auto const checked = world.host.check_health();
  CHECK(checked.code() == "CONFIGURATION_ERROR");
  CHECK(checked.operator_detail().find("which Kevel does not list") != std::string::npos);
}

TEST_CASE("a write that is refused for its rate is repeated") {
  kevel_world world;
  world.open();
  world.kevel_books();
  world.kevel.once(create_campaign, answer(429, ""));
  auto selling = world.host.call("create_media_buy", kevel_world::sale(), kevel_world::keyed());
  world.host.advance(5s);
  REQUIRE(selling.done());
  CHECK(selling.reply().ok());
  CHECK(world.kevel.count(create_campaign) == 2);
}

TEST_CASE("what Kevel cannot do is refused before anything is written") {
  struct row {
    std::string_view members;
    std::string_view field;
  };
  for (auto const& each :
       {row{R"({"targeting_overlay":{"daypart_targets":[{}]}})", "packages[0].targeting_overlay.daypart_targets"},
        row{R"({"targeting_overlay":{"property_list":{"list_id":"x"}}})",
            "packages[0].targeting_overlay.property_list"},
        row{R"({"pacing":"front_loaded"})", "packages[0].pacing"}}) {
    kevel_world world;
    world.open();
    auto sale = kevel_world::sale();
    auto const members = json::parse(each.members).as_object();
    for (auto const& [key, value] : members) {
      sale["packages"].as_array()[0].as_object()[key] = value;
    }
    auto const sold = world.host.ask("create_media_buy", sale, kevel_world::keyed());
    CHECK(sold.code() == "UNSUPPORTED_FEATURE");
    CHECK(sold.field() == each.field);
    CHECK(world.kevel.seen().empty());
  }
}
