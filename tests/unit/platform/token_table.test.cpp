// Goal: the first completion wins, and no stale token is ever followed. Method: the table alone, then many threads on
// one token.
#include "platform/token_table.hpp"

#include "manual_clock.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <thread>

using namespace tenon;

namespace {

// The table's records need nothing of a shell as long as no stop callback is set.
open_call_ptr call_until(steady_time deadline) {
  auto made = std::make_unique<open_call>();
  made->deadline = deadline;
  return made;
}

tenon_token open_one(token_table& table, steady_time deadline = steady_time::max()) {
  const auto token = table.reserve();
  table.open(token, call_until(deadline));
  return token;
}

}  // namespace

TEST_CASE("a token can be claimed once") {
  token_table table;
  const auto token = open_one(table);
  CHECK(token != 0);
  CHECK(table.claim(token).call);
  CHECK_FALSE(table.claim(token).call);
}

TEST_CASE("a token that was never given out, and zero, claim nothing") {
  token_table table;
  open_one(table);
  CHECK_FALSE(table.claim(0).call);
  CHECK_FALSE(table.claim(0xffff).call);
  CHECK_FALSE(table.claim(~tenon_token{0}).call);
  CHECK(table.size() == 1);
}

TEST_CASE("a slot is used again, its token is not") {
  token_table table;
  std::set<tenon_token> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto token = open_one(table);
    CHECK(seen.insert(token).second);
    table.claim(token);
  }
  const auto current = open_one(table);
  for (const auto stale : seen) CHECK_FALSE(table.claim(stale).call);
  CHECK(table.find_state(current) == token_state::open);
}

TEST_CASE("of many threads that claim one token, one gets it") {
  for (int round = 0; round < 200; ++round) {
    token_table table;
    const auto token = open_one(table);
    std::atomic<int> winners = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
          if (table.claim(token).call) ++winners;
        });
      }
    }
    CHECK(winners == 1);
  }
}

TEST_CASE("a full table gives no token, and gives one again when a slot is free") {
  token_table table;
  tenon_token last = 0;
  for (std::size_t i = 0; i < token_table::capacity; ++i) last = open_one(table);
  CHECK(last != 0);
  CHECK(table.reserve() == 0);
  table.claim(last);
  CHECK(table.reserve() != 0);
}

TEST_CASE("a sweep takes what has expired and says when to look again") {
  testing::manual_clock clock;
  token_table table;
  const auto now = clock.steady_now();
  const auto soon = open_one(table, now + std::chrono::seconds(1));
  const auto later = open_one(table, now + std::chrono::seconds(5));
  auto swept = table.sweep(now);
  CHECK(swept.expired.empty());
  CHECK(swept.next == now + std::chrono::seconds(1));
  clock.advance(std::chrono::seconds(1));
  swept = table.sweep(clock.steady_now());
  REQUIRE(swept.expired.size() == 1);
  CHECK(swept.expired[0].first == soon);
  CHECK(swept.next == now + std::chrono::seconds(5));
  CHECK(table.find_state(later) == token_state::open);
}

TEST_CASE("only a deadline before the next sweep asks for another sweep") {
  testing::manual_clock clock;
  token_table table;
  const auto now = clock.steady_now();
  CHECK(table.open(table.reserve(), call_until(now + std::chrono::seconds(5))));
  CHECK_FALSE(table.open(table.reserve(), call_until(now + std::chrono::seconds(9))));
  CHECK(table.open(table.reserve(), call_until(now + std::chrono::seconds(2))));
}

TEST_CASE("a stop brings the deadline forward, once") {
  testing::manual_clock clock;
  token_table table;
  const auto now = clock.steady_now();
  const auto token = open_one(table, now + std::chrono::seconds(60));
  const auto stopped = table.stop(token, now + std::chrono::seconds(1));
  CHECK(stopped.was_open);
  CHECK(stopped.arm);
  CHECK(table.find_state(token) == token_state::stopped);
  CHECK_FALSE(table.stop(token, now).was_open);
  CHECK(table.sweep(now + std::chrono::seconds(1)).expired.size() == 1);
}

TEST_CASE("whoever empties a watched table is told so") {
  token_table table;
  const auto first = open_one(table);
  const auto second = open_one(table);
  CHECK_FALSE(table.watch_empty());
  CHECK_FALSE(table.claim(first).drained);
  CHECK(table.claim(second).drained);
  CHECK(table.watch_empty());
}
