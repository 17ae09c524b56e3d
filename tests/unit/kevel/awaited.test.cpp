// Goal: a package may name a creative that has not been sent, and gets it when it comes: once, with its share, and from
// its own buyer alone; lists of a buyer's agent are refused, or left to people who can see them. Method: the plugin
// below the fake host, with a store and a Kevel that outlive it.
#include "awaiting_world.hpp"

#include <doctest/doctest.h>

using namespace tenon::test;
using answer = scripted_upstream::answer;

TEST_CASE("the creative that comes goes to the package that waits for it, once, over a reload") {
  sold_world world;
  CHECK(world.server.ads().empty());
  awaiting_world after(world.server, world.kept);
  CHECK(awaited_in(after.listed().at("packages").at(0)) == json::array{"banner"});
  CHECK(after.sync().at("assigned_to") == json::array{sold_package});
  CHECK(world.server.share_of(70) == 0);
  CHECK(world.kept.entries().empty());
  CHECK(after.listed().at("status") == "pending_start");
  CHECK_FALSE(after.sync().contains("assigned_to"));
  CHECK(world.server.count(keeping_kevel::tie) == 1);
}

TEST_CASE("a process that dies after the association and before its entry is erased leaves it to be found done") {
  sold_world world;
  auto died_with = world.kept;
  world.now.sync();
  awaiting_world after(world.server, died_with);
  CHECK(after.sync().at("assigned_to") == json::array{sold_package});
  CHECK(world.server.ads().size() == 1);
  CHECK(died_with.entries().empty());
}

TEST_CASE("a creative that another buyer sends goes to none of this buyer's packages") {
  sold_world world;
  CHECK_FALSE(world.now.sync("banner", call_options().principal("buyer-2")).contains("assigned_to"));
  CHECK(world.server.ads().empty());
  CHECK(world.kept.entries().size() == 1);
  CHECK(world.now.sync().at("assigned_to") == json::array{sold_package});
}

TEST_CASE("a buy that was canceled meanwhile is not touched") {
  sold_world there;
  there.server.cancel();
  CHECK_FALSE(there.now.sync().contains("assigned_to"));
  CHECK(there.server.ads().empty());
  CHECK(there.kept.entries().empty());
  sold_world here;
  json::object const request{{"media_buy_id", sold_id}, {"canceled", true}};
  REQUIRE(here.now.host.ask("update_media_buy", request, with_key("update-1")).ok());
  CHECK(here.kept.entries().empty());
  sold_world one;
  REQUIRE(one.now.change(R"({"canceled":true})").ok());
  CHECK(one.kept.entries().empty());
}

TEST_CASE("shares are of the creatives that are there, until all of them are") {
  keeping_kevel server;
  memory_store kept;
  awaiting_world world(server, kept);
  world.sync("first");
  auto const sold = world.buy(R"({"creative_assignments":[{"creative_id":"first","weight":1},
                                                          {"creative_id":"second","weight":3}]})");
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  CHECK(awaited_in(sold.body().at("packages").at(0)) == json::array{"second"});
  CHECK(server.share_of(70) == 100);
  CHECK(world.sync("second").at("assigned_to") == json::array{sold_package});
  CHECK(server.share_of(70) == 25);
  CHECK(server.share_of(71) == 75);
  CHECK(kept.entries().empty());
}

TEST_CASE(
    "weights that make no shares are refused before anything is written, whether the creatives are there or not") {
  keeping_kevel server;
  memory_store kept;
  awaiting_world world(server, kept);
  for (auto const* second : {R"({"creative_id":"b"})", R"({"creative_id":"b","weight":0})"}) {
    auto const assigned = R"({"creative_assignments":[{"creative_id":"a","weight":1},)" + std::string(second) + "]}";
    CHECK(world.buy(assigned).code() == "UNSUPPORTED_FEATURE");
  }
  CHECK(server.count("POST campaign") == 0);
  CHECK(kept.entries().empty());
}

TEST_CASE("an update adds to what a package waits for, and takes away from it") {
  sold_world world;
  auto const added = world.now.change(R"({"creative_assignments":[{"creative_id":"banner"},{"creative_id":"film"}]})");
  REQUIRE_MESSAGE(added.ok(), added.operator_detail());
  CHECK(awaited_in(added.body().at("affected_packages").at(0)) == json::array{"banner", "film"});
  REQUIRE(world.now.change(R"({"creative_assignments":[{"creative_id":"film"}]})", "update-2").ok());
  CHECK(world.kept.entries().size() == 1);
  CHECK_FALSE(world.now.sync().contains("assigned_to"));
  CHECK(world.now.sync("film").at("assigned_to") == json::array{sold_package});
}

TEST_CASE("a buy that is undone waits for nothing") {
  keeping_kevel server;
  memory_store kept;
  awaiting_world world(server, kept);
  server.fail_next("PUT campaign/456", answer(400, R"({"message":"no"})"));
  auto const refused = world.buy();
  CHECK_FALSE(refused.ok());
  CHECK_FALSE(refused.submitted());
  CHECK(server.count("PUT campaign/456") == 2);
  CHECK(kept.entries().empty());
}

TEST_CASE("an association that fails for the moment is made when the creative is sent again") {
  sold_world world;
  world.server.fail_next(keeping_kevel::tie, answer(502, "<html>"));
  auto const failed =
      world.now.host.ask("sync_creatives", {{"creatives", json::array{creative("banner")}}}, call_options());
  CHECK(failed.code() == "SERVICE_UNAVAILABLE");
  CHECK(world.kept.entries().size() == 1);
  CHECK(world.now.sync().at("assigned_to") == json::array{sold_package});
}

TEST_CASE("a list is refused unless people apply it, and then it is kept with the flight and shown to the buyer") {
  auto const overlay =
      R"({"targeting_overlay":{"property_list":{"agent_url":"https://lists.example","list_id":"v1"}}})";
  keeping_kevel server;
  memory_store kept;
  awaiting_world strict(server, kept);
  auto const refused = strict.buy(overlay);
  CHECK(refused.field() == "packages[0].targeting_overlay.property_list");
  CHECK(refused.operator_detail().find("manual_targeting = [\"property_list\"]") != std::string::npos);
  CHECK(server.count("POST campaign") == 0);

  awaiting_world world(server, kept, json::array{"property_list"});
  auto const sold = world.buy(overlay);
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  CHECK(server.flight_record().at("apply_by_hand") == json::array{"property_list: v1 of https://lists.example"});
  auto const package = world.listed().at("packages").at(0);
  CHECK(package.at("targeting_overlay").at("property_list").at("list_id") == "v1");
  CHECK(package.at("ext").at("tenon").at("targeting_applied_by_hand") == json::array{"property_list"});

  REQUIRE(
      world.change(R"({"targeting_overlay":{"property_list":{"agent_url":"https://x.example","list_id":"v2"}}})").ok());
  CHECK(server.flight_record().at("apply_by_hand") == json::array{"property_list: v2 of https://x.example"});
  REQUIRE(world.change(R"({"targeting_overlay":{}})", "update-2").ok());
  CHECK_FALSE(server.flight_record().contains("apply_by_hand"));
}
