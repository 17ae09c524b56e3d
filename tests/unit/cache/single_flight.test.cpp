// Goal: who waits for which build, and when a build is told to stop.
// Method: tickets of a cache as in the router, waiters that write down what they got.
#include "cache/single_flight.hpp"
#include "cache/platform_cache.hpp"
#include "manual_clock.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

using cache = tenon::platform_cache<int>;
using flights = tenon::single_flight<int, cache::build_ticket>;

struct setup {
  auto join(const std::string& tenant) {
    return builds.join(
        tenant, [this](int outcome) { got.push_back(outcome); }, [&] { return held.begin_build(tenant); });
  }

  void land(const std::shared_ptr<flights::flight>& flight, int outcome) {
    for (auto& waiter : builds.land(flight)) waiter(outcome);
  }

  tenon::testing::manual_clock time;
  cache held{4, time, {}};
  flights builds;
  std::vector<int> got;
};

}  // namespace

TEST_CASE("the first starts the build, the others join it, and all get its outcome") {
  setup at;
  const auto first = at.join("a");
  const auto second = at.join("a");
  CHECK(first.starts);
  CHECK_FALSE(second.starts);
  CHECK(first.on == second.on);
  at.land(first.on, 7);
  CHECK(at.got == std::vector{7, 7});
  CHECK(at.builds.running() == 0);
}

TEST_CASE("two tenants are two builds") {
  setup at;
  const auto first = at.join("a");
  const auto second = at.join("b");
  CHECK(second.starts);
  CHECK(first.on != second.on);
}

TEST_CASE("who comes after an invalidate starts a new build, who came before keeps the old one") {
  setup at;
  const auto before = at.join("a");
  at.held.invalidate("a");
  const auto after = at.join("a");
  CHECK(after.starts);
  at.land(before.on, 1);
  CHECK(at.got == std::vector{1});
  CHECK_FALSE(at.join("a").starts);
  at.land(after.on, 2);
  CHECK(at.got == std::vector{1, 2, 2});
}

TEST_CASE("one waiter's leaving, be it the first, stops nothing") {
  setup at;
  const auto first = at.join("a");
  const auto second = at.join("a");
  CHECK(at.builds.leave(first.on, first.seat).has_value());
  CHECK_FALSE(first.on->stop().stop_requested());
  CHECK_FALSE(at.join("a").starts);
  at.land(second.on, 3);
  CHECK(at.got == std::vector{3, 3});
}

TEST_CASE("when the last waiter leaves the build is told to stop, and a newcomer starts another") {
  setup at;
  const auto only = at.join("a");
  CHECK(at.builds.leave(only.on, only.seat).has_value());
  CHECK(only.on->stop().stop_requested());
  const auto next = at.join("a");
  CHECK(next.starts);
  CHECK_FALSE(next.on->stop().stop_requested());
  at.land(only.on, 1);
  CHECK(at.got.empty());
  at.land(next.on, 2);
  CHECK(at.got == std::vector{2});
}

TEST_CASE("a waiter leaves once, and not after the landing") {
  setup at;
  const auto first = at.join("a");
  at.join("a");
  CHECK(at.builds.leave(first.on, first.seat).has_value());
  CHECK_FALSE(at.builds.leave(first.on, first.seat).has_value());
  const auto third = at.join("a");
  at.land(third.on, 1);
  CHECK_FALSE(at.builds.leave(third.on, third.seat).has_value());
  CHECK_FALSE(third.on->stop().stop_requested());
}

TEST_CASE("a build lands once") {
  setup at;
  const auto first = at.join("a");
  at.land(first.on, 1);
  at.land(first.on, 2);
  CHECK(at.got == std::vector{1});
}

TEST_CASE("a build boarded alone is joined by nobody") {
  setup at;
  const auto alone =
      at.builds.board_alone("a", at.held.begin_build("a"), [&at](int outcome) { at.got.push_back(outcome); });
  CHECK(alone.starts);
  CHECK(at.builds.running() == 0);
  CHECK(at.join("a").starts);
  at.land(alone.on, 5);
  CHECK(at.got == std::vector{5});
}

TEST_CASE("nothing is kept of builds that have ended") {
  setup at;
  for (int tenant = 0; tenant < 100; ++tenant) {
    const auto seat = at.join(std::to_string(tenant));
    if (tenant % 2 == 0) {
      at.land(seat.on, tenant);
    } else {
      at.builds.leave(seat.on, seat.seat);
    }
  }
  CHECK(at.builds.running() == 0);
  CHECK(at.held.builds_in_flight() == 0);
}
