// Goal: cold starts (lines G and I of the cache's semantics): who builds, who waits, who leaves, and what an invalidate
// does to all of them.
// Method: builds that end when the test says so; no thread, no time but the clock's.
#include "loading_world.hpp"

using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;

TEST_CASE("with each, every concurrent cold request builds") {  // CONTRACT 2.8
  loading_world at;
  const auto one = at.get("a");
  const auto two = at.get("a");
  CHECK(at.started == 2);
  at.succeed("first");
  at.succeed("second");
  CHECK(at.answer(one) == "first");
  CHECK(at.answer(two) == "second");
  CHECK(at.found("a") == "second");
}

TEST_CASE("G2 coalesced requests share one build, which is registered before the builder runs") {
  loading_world at(coalescing());
  at.on_build = [&] { at.on_build = nullptr, at.get("a"); };
  const auto one = at.get("a");
  const auto two = at.get("a");
  CHECK(at.started == 1);
  at.succeed("shared");
  for (const auto place : {one, std::size_t{1}, two}) CHECK(at.answer(place) == "shared");
  CHECK(at.held->counts().coalesced == 2);
}

TEST_CASE("G2 a request that missed before a build landed looks again and does not build") {
  loading_world at(coalescing());
  at.build_now("a", "made");
  const auto late = at.get("a");  // as if its miss had been earlier
  at.run();
  CHECK(at.answer(late) == "made");
  CHECK(at.started == 1);
}

TEST_CASE("G3 builds beyond the limit wait in line, and who comes after a full line is refused at once") {
  auto options = coalescing();
  options.max_builds = 1;
  options.max_queued_builds = 1;
  loading_world at(options);
  const auto running = at.get("a");
  const auto queued = at.get("b");
  const auto refused = at.get("c");
  at.run();
  CHECK(at.started == 1);
  CHECK(at.answer(refused) == "SERVICE_UNAVAILABLE");
  CHECK(at.failure(refused).retry_after_s > 0);
  CHECK(at.held->remembered_failures() == 0);
  at.succeed("a");
  CHECK(at.started == 2);
  at.succeed("b");
  CHECK(at.answer(running) == "a");
  CHECK(at.answer(queued) == "b");
  CHECK(at.build_now("c", "c") == "c");
}

TEST_CASE("G4 all who wait are released at once, each with a lease of its own, whatever happens to the value") {
  loading_world at(coalescing());
  std::vector<std::size_t> places;
  for (int i = 0; i < 40; ++i) places.push_back(at.get("a"));
  auto build = std::move(at.builds.front());
  at.builds.clear();
  build.done(std::make_shared<made>("shared", at.alive));
  at.held->invalidate("a");  // before anybody was told
  at.run();
  for (const auto place : places) REQUIRE(at.answer(place) == "shared");
  CHECK(at.held->report().leases() == 40);
  for (const auto place : places) {
    CHECK(at.alive == 1);
    at.drop(place);
  }
  CHECK(at.alive == 0);
}

TEST_CASE("G5 who leaves detaches himself alone; the last to leave stops the build, and nobody joins it then") {
  loading_world at(coalescing());
  std::stop_source first, second;
  const auto one = at.get("a", first.get_token());
  const auto two = at.get("a", second.get_token());
  first.request_stop();
  at.run();
  CHECK(at.answer(one) == "SERVICE_UNAVAILABLE");
  CHECK(at.answer(two) == "waits");
  CHECK_FALSE(at.builds.front().stop.stop_requested());
  second.request_stop();
  at.run();
  CHECK(at.answer(two) == "SERVICE_UNAVAILABLE");
  CHECK(at.builds.front().stop.stop_requested());
  const auto newcomer = at.get("a");
  CHECK(at.started == 2);
  at.succeed("abandoned");
  CHECK(at.found("a").empty());
  CHECK(at.answer(newcomer) == "waits");
  at.succeed("fresh");
  CHECK(at.answer(newcomer) == "fresh");
  CHECK(at.alive == 1);
  CHECK(at.held->counts().discarded == 1);
}

TEST_CASE(
    "G5 a queued build whose waiters all left never starts, and who asks with a stop already requested gets none") {
  auto options = coalescing();
  options.max_builds = 1;
  loading_world at(options);
  std::stop_source leaves;
  at.get("a");
  const auto queued = at.get("b", leaves.get_token());
  leaves.request_stop();
  const auto never = at.get("c", leaves.get_token());
  at.run();
  CHECK(at.answer(queued) == "SERVICE_UNAVAILABLE");
  CHECK(at.answer(never) == "SERVICE_UNAVAILABLE");
  at.succeed("a");
  CHECK(at.started == 1);
}

