// Goal: what is done again, is cut short or takes too long loses no assignment that waits, makes no ad twice, and asks
// for no shares that cannot be. Method: the plugin below the fake host, with a store and a Kevel that outlive it.
#include "awaiting_world.hpp"

#include <doctest/doctest.h>

using namespace tenon::test;
using namespace std::chrono_literals;
using answer = scripted_upstream::answer;

namespace {

std::string const put_campaign = "PUT campaign/456";
std::string const put_flight = "PUT flight/7";
std::string const named = R"({"creative_assignments":[{"creative_id":"banner"}]})";

// A create that has written down that it waits for "banner", and is to be gone on with.
class submitted_world {
 public:
  submitted_world() : now(server, kept) {
    server.fail_next(put_campaign, answer(503, ""));
    auto const sold = now.buy();
    REQUIRE(sold.submitted());
    resume = sold.resume();
    REQUIRE(kept.entries().size() == 1);
    server.forget();
  }

  fake_reply go_on() { return now.buy(named, with_key("buy-1").resume(resume, 1)); }

  keeping_kevel server;
  memory_store kept;
  awaiting_world now;
  std::string resume;
};

// As many entries of the buyer who has the one that is there as fill what there may be.
void fill(memory_store& kept) {
  auto const entry = kept.entries().begin()->first;
  auto const owner = entry.substr(0, entry.find('/', std::string("awaiting/").size()) + 1);
  for (int i = 1000; i < 1999; ++i) {
    auto const package = "kevel-fl-" + std::to_string(i);
    auto const key = owner + "other/" + package;
    auto const value =
        R"({"creative_id":"other","package_id":")" + package + R"(","media_buy_id":"kevel-1","end":4000000000})";
    tenon_store_write const put{
        {key.data(), key.size()}, {value.data(), value.size()}, TENON_STORE_ANY_VERSION, TENON_STORE_PUT, 0};
    kept.write(&put, 1);
  }
}

std::string with_inline(std::string_view members) {
  auto package = json::parse(members).as_object();
  package["creatives"] = json::array{creative("brought")};
  return json::serialize(package);
}

}  // namespace

TEST_CASE("a create that is gone on with, or repeated, does not count what it has written down itself") {
  submitted_world world;
  fill(world.kept);
  REQUIRE(world.kept.entries().size() == 1000);
  auto const sold = world.go_on();
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  CHECK(awaited_in(sold.body().at("packages").at(0)) == json::array{"banner"});
  REQUIRE(world.now.buy().ok());
  REQUIRE(world.now.change(named).ok());
  CHECK(world.now.change(R"({"creative_assignments":[{"creative_id":"banner"},{"creative_id":"film"}]})", "update-2")
            .code() == "CREATIVE_NOT_FOUND");
}

TEST_CASE("a create that is gone on with leaves no entry of a creative that has come meanwhile") {
  submitted_world world;
  world.server.add_creative(json::object{{"Title", "banner"}, {"IsDeleted", false}});
  auto const sold = world.go_on();
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  CHECK(world.server.share_of(70) == 0);
  CHECK(world.server.count(keeping_kevel::tie) == 1);
  CHECK(world.kept.entries().empty());
}

TEST_CASE("a create that is gone on with while its creative is being assigned makes no second ad") {
  submitted_world world;
  world.server.fail_next(keeping_kevel::tie, answer(200, "{}").after(5s));
  auto assigning = world.now.host.call("sync_creatives", {{"creatives", json::array{creative("banner")}}});
  world.now.host.run();
  REQUIRE_FALSE(assigning.done());
  REQUIRE(world.now.host.ask("get_media_buys").ok());
  CHECK(world.go_on().submitted());
  CHECK(world.server.count(keeping_kevel::tie) == 1);
  CHECK(world.server.count(put_campaign) == 0);
  world.now.host.advance(6s);
  REQUIRE(assigning.done());
  CHECK(world.go_on().ok());
}

