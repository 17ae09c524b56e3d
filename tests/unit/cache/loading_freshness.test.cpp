// Goal: values end, are refreshed, and failures are remembered as lines T, R and N of the cache's semantics say.
// Method: a clock turned by hand and randomness that is set.
#include "loading_world.hpp"

using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;

namespace {

loading_options living(std::chrono::nanoseconds time_to_live) {
  auto options = coalescing();
  options.freshness.time_to_live = time_to_live;
  return options;
}

loading_options refreshing() {
  auto options = living(100s);
  options.freshness.refresh_beta = 1;
  options.freshness.refresh_min_lead = 10s;
  return options;
}

}  // namespace

TEST_CASE("T1 an idle tenant's value goes by the timer, strictly after its end, and no timer is left") {
  loading_world at(living(60s));
  at.build_now("a", "made");
  CHECK(at.scheduler->timers() == 1);
  at.advance(60s);
  CHECK(at.found("a") == "made");
  at.advance(2ms);
  CHECK(at.alive == 0);
  CHECK(at.scheduler->timers() == 0);
}

TEST_CASE("T1 without a time to live nothing expires and no timer runs") {
  loading_world at(living(0s));
  at.build_now("a", "made");
  CHECK(at.scheduler->timers() == 0);
  at.advance(24h * 365);
  CHECK(at.found("a") == "made");
}

TEST_CASE("T1 jitter takes off the time to live and never adds to it, and an earlier end moves the timer up") {
  auto options = living(100s);
  options.freshness.jitter = 0.1;
  loading_world at(options);
  at.build_now("whole", "whole");
  at.random->next = 0.999999;
  at.build_now("short", "short");
  at.advance(89s);
  CHECK(at.held->tenants().size() == 2);
  at.advance(2s);
  CHECK(at.held->tenants() == std::vector<std::string>{"whole"});
  CHECK(at.alive == 1);
  at.advance(9s + 2ms);
  CHECK(at.alive == 0);
}

TEST_CASE("T2 age counts from the write, or from the build's start if that is wanted") {
  for (const bool from_start : {false, true}) {
    auto options = living(60s);
    options.freshness.from_build_start = from_start;
    loading_world at(options);
    const auto place = at.get("a");
    at.advance(20s);
    at.succeed("made");
    at.drop(place);
    at.advance(41s);
    CHECK(at.found("a").empty() == from_start);
    at.advance(20s);
    CHECK(at.found("a").empty());
  }
}

TEST_CASE("R1 a value is refreshed its lead before its end: the least lead, or by its build time and a draw") {
  freshness_options options{.time_to_live = 100s, .refresh_beta = 1, .refresh_min_lead = 10s};
  set_random random;
  const steady_time begun{1000s}, now{1002s};
  CHECK(life_of(options, begun, now, random).refresh_at == now + 90s);
  random.next = 1 - 0x1p-53;  // Exp(1) is 36.7 at the most
  const auto early = life_of(options, begun, now, random);
  CHECK(early.refresh_at < now + 27s);
  CHECK(early.refresh_at > now + 26s);
  CHECK(early.expires_at == now + 100s);
  options.refresh_beta = 0;
  CHECK(life_of(options, begun, now, random).refresh_at == now + 100s);
  options.time_to_live = std::chrono::nanoseconds::max();
  CHECK(life_of(options, begun, now, random).expires_at == steady_time::max());
}

TEST_CASE("R2 the first hit past the refresh starts one, hits keep the old value, an idle tenant is not refreshed") {
  loading_world at(refreshing());
  at.build_now("a", "old");
  at.build_now("idle", "idle");
  at.advance(91s);
  CHECK(at.started == 2);
  for (int hits = 0; hits < 3; ++hits) CHECK(at.found("a") == "old");
  at.run();
  CHECK(at.started == 3);
  at.succeed("new");
  CHECK(at.found("a") == "new");
  CHECK(at.held->counts().refreshes == 1);
  at.advance(20s);
  CHECK(at.found("a") == "new");
  CHECK(at.found("idle").empty());
}

