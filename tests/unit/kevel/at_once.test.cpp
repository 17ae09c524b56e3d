// Goal: requests that assign creatives to one package at once make no ad twice and no shares that do not add up, and
// who is held up waits a moment, not for ever. Method: the plugin below the fake host, with a store and a Kevel that
// outlive it; Kevel is slow where one request is to come between another's reads and writes.
#include "awaiting_world.hpp"

#include <doctest/doctest.h>

using namespace tenon::test;
using namespace std::chrono_literals;
using answer = scripted_upstream::answer;
using pending = tenon::sdk::testing::fake_host::pending;

namespace {

std::string const list_ads = "GET flight/7/creatives";

json::object sending(std::string const& id) { return {{"creatives", json::array{creative(id)}}}; }

json::object assigning(std::string const& id) {
  return {{"assignments", json::array{json::object{{"creative_id", id}, {"package_id", sold_package}}}}};
}

json::object result_of(fake_reply const& reply) {
  REQUIRE_MESSAGE(reply.ok(), reply.operator_detail());
  return reply.body().at("creatives").at(0).as_object();
}

bool is_refused(json::object const& result) {
  return result.contains("assignment_errors") && result.at("assignment_errors").as_object().contains(sold_package);
}

// A sync_creatives that has asked for the package's ads and waits for the answer.
pending held_up(keeping_kevel& server, awaiting_world& now, json::object const& request,
                std::chrono::nanoseconds by = 1s) {
  server.delay_next(list_ads, by);
  auto begun = now.host.call("sync_creatives", request);
  now.host.run();
  REQUIRE(server.count(list_ads) == 1);
  return begun;
}

// A package that waits for two creatives, a quarter of "first" and the rest of "second".
class shared_world {
 public:
  shared_world() : now(server, kept) {
    auto const sold = now.buy(R"({"creative_assignments":[{"creative_id":"first","weight":1},
                                                          {"creative_id":"second","weight":3}]})");
    REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
    REQUIRE(kept.entries().size() == 2);
    server.forget();
  }

  // Whatever came first: the creatives have numbers in the order of their coming.
  void check_shares(std::int64_t first, std::int64_t second) const {
    CHECK(server.ads().size() == 2);
    CHECK(server.share_of(first) == 25);
    CHECK(server.share_of(second) == 75);
    CHECK(kept.entries().empty());
  }

  keeping_kevel server;
  memory_store kept;
  awaiting_world now;
};

}  // namespace

TEST_CASE("two creatives that one package waits for with weights, sent at once, get an ad each and their shares") {
  shared_world world;
  auto const first = world.now.host.call("sync_creatives", sending("first"));
  auto const second = world.now.host.call("sync_creatives", sending("second"));
  world.now.host.advance(2s);
  CHECK(result_of(first.reply()).at("assigned_to") == json::array{sold_package});
  CHECK(result_of(second.reply()).at("assigned_to") == json::array{sold_package});
  world.check_shares(70, 71);
}

TEST_CASE("as many as come at once get in, one after the other") {
  keeping_kevel server;
  memory_store kept;
  awaiting_world world(server, kept);
  json::array assignments;
  for (auto const* id : {"a", "b", "c", "d", "e"}) {
    assignments.push_back(json::object{{"creative_id", id}, {"weight", 20}});
  }
  REQUIRE(world.buy(json::serialize(json::object{{"creative_assignments", assignments}})).ok());
  std::vector<pending> sent;
  for (auto const* id : {"a", "b", "c", "d", "e"}) {
    sent.push_back(world.host.call("sync_creatives", sending(id)));
  }
  world.host.advance(5s);
  for (auto const& each : sent) {
    CHECK(result_of(each.reply()).at("assigned_to") == json::array{sold_package});
  }
  CHECK(server.count(keeping_kevel::tie) == 5);
  CHECK(kept.entries().empty());
}

TEST_CASE("a package that waits for more creatives than one write takes is held whole, and let go whole") {
  keeping_kevel server;
  memory_store kept;
  awaiting_world world(server, kept);
  json::array assignments;
  for (int i = 0; i < 600; ++i) {
    assignments.push_back(json::object{{"creative_id", "c" + std::to_string(i)}});
  }
  REQUIRE(world.buy(json::serialize(json::object{{"creative_assignments", assignments}})).ok());
  auto const held = [&] {
    auto const& all = kept.entries();
    return std::count_if(all.begin(), all.end(),
                         [](auto const& each) { return each.second.text.find("\"holder\"") != std::string::npos; });
  };
  REQUIRE(kept.entries().size() == 600);
  REQUIRE(held() == 0);
  server.delay_next(list_ads, 1s);
  auto const sent = world.host.call("sync_creatives", sending("c300"));
  world.host.run();
  CHECK(held() == 600);
  world.host.advance(2s);
  CHECK(result_of(sent.reply()).at("assigned_to") == json::array{sold_package});
  CHECK(kept.entries().size() == 599);
  CHECK(held() == 0);
}

