// Goal: a build's turn, a try after a failure and a mark are what they say, whatever happens in between.
// Method: the steps between two posts of the scheduler, one by one.
#include "loading_world.hpp"

using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;

namespace {

loading_options each_with_backoff() {
  auto options = coalescing();
  options.cold_start = cold_start::each;
  options.freshness.time_to_live = 0s;
  return options;
}

loading_options one_at_a_time() {
  auto options = coalescing();
  options.max_builds = 1;
  return options;
}

/// Ends the oldest build, and leaves what that posts for later.
void end_quietly(loading_world& at, const std::string& name) {
  auto build = std::move(at.builds.front());
  at.builds.pop_front();
  build.done(std::make_shared<made>(name, at.alive));
}

}  // namespace

TEST_CASE("N1 builds that failed side by side are one failure: the wait grows with tries, not with requests") {
  loading_world at(each_with_backoff());
  at.random->next = 0.5;
  for (int request = 0; request < 10; ++request) at.get("a");
  for (int request = 0; request < 10; ++request) at.fail("SERVICE_UNAVAILABLE");
  for (std::size_t place = 0; place < 10; ++place) CHECK(at.failure(place).retry_after_s == 1);
  at.advance(1s);
  const auto probe = at.get("a");
  CHECK(at.started == 11);
  at.fail("SERVICE_UNAVAILABLE");
  CHECK(at.failure(probe).retry_after_s == 2);
}

TEST_CASE("N1 who leaves a build from before the failure opens no way beside the try") {
  loading_world at(each_with_backoff());
  at.random->next = 0.5;
  std::stop_source leaves;
  at.get("a");
  at.get("a", leaves.get_token());
  at.fail("SERVICE_UNAVAILABLE");
  at.advance(1s);
  at.get("a");
  CHECK(at.started == 3);
  leaves.request_stop();
  at.run();
  at.get("a");
  CHECK(at.started == 3);
}

TEST_CASE("N1 a try that its waiter left opens no way beside the one after it when it ends") {
  loading_world at(each_with_backoff());
  at.random->next = 0.5;
  at.get("a");
  at.fail("SERVICE_UNAVAILABLE");
  at.advance(1s);
  std::stop_source leaves;
  at.get("a", leaves.get_token());
  leaves.request_stop();
  at.get("a");
  CHECK(at.started == 3);
  at.fail("SERVICE_UNAVAILABLE");  // the one that was left
  at.get("a");
  CHECK(at.started == 3);
}

TEST_CASE("N2 a table of no size remembers nothing") {
  auto options = each_with_backoff();
  options.failures = 0;
  loading_world at(options);
  at.get("a");
  at.fail("SERVICE_UNAVAILABLE");
  CHECK(at.held->remembered_failures() == 0);
  CHECK(at.build_now("a", "made") == "made");
}

TEST_CASE("G5 a build whose turn has come is not started if its waiters left before it could be") {
  loading_world at(one_at_a_time());
  std::stop_source leaves;
  at.get("a");
  const auto queued = at.get("b", leaves.get_token());
  const auto last = at.get("c");
  end_quietly(at, "a");
  leaves.request_stop();
  at.run();
  CHECK(at.answer(queued) == "SERVICE_UNAVAILABLE");
  REQUIRE(at.builds.size() == 1);
  CHECK(at.builds.front().tenant == "c");
  at.succeed("c");
  CHECK(at.answer(last) == "c");
  CHECK(at.build_now("b", "b") == "b");
}

TEST_CASE("L3 a build whose turn has come is not started after a shutdown") {
  loading_world at(one_at_a_time());
  at.get("a");
  const auto queued = at.get("b");
  end_quietly(at, "a");
  bool ended = false;
  at.held->shut_down(60s, [&](const cache_remains& left) { ended = left.empty(); });
  at.run();
  CHECK(at.started == 1);
  CHECK(at.answer(queued) == "SERVICE_UNAVAILABLE");
  at.drop(0);
  CHECK(ended);
}

TEST_CASE("I4 what was being built when its tenant was marked stale is refreshed once more") {
  for (const bool refreshed : {false, true}) {
    loading_world at(coalescing());
    if (refreshed) {
      at.build_now("a", "old");
      at.held->mark_stale("a");
      at.run();
    } else {
      at.get("a");
    }
    const int before = at.started;
    at.held->mark_stale("a");
    at.run();
    CHECK(at.started == before);
    at.succeed("begun before the mark");
    CHECK(at.found("a") == "begun before the mark");
    at.run();
    CHECK(at.started == before + 1);
    at.succeed("begun after it");
    CHECK(at.found("a") == "begun after it");
    at.run();
    CHECK(at.started == before + 1);
  }
}

TEST_CASE("I4 while its refresh runs, hits on a value that is marked again are ordinary hits") {
  loading_world at(coalescing());
  at.build_now("a", "old");
  at.held->mark_stale("a");
  at.run();
  at.held->mark_stale("a");
  CHECK_FALSE(at.held->find("a").refresh_due());
}

TEST_CASE("R5 a tenant that does not exist any more is not served from before; one too many is") {
  auto options = one_at_a_time();
  options.max_queued_builds = 0;
  options.freshness.time_to_live = 60s;
  options.freshness.stale_if_error = 300s;
  loading_world at(options);
  at.build_now("a", "old");
  at.advance(61s);
  at.get("b");
  const auto crowded = at.get("a");
  at.run();
  CHECK(at.answer(crowded) == "old");
  CHECK((*at.answers[crowded])->stale());
  at.succeed("b");
  const auto gone = at.get("a");
  at.fail("ACCOUNT_NOT_FOUND");
  CHECK(at.answer(gone) == "ACCOUNT_NOT_FOUND");
}
