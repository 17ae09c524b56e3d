// Goal: a value lives as long as its last lease, whatever becomes of its place, its thread and its cache; it is
// destroyed once, where its owner says, and never inside a lock. Method: values that count themselves, and that call
// back into the cache when they go: under its lock that would deadlock and time the test out.
#include "timed_cache.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

struct world;

struct nosy {
  explicit nosy(world& of) : of(&of) {}
  nosy(nosy&& other) noexcept : of(std::exchange(other.of, nullptr)) {}
  nosy& operator=(nosy&&) = delete;
  ~nosy();

  world* of;
};

using cache = tenon::platform_cache<nosy>;
using change = tenon::cache_event::change;
using tenon::removal;

struct world {
  explicit world(std::size_t size = 2)
      : held(std::make_unique<cache>(
            size, time, [this] { ++woken; }, true)) {}
  ~world() { held.reset(); }

  bool put(const std::string& tenant, const tenon::lifetime& life = {}) {
    return held->store(held->begin_build(tenant), nosy(*this), life).kept;
  }
  cache::lease find(const std::string& tenant) { return held->find(tenant, time.steady_now()); }
  tenon::cache_report report() const { return held->report(time.steady_now()); }
  tenon::lifetime for_a_minute() const {
    const auto end = time.steady_now() + 60s;
    return {.refresh_at = end, .expires_at = end, .gone_at = end};
  }

  tenon::testing::manual_clock time;
  int woken = 0;
  int destroyed = 0;
  std::unique_ptr<cache> held;
};

nosy::~nosy() {
  if (of == nullptr) return;
  ++of->destroyed;
  if (!of->held) return;
  (void)of->held->tenants(of->time.steady_now());
  (void)of->find("somebody");
  of->held->invalidate("somebody");
}

}  // namespace

TEST_CASE("what is evicted, replaced, rewritten, expired or invalidated waits for the owner to destroy it") {
  world at(1);
  at.put("a");
  at.put("b");
  CHECK(at.woken > 0);
  CHECK(at.destroyed == 0);
  CHECK(at.held->dispose() == 1);
  CHECK(at.held->replace("b", nosy(at), at.for_a_minute()));
  CHECK(at.held->dispose() == 1);
  at.put("b", at.for_a_minute());
  CHECK(at.held->dispose() == 1);
  at.time.advance(61s);
  CHECK(at.held->purge_expired(at.time.steady_now()) == 1);
  CHECK(at.held->dispose() == 1);
  at.put("c");
  CHECK(at.held->invalidate("c"));
  CHECK(at.held->dispose() == 1);
  at.put("d");
  at.held->invalidate();
  CHECK(at.held->dispose() == 1);
  CHECK(at.destroyed == 6);
  CHECK(at.held->dispose() == 0);
}

TEST_CASE("a build that lost serves who waited for it, and is destroyed after them") {
  world at;
  const auto ticket = at.held->begin_build("a");
  at.held->invalidate("a");
  auto outcome = at.held->store(ticket, nosy(at), {}, 3);
  CHECK_FALSE(outcome.kept);
  CHECK(outcome.leases.size() == 3);
  CHECK_FALSE(at.find("a"));
  outcome.leases.pop_back();
  outcome.leases.pop_back();
  CHECK(at.held->dispose() == 0);
  outcome.leases.clear();
  CHECK(at.held->dispose() == 1);
}

TEST_CASE("a lease keeps its value after it left the cache, and the last one to go wakes the owner") {
  world at;
  at.put("a");
  auto first = at.find("a");
  auto second = at.find("a");
  at.held->invalidate("a");
  CHECK(at.held->dispose() == 0);
  first.reset();
  CHECK(at.held->dispose() == 0);
  at.woken = 0;
  second.reset();
  CHECK(at.woken == 1);
  CHECK(at.held->dispose() == 1);
  CHECK(at.destroyed == 1);
}

TEST_CASE("a lease moves, and a moved one is empty") {
  world at;
  at.put("a");
  auto one = at.find("a");
  cache::lease other(std::move(one));
  CHECK_FALSE(one);
  one = std::move(other);
  CHECK(one);
  CHECK_FALSE(other);
  CHECK(one->of == &at);
  at.held->invalidate();
  CHECK(at.held->dispose() == 0);
  one = {};
  CHECK(at.held->dispose() == 1);
}

TEST_CASE("a lease outlives the thread that took it, and any thread may end it") {
  world at;
  at.put("a");
  std::vector<cache::lease> taken;
  std::jthread([&] {
    for (int i = 0; i < 100; ++i) taken.push_back(at.find("a"));
  }).join();
  at.held->invalidate("a");
  CHECK(at.report().leases() == 100);
  // A new thread takes over the slots that the old one left, and what is still in them.
  std::jthread([&] {
    at.put("b");
    const auto another = at.find("b");
    CHECK(at.held->dispose() == 0);
    taken.clear();
  }).join();
  CHECK(at.held->dispose() == 1);
}

TEST_CASE("a thread gets the slots of one that has ended") {
  tenon::lease_domain<tenon::std_sync> domain;
  tenon::lease_seat<tenon::std_sync> first, second;
  auto& slot = domain.announce(first, nullptr, 0);
  domain.leave(first);
  CHECK(&domain.announce(second, nullptr, 0) == &slot);
  domain.leave(second);
}

TEST_CASE("a lease outlives the cache: then its end is the value's") {
  world at;
  at.put("a");
  at.put("b");
  auto lease = at.find("a");
  at.held.reset();
  CHECK(at.destroyed == 1);
  CHECK(lease->of == &at);
  lease.reset();
  CHECK(at.destroyed == 2);
}