TEST_CASE("R3 a refresh that something overtook is discarded") {
  loading_world at(refreshing());
  at.build_now("a", "old");
  at.advance(91s);
  at.found("a");
  at.run();
  at.held->invalidate("a");
  at.succeed("too late");
  CHECK(at.found("a").empty());
  CHECK(at.alive == 0);
}

TEST_CASE("R3 a hung refresh delays neither the end of a value nor the build after it") {
  loading_world at(refreshing());
  at.build_now("a", "old");
  at.advance(91s);
  at.found("a");
  at.run();  // the refresh hangs
  at.advance(10s);
  CHECK(at.found("a").empty());
  CHECK(at.alive == 0);
  const auto place = at.get("a");
  CHECK(at.started == 3);
  auto hung = std::move(at.builds.front());
  at.builds.pop_front();
  at.succeed("new");
  CHECK(at.answer(place) == "new");
  hung.done(std::make_shared<made>("hung", at.alive));
  at.run();
  CHECK(at.found("a") == "new");
  CHECK(at.alive == 1);
}

TEST_CASE("R4 failed refreshes are tried again after a second, two, four, and hits never see them") {
  loading_world at(refreshing());
  at.random->next = 0.5;  // the jitter's middle, and Exp(1) = 0.69
  at.build_now("a", "old");
  at.advance(91s);
  for (const auto wait : {1s, 2s, 4s}) {
    CHECK(at.found("a") == "old");
    at.run();
    REQUIRE(at.builds.size() == 1);
    at.fail("SERVICE_UNAVAILABLE");
    at.advance(wait);
    CHECK(at.found("a") == "old");
    at.run();
    CHECK(at.builds.empty());
    at.advance(1ms);
  }
}

TEST_CASE("R5 while builds fail an expired value serves for its window, says that it is stale, and then no more") {
  auto options = living(60s);
  options.freshness.stale_if_error = 300s;
  loading_world at(options);
  at.build_now("a", "old");
  at.advance(61s);
  CHECK(at.found("a").empty());
  const auto stale = at.get("a");
  at.fail("SERVICE_UNAVAILABLE");
  CHECK(at.answer(stale) == "old");
  CHECK((*at.answers[stale])->stale());
  at.drop(stale);
  const auto fast = at.get("a");  // while the failure stands
  at.run();
  CHECK(at.started == 2);
  CHECK(at.answer(fast) == "old");
  at.drop(fast);
  CHECK(at.held->counts().served_stale == 2);
  at.advance(300s);
  CHECK(at.alive == 0);
  const auto gone = at.get("a");
  at.fail("SERVICE_UNAVAILABLE");
  CHECK(at.answer(gone) == "SERVICE_UNAVAILABLE");
}

TEST_CASE("N1 a transient failure is answered at once with the time to wait; then one request tries, and only one") {
  loading_world at(living(0s));
  at.random->next = 0.5;
  const auto place = at.get("a");
  at.fail("SERVICE_UNAVAILABLE");
  CHECK(at.answer(place) == "SERVICE_UNAVAILABLE");
  CHECK(at.failure(place).retry_after_s == 1);
  const auto fast = at.get("a");
  at.run();
  CHECK(at.answer(fast) == "SERVICE_UNAVAILABLE");
  CHECK(at.failure(fast).retry_after_s == 1);
  CHECK(at.started == 1);
  at.advance(1s);
  std::stop_source leaves;
  at.get("a", leaves.get_token());
  CHECK(at.started == 2);
  leaves.request_stop();  // the try tells nothing: the next request tries
  at.run();
  const auto probe = at.get("a");
  CHECK(at.started == 3);
  at.builds.pop_front();
  at.fail("SERVICE_UNAVAILABLE");
  CHECK(at.failure(probe).retry_after_s == 2);
  at.advance(2s);
  at.get("a");
  at.succeed("at last");
  CHECK(at.found("a") == "at last");
  CHECK(at.held->remembered_failures() == 0);
}

