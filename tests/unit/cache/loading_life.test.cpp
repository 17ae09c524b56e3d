// Goal: the life of values and of the cache itself (line L of its semantics), what listeners are told, and what is left
// when memory runs out at any step of a build.
// Method: values that are counted, a scheduler turned by hand, an operator new that fails when it is told to.
#include "loading_world.hpp"

#include <cstdlib>
#include <new>

using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;

namespace {

// Negative: allocations do not fail. Else so many succeed first.
long allocations_left = -1;

}  // namespace

void* operator new(std::size_t bytes) {
  if (allocations_left == 0) throw std::bad_alloc();
  if (allocations_left > 0) --allocations_left;
  if (void* const got = std::malloc(bytes)) return got;
  throw std::bad_alloc();
}
void operator delete(void* gone) noexcept { std::free(gone); }
void operator delete(void* gone, std::size_t) noexcept { std::free(gone); }

TEST_CASE("L1 evicted, replaced and losing values are destroyed once, on the scheduler, after their last lease") {
  auto options = coalescing();
  options.size = 1;
  loading_world at(options);
  const auto held = at.get("a");
  at.succeed("a");
  at.get("b");
  auto build = std::move(at.builds.front());
  at.builds.clear();
  build.done(std::make_shared<made>("b", at.alive));  // evicts "a", which is leased
  at.run();
  CHECK(at.alive == 2);
  at.answers[held].reset();
  CHECK(at.alive == 2);  // not on this thread
  at.run();
  CHECK(at.alive == 1);
}

TEST_CASE("L2 the size counts what can be found; what is pinned is a gauge with its age") {
  auto options = coalescing();
  options.size = 1;
  loading_world at(options);
  const auto held = at.get("a");
  at.succeed("a");
  at.advance(5s);
  at.build_now("b", "b");
  at.advance(2s);
  const auto report = at.held->report();
  CHECK(report.size == 1);
  CHECK(report.pinned() == 1);
  CHECK(report.oldest_lease() == 7s);
  CHECK(report.oldest_pinned() == 2s);
  CHECK(report.removed[static_cast<std::size_t>(removal::size)] == 1);
  at.drop(held);
  CHECK(at.held->report().pinned() == 0);
}

TEST_CASE("L3 a shutdown refuses, answers, stops builds, and ends when the last lease is back") {
  auto options = coalescing();
  options.max_builds = 1;
  loading_world at(options);
  const auto held = at.get("a");
  at.succeed("a");
  const auto running = at.get("b");
  const auto queued = at.get("c");
  bool ended = false;
  at.held->shut_down(60s, [&](const cache_remains& left) { ended = left.empty(); });
  at.run();
  CHECK(at.answer(running) == "SERVICE_UNAVAILABLE");
  CHECK(at.answer(queued) == "SERVICE_UNAVAILABLE");
  CHECK(at.builds.front().stop.stop_requested());
  const auto refused = at.get("d");
  at.run();
  CHECK(at.answer(refused) == "SERVICE_UNAVAILABLE");
  CHECK(at.found("a").empty());
  at.drop(held);
  CHECK_FALSE(ended);
  at.succeed("b");  // after the end: destroyed, not kept
  CHECK(ended);
  CHECK(at.alive == 0);
  CHECK(at.started == 2);
  CHECK(at.scheduler->timers() == 0);
}

TEST_CASE("L3 a shutdown gives up at its deadline and names who holds what") {
  loading_world at(coalescing());
  const auto held = at.get("a");
  at.succeed("a");
  for (const auto* tenant : {"c", "b"}) at.get(tenant);
  cache_remains left;
  at.held->shut_down(10s, [&](cache_remains named) { left = std::move(named); });
  at.advance(9s);
  CHECK(left.empty());
  at.advance(1s);
  REQUIRE(left.holders.size() == 1);
  CHECK(left.holders[0].tenant == "a");
  CHECK(left.holders[0].leases == 1);
  CHECK(left.holders[0].retired);
  CHECK(left.holders[0].retired_for == 10s);
  CHECK(left.building == std::vector<std::string>{"b", "c"});
  for (const auto* tenant : {"b", "c"}) at.succeed(tenant);
  at.drop(held);
  CHECK(at.alive == 0);
}

TEST_CASE("listeners are told in order, on the scheduler, and may call the cache; one that throws harms nobody") {
  std::vector<std::string> told;
  loading_world* here = nullptr;
  auto options = coalescing();
  options.size = 1;
  options.listeners.push_back([](const cache_event&) { throw 5; });
  options.listeners.push_back([&](const cache_event& event) {
    (void)here->held->find("a");
    (void)here->held->counts();
    const char* const names[] = {"stored ", "removed ", "disposed "};
    told.push_back(names[static_cast<int>(event.what)] + event.tenant);
  });
  loading_world at(options);
  here = &at;
  at.build_now("a", "a");
  at.build_now("b", "b");
  at.held->invalidate("b");
  CHECK(told.size() == 4);
  at.run();
  CHECK(told == std::vector<std::string>{"stored a", "removed a", "stored b", "disposed a", "removed b", "disposed b"});
}

TEST_CASE(
    "when memory runs out at any step of a build, who waits is told or the caller is, and nothing is left behind") {
  int told = 0, refused = 0;
  for (long failing = 0; failing < 200; ++failing) {
    loading_world at(coalescing());
    at.builds.emplace_back();  // room, so that the world itself needs none
    at.builds.pop_front();
    at.answers.reserve(4);
    const std::string tenant = "a tenant whose name is not short";
    auto value = std::make_shared<made>("made", at.alive);
    bool thrown = false;
    allocations_left = failing;
    try {
      const auto place = at.get(tenant);
      if (!at.builds.empty()) {
        auto build = std::move(at.builds.front());
        at.builds.pop_front();
        build.done(std::move(value));
      }
      at.run();
      allocations_left = -1;
      at.run();
      REQUIRE(at.answers[place].has_value());
      ++told;
    } catch (const std::bad_alloc&) {
      thrown = true;
    }
    const bool enough = allocations_left != 0 && !thrown && at.answers.back() && *at.answers.back();
    allocations_left = -1;
    at.run();
    refused += thrown ? 1 : 0;
    value.reset();
    at.builds.clear();
    at.run();
    at.answers.clear();
    at.run();
    at.held->invalidate();
    at.run();
    CHECK(at.alive == 0);
    CHECK(at.build_now(tenant, "works") == "works");
    if (enough && failing > 100) break;
  }
  CHECK(told > 0);
  CHECK(refused > 0);
}