TEST_CASE("one thread holds as many leases as it likes") {
  world at(4);
  at.put("a");
  std::vector<cache::lease> taken;
  for (int i = 0; i < 10'000; ++i) taken.push_back(at.find("a"));
  CHECK(at.report().leases() == 10'000);
  at.held->invalidate("a");
  for (std::size_t i = 0; i < taken.size(); i += 2) taken[i].reset();
  CHECK(at.report().pinned() == 1);
  CHECK(at.report().leases() == 5'000);
  at.put("b");
  CHECK(at.find("b"));
  taken.clear();
  CHECK(at.held->dispose() == 1);
}

TEST_CASE("the report names who is held, how often, since when, and what only waits for its leases") {
  world at;
  at.put("a");
  at.put("b");
  const auto old = at.find("a");
  at.time.advance(5s);
  const auto young = at.find("a");
  const auto other = at.find("b");
  at.held->invalidate("a");
  at.time.advance(2s);
  auto report = at.report();
  std::ranges::sort(report.holders, {}, &tenon::cache_holder::tenant);
  CHECK(report.size == 1);
  REQUIRE(report.holders.size() == 2);
  CHECK(report.holders[0] == tenon::cache_holder{"a", 1, 2, 7s, true, 2s});
  CHECK(report.holders[1] == tenon::cache_holder{"b", 2, 1, 2s, false, 0s});
  CHECK(report.leases() == 3);
  CHECK(report.pinned() == 1);
  CHECK(report.oldest_lease() == 7s);
  CHECK(report.oldest_pinned() == 2s);
}

TEST_CASE("changes are told in their order: stored, removed with the cause, disposed") {
  world at(1);
  at.put("a");
  auto held = at.find("a");
  at.put("b");
  at.held->invalidate("b");
  at.held->dispose();
  held.reset();
  at.held->dispose();
  const auto told = at.held->take_events();
  const std::vector<tenon::cache_event> expected = {
      {change::removed, "a", 1, removal::size},        {change::stored, "b", 2, removal::invalidated},
      {change::removed, "b", 2, removal::invalidated}, {change::disposed, "b", 2, removal::invalidated},
      {change::disposed, "a", 1, removal::size},
  };
  REQUIRE(told.size() == expected.size() + 1);
  CHECK(told[0].what == change::stored);
  CHECK(std::vector(told.begin() + 1, told.end()) == expected);
  CHECK(at.held->take_events().empty());
}

TEST_CASE("past its refresh a value is found and says so, until it is replaced or the refresh is put off") {
  world at;
  const auto now = at.time.steady_now();
  at.put("a", {.refresh_at = now + 10s, .expires_at = now + 60s, .gone_at = now + 90s});
  at.time.advance(10s);
  CHECK_FALSE(at.find("a").refresh_due());
  at.time.advance(1s);
  CHECK(at.find("a").refresh_due());
  at.held->postpone_refresh("a", 1, now + 20s);
  CHECK_FALSE(at.find("a").refresh_due());
  at.time.advance(10s);
  CHECK(at.find("a").refresh_due());
  at.held->postpone_refresh("a", 2, now + 50s);  // another generation's
  CHECK(at.find("a").refresh_due());
  at.held->postpone_refresh("a", 1, now + 900s);
  at.time.advance(39s);
  CHECK(at.find("a"));
  at.time.advance(1s);
  CHECK_FALSE(at.find("a"));
}

TEST_CASE("a value marked stale is served, and says that its refresh is due") {
  world at;
  at.put("a");
  CHECK(at.held->mark_stale("a") == 1);
  CHECK(at.held->mark_stale("b") == 0);
  const auto held = at.find("a");
  CHECK(held.refresh_due());
  CHECK_FALSE(held.stale());
}

TEST_CASE("an expired value is found as a stale one until it is gone") {
  world at;
  const auto now = at.time.steady_now();
  at.put("a", {.refresh_at = now + 30s, .expires_at = now + 60s, .gone_at = now + 90s});
  CHECK_FALSE(at.held->find_stale("a", now + 60s));
  at.time.advance(60s);
  CHECK(at.find("a").refresh_due());
  at.time.advance(1s);
  CHECK_FALSE(at.find("a"));
  CHECK(at.held->tenants(at.time.steady_now()).empty());
  CHECK(at.held->find_stale("a", now + 90s).stale());
  CHECK_FALSE(at.held->find_stale("a", now + 91s));
  CHECK(at.held->purge_expired(now + 90s) == 0);
  CHECK(at.held->purge_expired(now + 91s) == 1);
}

TEST_CASE("a refresh is kept in the place of the generation it refreshes, and nowhere else") {
  world at;
  at.put("a");
  at.put("b");
  const auto ticket = at.held->begin_build("a");
  CHECK(at.held->store(ticket, nosy(at), {}, 0, 1).kept);
  CHECK_FALSE(at.held->store(ticket, nosy(at), {}, 0, 1).kept);  // generation 1 has gone
  at.put("c");
  CHECK(at.held->tenants(at.time.steady_now()) == std::vector<std::string>{"b", "c"});  // the refresh was no use of "a"
  CHECK_FALSE(at.held->store(ticket, nosy(at), {}, 0, 3).kept);
}

TEST_CASE("an invalidate of all takes thousands, and what is stored meanwhile stays") {
  world at(5'000);
  for (int tenant = 0; tenant < 5'000; ++tenant) at.put(std::to_string(tenant));
  at.held->invalidate();
  CHECK(at.held->tenants(at.time.steady_now()).empty());
  CHECK(at.held->dispose() == 5'000);
  for (int tenant = 0; tenant < 5'000; ++tenant) {
    REQUIRE_FALSE(at.find(std::to_string(tenant)));
    at.put(std::to_string(tenant));
  }
  CHECK(at.report().size == 5'000);
  CHECK(at.find("4999"));
}