TEST_CASE("N1 with each, half-open lets one try although others do not join it") {
  auto options = living(0s);
  options.cold_start = cold_start::each;
  loading_world at(options);
  at.random->next = 0.5;
  at.get("a");
  at.fail("SERVICE_UNAVAILABLE");
  at.advance(1s);
  const auto probe = at.get("a");
  const auto other = at.get("a");
  at.run();
  CHECK(at.started == 2);
  CHECK(at.answer(probe) == "waits");
  CHECK(at.answer(other) == "SERVICE_UNAVAILABLE");
}

TEST_CASE("N1 a missing tenant is asked for again after half a minute, a wrong configuration when it has changed") {
  loading_world at(living(0s));
  at.get("missing");
  at.fail("ACCOUNT_NOT_FOUND");
  at.get("broken");
  at.fail("CONFIGURATION_ERROR");
  at.advance(29s);
  at.get("missing");
  at.get("broken");
  CHECK(at.started == 2);
  at.advance(1s);
  at.get("missing");
  CHECK(at.started == 3);
  at.fail("ACCOUNT_NOT_FOUND");
  at.advance(24h);
  const auto still = at.get("broken");
  at.run();
  CHECK(at.answer(still) == "CONFIGURATION_ERROR");
  CHECK(at.started == 3);
  at.held->invalidate("broken");
  CHECK(at.build_now("broken", "mended") == "mended");
}

TEST_CASE("N1 by default no failure is remembered: the next request tries again") {
  loading_world at;
  at.get("a");
  at.fail("CONFIGURATION_ERROR");
  CHECK(at.build_now("a", "made") == "made");
}

TEST_CASE("N2 failures are bounded, the oldest goes first, and names that nobody has push no platform out") {
  auto options = living(0s);
  options.size = 2;
  options.failures = 3;
  loading_world at(options);
  at.build_now("a", "a");
  at.build_now("b", "b");
  for (const std::string name : {"x1", "x2", "x3", "x4"}) {
    at.get(name);
    at.fail("ACCOUNT_NOT_FOUND");
  }
  CHECK(at.held->remembered_failures() == 3);
  CHECK(at.held->tenants() == std::vector<std::string>{"a", "b"});
  at.get("x2");
  at.get("x1");
  CHECK(at.builds.size() == 1);
  CHECK(at.builds.front().tenant == "x1");
  at.held->invalidate();
  CHECK(at.held->remembered_failures() == 0);
}

TEST_CASE("N1 back-off doubles from a second to a minute, a fifth more or less, and errors have classes") {
  set_random random;
  using seconds = std::chrono::duration<double>;
  const double expected[] = {1, 2, 4, 8, 16, 32, 60, 60};
  for (unsigned failures = 1; failures <= 8; ++failures) {
    random.next = 0;
    CHECK(seconds(back_off(failures, random)).count() == doctest::Approx(0.8 * expected[failures - 1]));
    random.next = 1 - 0x1p-53;
    CHECK(seconds(back_off(failures, random)).count() == doctest::Approx(1.2 * expected[failures - 1]));
  }
  CHECK(back_off(4'000'000'000u, random) <= 72s);
  CHECK(classify(make_error("ACCOUNT_NOT_FOUND", "")) == failure_class::not_found);
  CHECK(classify(make_error("CONFIGURATION_ERROR", "")) == failure_class::broken);
  CHECK(classify(make_error("SERVICE_UNAVAILABLE", "")) == failure_class::transient);
  CHECK(classify(make_error("INTERNAL_ERROR", "")) == failure_class::transient);
  CHECK(classify(make_error("INVALID_REQUEST", "")) == failure_class::passing);
}
