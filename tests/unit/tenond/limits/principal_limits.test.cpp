// Goal: every principal has a bucket of its own, which a reload changes and does not refill.
#include "limits/principal_limits.hpp"

#include "manual_clock.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace tenon::tenond;
using tenon::testing::manual_clock;
using namespace std::chrono_literals;

namespace {

int passed(principal_limits& limits, std::string_view who, int tries = 100) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += limits.take(who) ? 0 : 1;
  return count;
}

}  // namespace

TEST_CASE("one who sends too many is told when to come back, and nobody else notices") {
  manual_clock time;
  principal_limits limits(time);
  limits.assign({{"quick", {.per_second = 10, .burst = 5}}, {"slow", {.per_second = 0.1, .burst = 1}}, {"free", {}}});
  CHECK(passed(limits, "quick") == 5);
  CHECK(passed(limits, "slow") == 1);
  const auto refused = limits.take("slow");
  REQUIRE(refused.has_value());
  CHECK(refused->retry_after_s == 10);
  CHECK(refused->allowed.per_second == 0.1);
  CHECK(passed(limits, "free") == 100);
  CHECK(passed(limits, "nobody") == 100);
  time.advance(10s);
  CHECK(passed(limits, "slow") == 1);
  CHECK(limits.refused() == 95 + 99 + 1 + 99);
}

TEST_CASE("a reload keeps what is used up, of those that stay") {
  manual_clock time;
  principal_limits limits(time);
  limits.assign({{"a", {.per_second = 1, .burst = 5}}, {"b", {.per_second = 1, .burst = 5}}});
  CHECK(passed(limits, "a", 4) == 4);
  CHECK(passed(limits, "b") == 5);
  limits.assign({{"a", {.per_second = 1, .burst = 50}}});
  CHECK(passed(limits, "a") == 1);
  CHECK(passed(limits, "b") == 100);
  limits.assign({{"a", {.per_second = 1, .burst = 5}}, {"b", {.per_second = 1, .burst = 5}}});
  CHECK(passed(limits, "a") == 0);
  CHECK(passed(limits, "b") == 5);
}

TEST_CASE("requests that come together take no more than there is") {
  manual_clock time;
  principal_limits limits(time);
  limits.assign({{"a", {.per_second = 1, .burst = 1000}}});
  std::atomic<int> count = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { count += passed(limits, "a", 500); });
  }
  CHECK(count == 1000);
}