TEST_CASE("an update that is not done within its lease is submitted, and an update that fails lets go") {
  sold_world world;
  world.server.fail_next("GET flight/7/creatives", answer(200, R"({"items":[]})").after(60s));
  auto const request = json::parse(R"({"media_buy_id":"kevel-456",
      "packages":[{"package_id":"kevel-fl-7","creative_assignments":[]}]})")
                           .as_object();
  auto changing = world.now.host.call("update_media_buy", request, with_key("update-1"));
  world.now.host.advance(59s);
  REQUIRE_FALSE(changing.done());
  world.now.host.advance(2s);
  REQUIRE(changing.done());
  REQUIRE(changing.reply().submitted());
  CHECK(world.server.count(put_flight) == 0);
  CHECK(world.now.sync().at("assigned_to") == json::array{sold_package});
  auto const done =
      world.now.host.ask("update_media_buy", request, with_key("update-1").resume(changing.reply().resume(), 1));
  REQUIRE_MESSAGE(done.ok(), done.operator_detail());
  CHECK(world.server.share_of(70) == -1);
  CHECK(world.kept.entries().empty());

  sold_world refused;
  refused.server.fail_next(put_flight, answer(400, R"({"message":"no"})"));
  REQUIRE_FALSE(refused.now.change("{\"end_time\":\"2027-03-31T00:00:00Z\"}").submitted());
  CHECK(refused.now.sync().at("assigned_to") == json::array{sold_package});
}

TEST_CASE("a package that its buy does not list goes on waiting") {
  sold_world world;
  world.server.fail_next("GET campaign/456/flight", answer(200, R"({"items":[]})"));
  CHECK(world.now.sync().at("assignment_errors").as_object().contains(sold_package));
  CHECK(world.kept.entries().size() == 1);
  CHECK(world.now.sync().at("assigned_to") == json::array{sold_package});
}

TEST_CASE("a cancellation that is repeated or gone on with after a kill forgets what waited") {
  sold_world whole;
  auto left = whole.kept;
  json::object const request{{"media_buy_id", sold_id}, {"canceled", true}};
  REQUIRE(whole.now.host.ask("update_media_buy", request, with_key("update-1")).ok());
  awaiting_world after(whole.server, left);
  REQUIRE(after.host.ask("update_media_buy", request, with_key("update-1")).ok());
  CHECK(whole.server.count(put_campaign) == 0);
  CHECK(left.entries().empty());

  sold_world one;
  auto left_of_one = one.kept;
  one.server.fail_next(put_campaign, answer(503, ""));
  auto const begun = one.now.change(R"({"canceled":true})");
  REQUIRE(begun.submitted());
  awaiting_world later(one.server, left_of_one);
  auto const package =
      json::parse(R"({"media_buy_id":"kevel-456","packages":[{"package_id":"kevel-fl-7","canceled":true}]})");
  later.host.ask("update_media_buy", package.as_object(), with_key("update-1").resume(begun.resume(), 1));
  CHECK(left_of_one.entries().empty());
}

TEST_CASE("the weights of what a package names and brings make shares, or are refused before anything is written") {
  auto const mixed = with_inline(R"({"creative_assignments":[{"creative_id":"banner","weight":50}]})");
  for (bool const is_there : {false, true}) {
    CAPTURE(is_there);
    keeping_kevel server;
    memory_store kept;
    awaiting_world world(server, kept);
    if (is_there) {
      world.sync();
    }
    CHECK(world.buy(mixed).code() == "UNSUPPORTED_FEATURE");
    CHECK(server.count("POST campaign") == 0);
    CHECK(server.count("POST flight") == 0);
  }
  sold_world world;
  CHECK(world.now.change(mixed).code() == "UNSUPPORTED_FEATURE");
  REQUIRE(world.now.change(R"({"creative_assignments":[{"creative_id":"banner","weight":50}]})", "update-2").ok());
  world.server.forget();
  CHECK(world.now.change(with_inline("{}"), "update-3").code() == "UNSUPPORTED_FEATURE");
  CHECK(world.server.count(put_flight) == 0);
  auto const both = with_inline(R"({"creative_assignments":[{"creative_id":"brought","weight":50},
                                                            {"creative_id":"banner","weight":50}]})");
  REQUIRE(world.now.change(both, "update-4").ok());
  CHECK(world.now.sync().at("assigned_to") == json::array{sold_package});
  CHECK(world.server.share_of(70) == 50);
  CHECK(world.server.share_of(71) == 50);
}

TEST_CASE("the library is listed once by each part of a request, however many creatives it names") {
  keeping_kevel server;
  memory_store kept;
  awaiting_world world(server, kept);
  REQUIRE(world.buy(R"({"creative_assignments":[{"creative_id":"a"},{"creative_id":"b"},{"creative_id":"c"}]})").ok());
  CHECK(server.count("GET advertiser/123/creatives") == 3);  // may they wait, are they there, have they come
  CHECK(kept.entries().size() == 3);
}
