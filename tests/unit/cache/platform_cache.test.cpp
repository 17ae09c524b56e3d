// Goal: the cache is an exact LRU whose values live a fixed time from their write.
// Method: integers as values, a clock turned by hand, and a naive model beside it for long random histories.
#include "timed_cache.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <random>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using cache = tenon::testing::timed_cache<int>;
using names = std::vector<std::string>;

TEST_CASE("what was stored is found, anything else is not") {
  const tenon::testing::manual_clock time;
  cache held(2, 0s, time);
  CHECK(held.put("a", 1));
  CHECK(held.find("a") == 1);
  CHECK(held.find("b") == std::nullopt);
  CHECK(held.find("") == std::nullopt);
}

TEST_CASE("the least recently used value goes first, and a hit is a use") {
  const tenon::testing::manual_clock time;
  cache held(2, 0s, time);
  held.put("a", 1);
  held.put("b", 2);
  CHECK(held.find("a") == 1);
  held.put("c", 3);
  CHECK(held.tenants() == names{"a", "c"});
}

TEST_CASE("a cache of one holds the last") {
  const tenon::testing::manual_clock time;
  cache held(1, 0s, time);
  held.put("a", 1);
  held.put("b", 2);
  CHECK(held.tenants() == names{"b"});
}

TEST_CASE("storing a tenant again replaces its value and evicts nobody") {
  const tenon::testing::manual_clock time;
  cache held(2, 0s, time);
  held.put("a", 1);
  held.put("b", 2);
  held.put("a", 3);
  CHECK(held.cache.dispose() == 1);
  CHECK(held.tenants() == names{"a", "b"});
  CHECK(held.find("a") == 3);
}

TEST_CASE("looking at the tenants is no use of them") {
  const tenon::testing::manual_clock time;
  cache held(2, 0s, time);
  held.put("a", 1);
  held.put("b", 2);
  CHECK(held.tenants() == names{"a", "b"});
  held.put("c", 3);
  CHECK(held.tenants() == names{"b", "c"});
}

TEST_CASE("a value is fresh at the very end of its time and expired one tick later") {
  tenon::testing::manual_clock time;
  cache held(4, 60s, time);
  held.put("a", 1);
  time.advance(60s);
  CHECK(held.find("a") == 1);
  CHECK(held.tenants() == names{"a"});
  CHECK(held.purge_expired() == 0);
  time.advance(1ns);
  CHECK(held.tenants().empty());
  CHECK(held.find("a") == std::nullopt);
}

TEST_CASE("the time to live counts from the write: a hit does not prolong it") {
  tenon::testing::manual_clock time;
  cache held(4, 60s, time);
  held.put("a", 1);
  for (int step = 0; step < 6; ++step) {
    CHECK(held.find("a") == 1);
    time.advance(10s);
  }
  time.advance(1s);
  CHECK(held.find("a") == std::nullopt);
}

TEST_CASE("without a time to live values never expire") {
  tenon::testing::manual_clock time;
  cache held(4, 0s, time);
  held.put("a", 1);
  time.advance(24h * 365);
  CHECK(held.find("a") == 1);
  CHECK(held.next_expiry() == std::nullopt);
  CHECK(held.purge_expired() == 0);
}

TEST_CASE("a time to live beyond the end of the clock means never") {
  tenon::testing::manual_clock time;
  cache held(4, std::chrono::nanoseconds::max(), time);
  held.put("a", 1);
  time.advance(24h * 365);
  CHECK(held.find("a") == 1);
  CHECK(held.next_expiry() == std::nullopt);
}

TEST_CASE("a purge takes what has expired and nothing else") {
  tenon::testing::manual_clock time;
  cache held(4, 60s, time);
  held.put("a", 1);
  time.advance(30s);
  held.put("b", 2);
  CHECK(held.next_expiry() == time.steady_now() + 30s);
  time.advance(31s);
  CHECK(held.purge_expired() == 1);
  CHECK(held.tenants() == names{"b"});
  CHECK(held.next_expiry() == time.steady_now() + 29s);
}

TEST_CASE("a rewritten value expires by its last write, not by its first") {
  tenon::testing::manual_clock time;
  cache held(4, 60s, time);
  held.put("a", 1);
  held.put("b", 2);
  time.advance(30s);
  held.put("a", 3);
  CHECK(held.replace("b", 4));
  time.advance(60s);
  CHECK(held.purge_expired() == 0);
  CHECK(held.tenants() == names{"a", "b"});
  time.advance(1s);
  CHECK(held.purge_expired() == 2);
}

TEST_CASE("a successor takes the place of its predecessor in the order of use") {
  const tenon::testing::manual_clock time;
  cache held(2, 0s, time);
  held.put("a", 1);
  held.put("b", 2);
  CHECK(held.replace("a", 3));
  held.put("c", 4);
  CHECK(held.tenants() == names{"b", "c"});
}

TEST_CASE("a tenant without a live value has nothing to replace") {
  tenon::testing::manual_clock time;
  cache held(2, 60s, time);
  CHECK_FALSE(held.replace("a", 1));
  held.put("a", 2);
  time.advance(61s);
  CHECK_FALSE(held.replace("a", 3));
  CHECK(held.find("a") == std::nullopt);
}

TEST_CASE("a long random history leaves exactly what a naive model holds") {
  tenon::testing::manual_clock time;
  for (const std::size_t size : {1u, 2u, 3u, 8u}) {
    cache held(size, 0s, time);
    std::deque<std::pair<std::string, int>> model;  // least recently used first
    std::mt19937 random(static_cast<unsigned>(size));
    const auto in_model = [&model](const std::string& tenant) {
      return std::ranges::find(model, tenant, &std::pair<std::string, int>::first);
    };
    for (int step = 0; step < 5'000; ++step) {
      time.advance(tenon::testing::one_tick);
      const std::string tenant(1, static_cast<char>('a' + random() % 12));
      const auto at = in_model(tenant);
      switch (random() % 8) {
        case 0:
          held.invalidate(tenant);
          if (at != model.end()) model.erase(at);
          break;
        case 1:
          REQUIRE(held.replace(tenant, step) == (at != model.end()));
          if (at != model.end()) at->second = step;
          break;
        case 2:
        case 3:
        case 4:
          REQUIRE(held.put(tenant, step));
          if (at != model.end()) model.erase(at);
          model.emplace_back(tenant, step);
          if (model.size() > size) model.pop_front();
          break;
        default: {
          const auto found = held.find(tenant);
          REQUIRE(found.has_value() == (at != model.end()));
          if (!found) break;
          const auto used = *at;
          REQUIRE(*found == used.second);
          model.erase(at);
          model.push_back(used);
        }
      }
    }
    names expected;
    for (const auto& [tenant, value] : model) expected.push_back(tenant);
    std::ranges::sort(expected);
    CHECK(held.tenants() == expected);
  }
}