TEST_CASE("a creative that comes while the ads of another are being made has its share afterwards") {
  shared_world world;
  auto const first = held_up(world.server, world.now, sending("first"));
  auto const second = world.now.host.call("sync_creatives", sending("second"));
  world.now.host.advance(3s);
  CHECK(result_of(first.reply()).at("assigned_to") == json::array{sold_package});
  CHECK(result_of(second.reply()).at("assigned_to") == json::array{sold_package});
  world.check_shares(70, 71);
}

TEST_CASE("an assignment that is sent while its creative is being assigned makes no second ad") {
  sold_world world;
  auto const sent = held_up(world.server, world.now, sending("banner"));
  auto const assigned = world.now.host.call("sync_creatives", assigning("banner"));
  world.now.host.advance(3s);
  CHECK(result_of(sent.reply()).at("assigned_to") == json::array{sold_package});
  CHECK(result_of(assigned.reply()).at("assigned_to") == json::array{sold_package});
  CHECK(world.server.count(keeping_kevel::tie) == 1);
  CHECK(world.kept.entries().empty());
}

TEST_CASE("a creative that comes while it is being assigned makes no second ad") {
  sold_world world;
  world.server.add_creative(json::object{{"Title", "banner"}, {"IsDeleted", false}});
  auto const assigned = held_up(world.server, world.now, assigning("banner"));
  auto const sent = world.now.host.call("sync_creatives", sending("banner"));
  world.now.host.advance(3s);
  CHECK(result_of(assigned.reply()).at("assigned_to") == json::array{sold_package});
  CHECK_FALSE(is_refused(result_of(sent.reply())));
  CHECK(world.server.count(keeping_kevel::tie) == 1);
  CHECK(world.kept.entries().empty());
}

TEST_CASE("an update that brings a creative while it is being assigned is gone on with later and makes no second ad") {
  sold_world world;
  auto const sent = held_up(world.server, world.now, sending("banner"));
  json::object package{{"package_id", sold_package}, {"creatives", json::array{creative("banner")}}};
  json::object const request{{"media_buy_id", sold_id}, {"packages", json::array{package}}};
  auto const early = world.now.host.call("update_media_buy", request, with_key("update-1"));
  world.now.host.advance(2s);
  CHECK(result_of(sent.reply()).at("assigned_to") == json::array{sold_package});
  CHECK(world.server.count(keeping_kevel::tie) == 1);
  REQUIRE(early.reply().submitted());
  auto const resumed = with_key("update-1").resume(early.reply().resume(), 1);
  auto const done = world.now.host.ask("update_media_buy", request, resumed);
  REQUIRE_MESSAGE(done.ok(), done.operator_detail());
  CHECK(world.server.count(keeping_kevel::tie) == 1);
  CHECK(world.kept.entries().empty());
}

TEST_CASE("a refused assignment lets go of what it held") {
  sold_world world;
  world.server.fail_next(keeping_kevel::tie, answer(400, R"({"message":"no"})"));
  world.server.add_creative(json::object{{"Title", "banner"}, {"IsDeleted", false}});
  CHECK(is_refused(result_of(world.now.host.ask("sync_creatives", assigning("banner")))));
  CHECK(world.kept.entries().size() == 1);
  CHECK(world.now.sync().at("assigned_to") == json::array{sold_package});
}

TEST_CASE("who dies while assigning to a package holds the others up for a minute at most") {
  shared_world world;
  for (int i = 0; i < 9; ++i) {  // fake hosts draw alike: no holder is to have the name of one who dies
    world.now.host.ask("sync_creatives", assigning("other"));
  }
  auto const dying = held_up(world.server, world.now, sending("first"), 1h);
  REQUIRE_FALSE(dying.done());
  auto died_with = world.kept;
  awaiting_world after(world.server, died_with);
  auto both = sending("first");
  both["creatives"].as_array().push_back(creative("second"));
  auto const early = after.host.call("sync_creatives", both);
  after.host.advance(1s);
  REQUIRE_FALSE(early.done());
  after.host.advance(5s);  // once for both
  CHECK(is_refused(early.reply().body().at("creatives").at(0).as_object()));
  CHECK(is_refused(early.reply().body().at("creatives").at(1).as_object()));
  CHECK(world.server.ads().empty());
  after.host.advance(55s);
  CHECK(after.sync("second").at("assigned_to") == json::array{sold_package});
  CHECK(after.sync("first").at("assigned_to") == json::array{sold_package});
  CHECK(died_with.entries().empty());
  CHECK(world.server.share_of(70) == 25);
  CHECK(world.server.share_of(71) == 75);
}

TEST_CASE("nobody waits for a package beyond the end of the call") {
  shared_world world;
  world.server.delay_next(list_ads, 10s);
  auto const first = world.now.host.call("sync_creatives", sending("first"));
  world.now.host.run();
  REQUIRE_FALSE(first.done());
  std::chrono::steady_clock::time_point const end(1h + 2s);  // the fake host's clock begins at an hour
  auto const second = world.now.host.call("sync_creatives", sending("second"), call_options().deadline(end));
  world.now.host.advance(1900ms);
  CHECK(is_refused(result_of(second.reply())));
  CHECK_FALSE(first.done());
}
