// Goal: a bucket gives turns at its rate, in order of arrival, to those who have the time, and tells the others at
// once. Method: clock and scheduler turned by hand; a simulation with random arrivals against the definition of the
// rate.
#include "platform/turn_limiter.hpp"

#include "manual_scheduler.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <vector>

using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;

namespace {

struct world {
  manual_clock time;
  std::shared_ptr<manual_scheduler> work = std::make_shared<manual_scheduler>(time);
  std::shared_ptr<turn_limiter> turns = turn_limiter::make(time, work);
  std::vector<std::string> told;

  turn_limiter::ticket ask(const std::string& name, std::chrono::nanoseconds patience = 1h,
                           std::chrono::nanoseconds interval = 500ms, std::uint32_t burst = 1,
                           const std::string& bucket = "n") {
    return turns->acquire({.bucket = bucket, .interval = interval, .burst = burst, .max_wait = patience},
                          [this, name](bool granted, std::chrono::nanoseconds wait) {
                            told.push_back(granted ? name : name + " in " + std::to_string(wait / 1ms));
                          });
  }
  std::vector<std::string> take() { return std::exchange(told, {}); }
};

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("turns come at the rate, in order of arrival") {
  world at;
  const auto first = at.ask("a");
  const auto second = at.ask("b");
  const auto third = at.ask("c");
  CHECK(at.take() == names{"a"});
  at.work->advance(499ms);
  CHECK(at.take().empty());
  at.work->advance(1ms);
  CHECK(at.take() == names{"b"});
  at.work->advance(500ms);
  CHECK(at.take() == names{"c"});
  CHECK(at.work->timers() == 0);
}

TEST_CASE("what nobody took is saved up to the burst, and no further") {
  world at;
  std::vector<turn_limiter::ticket> kept;
  at.work->advance(1h);
  for (const char* name : {"a", "b", "c", "d"}) kept.push_back(at.ask(name, 1h, 500ms, 3));
  CHECK(at.take() == names{"a", "b", "c"});
  at.work->advance(500ms);
  CHECK(at.take() == names{"d"});
  at.work->advance(1s);
  for (const char* name : {"e", "f", "g"}) kept.push_back(at.ask(name, 1h, 500ms, 3));
  CHECK(at.take() == names{"e", "f"});
}

TEST_CASE("who has not the time is told at once when the turn would have come, and takes none") {
  world at;
  const auto first = at.ask("a");
  const auto second = at.ask("b", 600ms);
  const auto third = at.ask("c", 900ms);
  CHECK(at.take() == names{"a", "c in 1000"});
  const auto fourth = at.ask("d", 1s);
  at.work->advance(1s);
  CHECK(at.take() == names{"b", "d"});
}

TEST_CASE("patience counts from when a turn was wished for, however much later it is asked for") {
  world at;
  const auto wished = at.time.steady_now();
  const auto first = at.ask("a");
  at.work->advance(300ms);
  std::vector<turn_limiter::ticket> kept;
  const auto ask_since = [&](const std::string& name, std::chrono::nanoseconds patience) {
    kept.push_back(at.turns->acquire({.bucket = "n", .interval = 500ms, .max_wait = patience, .since = wished},
                                     [&at, name](bool granted, std::chrono::nanoseconds) {
                                       at.told.push_back(granted ? name : name + " refused");
                                     }));
  };
  ask_since("b", 499ms);
  ask_since("c", 500ms);
  CHECK(at.take() == names{"a", "b refused"});
  at.work->advance(200ms);
  CHECK(at.take() == names{"c"});
}

TEST_CASE("who leaves gives the turn to those behind, and is not told") {
  world at;
  const auto first = at.ask("a");
  auto second = at.ask("b");
  const auto third = at.ask("c");
  at.take();
  second.reset();
  at.work->advance(500ms);
  CHECK(at.take() == names{"c"});
}

TEST_CASE("buckets are apart") {
  world at;
  const auto first = at.ask("a", 0s, 500ms, 1, "one");
  const auto second = at.ask("b", 0s, 500ms, 1, "other");
  CHECK(at.take() == names{"a", "b"});
}

TEST_CASE("a hold stops the bucket, and refuses those who then wait too long") {
  world at;
  const auto first = at.ask("a");
  const auto second = at.ask("b", 600ms);
  const auto third = at.ask("c", 1h);
  at.take();
  at.turns->hold("n", 10s);
  CHECK(at.take() == names{"b in 10000"});
  at.turns->hold("n", 1s);  // shortens nothing
  const auto fourth = at.ask("d", 10s);
  CHECK(at.take() == names{"d in 10500"});
  at.work->advance(9999ms);
  CHECK(at.take().empty());
  at.work->advance(1ms);
  CHECK(at.take() == names{"c"});
}

TEST_CASE("an account without a limit of its own is held all the same") {
  world at;
  const auto first = at.ask("a", 0s, 0s);
  const auto second = at.ask("b", 0s, 0s);
  at.turns->hold("n", 2s);
  const auto third = at.ask("c", 1s, 0s);
  const auto fourth = at.ask("d", 3s, 0s);
  const auto fifth = at.ask("e", 3s, 0s);
  CHECK(at.take() == names{"a", "b", "c in 2000"});
  at.work->advance(2s);
  CHECK(at.take() == names{"d", "e"});
}

TEST_CASE("buckets without a memory are forgotten") {
  world at;
  std::vector<turn_limiter::ticket> kept;
  for (int count = 0; count < 1000; ++count) kept.push_back(at.ask("x", 0s, 500ms, 1, std::to_string(count)));
  CHECK(at.turns->buckets() == 1000);
  at.work->advance(1s);
  CHECK(at.turns->buckets() == 0);
}

TEST_CASE("a timer that is late by a little costs no turn") {
  world at;
  std::vector<turn_limiter::ticket> kept;
  for (const char* name : {"a", "b", "c"}) kept.push_back(at.ask(name));
  at.take();
  at.time.advance(600ms);  // b's turn was 100 ms ago
  at.work->advance(0ms);
  CHECK(at.take() == names{"b"});
  at.work->advance(399ms);
  CHECK(at.take().empty());
  at.work->advance(1ms);
  CHECK(at.take() == names{"c"});
}

TEST_CASE("a timer that is late by much lets go what the burst allows, and the others at the rate from then on") {
  world at;
  std::uint32_t burst = 1;
  SUBCASE("without a burst") {}
  SUBCASE("with one") { burst = 3; }
  std::vector<turn_limiter::ticket> kept;
  for (int count = 0; count < 12; ++count) kept.push_back(at.ask("x", 20s, 500ms, burst));
  const auto impatient = at.ask("y", 11s, 500ms, burst);
  CHECK(at.take().size() == burst);
  at.time.advance(10s);  // nobody ran the timer meanwhile
  at.work->advance(0ms);
  names told(burst, "x");
  told.push_back("y in " + std::to_string(375 + 500 * (12 - 2 * burst)));  // after everybody who is left
  CHECK(at.take() == told);
  for (int turn = 0; turn < 2; ++turn) {
    at.work->advance(374ms);
    CHECK(at.take().empty());
    at.work->advance(126ms);
    CHECK(at.take().size() == 1);
  }
}

TEST_CASE("who has lost its patience when a late timer comes is told how long it would have been") {
  world at;
  std::vector<turn_limiter::ticket> kept;
  for (const char* name : {"a", "b", "c"}) kept.push_back(at.ask(name));
  const auto impatient = at.ask("d", 2s);
  at.take();
  at.time.advance(10s);
  at.work->advance(0ms);
  CHECK(at.take() == names{"b", "d in 875"});
}

TEST_CASE("a limiter that ends tells nobody, and tickets outlive it") {
  world at;
  const auto first = at.ask("a");
  auto second = at.ask("b");
  at.take();
  at.turns.reset();
  at.work->advance(1h);
  CHECK(at.take().empty());
  second.reset();
}

TEST_CASE("in any stretch of time no more turns are given than rate and burst allow, and none is wasted") {
  std::mt19937 random(7);  // NOLINT: the same every time
  for (int round = 0; round < 50; ++round) {
    world at;
    const auto interval = std::chrono::milliseconds(1 + random() % 400);
    const auto burst = static_cast<std::uint32_t>(1 + random() % 5);
    std::vector<turn_limiter::ticket> kept;
    std::deque<steady_time> given;
    std::vector<int> order;
    int waiting = 0;
    for (int count = 0; count < 200; ++count) {
      at.work->advance(std::chrono::milliseconds(random() % 300));
      const auto patience = std::chrono::milliseconds(random() % 3000);
      ++waiting;
      kept.push_back(at.turns->acquire({"n", interval, burst, patience}, [&, count](bool granted, auto) {
        --waiting;
        if (!granted) return;
        given.push_back(at.time.steady_now());
        order.push_back(count);
      }));
    }
    at.work->advance(1h);
    CHECK(waiting == 0);
    CHECK(std::ranges::is_sorted(order));
    // Each turn stands at least (n - burst + 1) intervals after the nth before it.
    for (std::size_t last = 0; last < given.size(); ++last) {
      for (std::size_t first = 0; first + burst <= last; ++first) {
        const auto allowed = interval * static_cast<long>(last - first - burst + 1);
        CHECK(given[last] - given[first] >= allowed);
      }
    }
  }
}