TEST_CASE("G6 errors, exceptions and lost handlers reach all who wait, and leave no entry") {
  loading_world at({.cold_start = cold_start::coalesce});
  const auto one = at.get("a");
  const auto two = at.get("a");
  at.fail("CONFIGURATION_ERROR");
  CHECK(at.answer(one) == "CONFIGURATION_ERROR");
  CHECK(at.answer(two) == "CONFIGURATION_ERROR");
  const auto lost = at.get("a");
  at.builds.clear();
  at.run();
  CHECK(at.answer(lost) == "INTERNAL_ERROR");
  at.on_build = [] { throw error_exception(make_error("RATE_LIMITED", "slow down")); };
  const auto thrown = at.get("a");
  at.run();
  CHECK(at.answer(thrown) == "RATE_LIMITED");
  at.builds.clear();
  at.on_build = nullptr;
  CHECK(at.build_now("a", "at last") == "at last");
}

TEST_CASE("G6 a build that takes too long is over for who waits; what it makes later is destroyed and never kept") {
  auto options = coalescing();
  options.build_timeout = 30s;
  loading_world at(options);
  const auto place = at.get("a");
  at.advance(29s);
  CHECK(at.answer(place) == "waits");
  at.advance(2s);
  CHECK(at.answer(place) == "SERVICE_UNAVAILABLE");
  CHECK(at.failure(place).operator_detail.find("within 30000 ms") != std::string::npos);
  CHECK(at.builds.front().stop.stop_requested());
  at.succeed("late");
  CHECK(at.alive == 0);
  CHECK(at.found("a").empty());
  CHECK(at.held->counts().timed_out == 1);
}

TEST_CASE("G6 a build that answers twice, inline or after an exception is heard once") {
  loading_world at;
  at.on_build = [&] {
    auto done = at.builds.back().done.spare();
    done(std::make_shared<made>("inline", at.alive));
    done(std::make_shared<made>("again", at.alive));
    throw 5;
  };
  const auto place = at.get("a");
  at.run();
  CHECK(at.answer(place) == "inline");
  CHECK(at.found("a") == "inline");
  CHECK(at.alive == 1);
}

TEST_CASE(
    "I1 I2 I3 after an invalidate, of one or all, nobody gets what was begun before; who waited is served with it") {
  for (const bool all : {false, true}) {
    loading_world at(coalescing());
    const auto before = at.get("a");
    all ? at.held->invalidate() : at.held->invalidate("a");
    const auto after = at.get("a");
    CHECK(at.started == 2);
    at.succeed("old");
    CHECK(at.answer(before) == "old");
    CHECK(at.answer(after) == "waits");
    CHECK(at.found("a").empty());
    at.succeed("new");
    CHECK(at.answer(after) == "new");
    CHECK(at.found("a") == "new");
    CHECK(at.alive == 2);
    at.drop(before);
    CHECK(at.alive == 1);
    CHECK(at.held->counts().discarded == 1);
  }
}

TEST_CASE("I2 a failure that an invalidate overtook is told to who waited, and not remembered") {
  loading_world at(coalescing());
  const auto before = at.get("a");
  at.held->invalidate("a");
  at.fail("CONFIGURATION_ERROR");
  CHECK(at.answer(before) == "CONFIGURATION_ERROR");
  CHECK(at.held->remembered_failures() == 0);
}

TEST_CASE("I4 a value marked stale serves on while one refresh runs") {
  loading_world at(coalescing());
  at.build_now("a", "old");
  CHECK(at.held->mark_stale("a"));
  CHECK_FALSE(at.held->mark_stale("b"));
  at.run();
  CHECK(at.started == 2);
  for (int hits = 0; hits < 3; ++hits) CHECK(at.found("a") == "old");
  at.run();
  CHECK(at.started == 2);
  at.succeed("new");
  CHECK(at.found("a") == "new");
  CHECK(at.alive == 1);
}

TEST_CASE("I5 who builds elsewhere takes a ticket and publishes, unless an invalidate came between") {
  loading_world at;
  {
    const auto ticket = at.held->begin_build("a");
    CHECK(at.held->publish(ticket, std::make_shared<made>("mine", at.alive)));
  }
  CHECK(at.found("a") == "mine");
  const auto ticket = at.held->begin_build("a");
  at.held->invalidate("a");
  CHECK_FALSE(at.held->publish(ticket, std::make_shared<made>("late", at.alive)));
  at.run();
  CHECK(at.found("a").empty());
  CHECK(at.alive == 0);
}

TEST_CASE("a successor takes the place of a live value and outdates builds; without one it is destroyed") {
  loading_world at(coalescing());
  CHECK_FALSE(at.held->replace("a", std::make_shared<made>("nobody's", at.alive)));
  at.run();
  CHECK(at.alive == 0);
  at.build_now("a", "old");
  at.held->mark_stale("a");
  at.run();
  CHECK(at.held->replace("a", std::make_shared<made>("successor", at.alive)));
  at.succeed("refreshed too late");
  CHECK(at.found("a") == "successor");
  CHECK(at.alive == 1);
}
