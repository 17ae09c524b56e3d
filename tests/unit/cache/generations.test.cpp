// Goal: a build that lost to an invalidate or a replace is never stored, and counters exist only while builds
// are in flight.
// Method: tickets taken and held by hand, in every order that matters.
#include "timed_cache.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace std::chrono_literals;
using cache = tenon::testing::timed_cache<int>;

TEST_CASE("a build that an invalidate of its tenant overtook is not stored") {
  const tenon::testing::manual_clock time;
  cache held(4, 0s, time);
  const auto ticket = held.begin_build("a");
  CHECK(ticket.current());
  held.invalidate("a");
  CHECK_FALSE(ticket.current());
  CHECK_FALSE(held.store(ticket, 1));
  CHECK(held.find("a") == std::nullopt);
}

TEST_CASE("a build that an invalidate of all overtook is not stored") {
  const tenon::testing::manual_clock time;
  cache held(4, 0s, time);
  const auto ticket = held.begin_build("a");
  held.invalidate();
  CHECK_FALSE(held.store(ticket, 1));
}

TEST_CASE("an invalidate of another tenant outdates nothing") {
  const tenon::testing::manual_clock time;
  cache held(4, 0s, time);
  const auto ticket = held.begin_build("a");
  held.invalidate("b");
  CHECK(held.store(ticket, 1));
}

TEST_CASE("an invalidate before the build began is none of its business") {
  const tenon::testing::manual_clock time;
  cache held(4, 0s, time);
  held.invalidate("a");
  held.invalidate();
  CHECK(held.store(held.begin_build("a"), 1));
}

TEST_CASE("a build begun before a replace does not overwrite the successor") {
  const tenon::testing::manual_clock time;
  cache held(4, 0s, time);
  held.store(held.begin_build("a"), 1);
  const auto ticket = held.begin_build("a");
  CHECK(held.replace("a", 2));
  CHECK_FALSE(held.store(ticket, 3));
  CHECK(held.find("a") == 2);
}

TEST_CASE("a replace that did nothing outdates nothing") {
  const tenon::testing::manual_clock time;
  cache held(4, 0s, time);
  const auto ticket = held.begin_build("a");
  CHECK_FALSE(held.replace("a", 2));
  CHECK(held.store(ticket, 3));
}

TEST_CASE(
    "of two builds, the one begun after the invalidate is stored and the other is not, in whichever order they end") {
  const tenon::testing::manual_clock time;
  cache held(4, 0s, time);
  const auto before = held.begin_build("a");
  held.invalidate("a");
  const auto after = held.begin_build("a");
  CHECK(held.store(after, 2));
  CHECK_FALSE(held.store(before, 1));
  CHECK(held.find("a") == 2);
}

TEST_CASE("of two builds of one generation the later to end stays") {
  const tenon::testing::manual_clock time;
  cache held(4, 0s, time);
  const auto first = held.begin_build("a");
  const auto second = held.begin_build("a");
  CHECK(held.store(first, 1));
  CHECK(held.store(second, 2));
  CHECK(held.find("a") == 2);
}

TEST_CASE("an old ticket stays outdated after the counter's other tickets came and went") {
  const tenon::testing::manual_clock time;
  cache held(4, 0s, time);
  const auto old = held.begin_build("a");
  held.invalidate("a");
  for (int round = 0; round < 3; ++round) held.store(held.begin_build("a"), round);
  CHECK_FALSE(old.current());
}

TEST_CASE("counters exist only while a build is in flight, however many tenants were built or invalidated") {
  const tenon::testing::manual_clock time;
  cache held(4, 0s, time);
  for (int tenant = 0; tenant < 10'000; ++tenant) {
    const auto name = std::to_string(tenant);
    held.invalidate(name);
    held.store(held.begin_build(name), tenant);
    held.invalidate(name);
  }
  CHECK(held.builds_in_flight() == 0);
  const auto one = held.begin_build("a");
  const auto two = held.begin_build("a");
  const auto three = held.begin_build("b");
  CHECK(held.builds_in_flight() == 2);
}

TEST_CASE("a moved ticket ends its build once") {
  const tenon::testing::manual_clock time;
  cache held(4, 0s, time);
  {
    auto ticket = held.begin_build("a");
    const auto moved = std::move(ticket);
    CHECK(held.builds_in_flight() == 1);
    CHECK(moved.tenant() == "a");
  }
  CHECK(held.builds_in_flight() == 0);
}
