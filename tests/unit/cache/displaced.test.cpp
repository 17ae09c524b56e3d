// Goal: values leave the cache once, promptly, and never inside its lock.
// Method: a value whose destructor calls back into the cache; a destructor under the lock would deadlock and
// time the test out.
#include "cache/platform_cache.hpp"
#include "manual_clock.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace std::chrono_literals;

namespace {

struct nosy;
using cache = tenon::platform_cache<std::shared_ptr<nosy>>;

struct nosy {
  explicit nosy(cache& watched, int& destroyed) : watched(watched), destroyed(destroyed) {}
  nosy(const nosy&) = delete;
  nosy& operator=(const nosy&) = delete;
  ~nosy() {
    ++destroyed;
    (void)watched.tenants();
    (void)watched.find("somebody");
    (void)watched.invalidate("somebody");
  }

  cache& watched;
  int& destroyed;
};

struct setup {
  explicit setup(std::size_t size = 2, std::chrono::nanoseconds ttl = 60s) : held(size, ttl, time) {}
  ~setup() { (void)held.invalidate(); }

  bool put(const std::string& tenant) {
    return held.store(held.begin_build(tenant), std::make_shared<nosy>(held, destroyed)).stored;
  }

  tenon::testing::manual_clock time;
  int destroyed = 0;
  cache held;
};

}  // namespace

TEST_CASE("an evicted value is destroyed outside the lock") {
  setup at(1);
  at.put("a");
  at.put("b");
  CHECK(at.destroyed == 1);
}

TEST_CASE("a value found expired is destroyed outside the lock") {
  setup at;
  at.put("a");
  at.time.advance(61s);
  CHECK(at.held.find("a") == std::nullopt);
  CHECK(at.destroyed == 1);
}

TEST_CASE("purged, replaced, rewritten and invalidated values are destroyed outside the lock") {
  setup at;
  at.put("a");
  at.time.advance(61s);
  CHECK(at.held.purge_expired().size() == 1);
  CHECK(at.destroyed == 1);
  at.put("a");
  CHECK(at.held.replace("a", std::make_shared<nosy>(at.held, at.destroyed)).stored);
  CHECK(at.destroyed == 2);
  at.put("a");
  CHECK(at.destroyed == 3);
  CHECK(at.held.invalidate("a").size() == 1);
  CHECK(at.destroyed == 4);
  at.put("a");
  at.put("b");
  CHECK(at.held.invalidate().size() == 2);
  CHECK(at.destroyed == 6);
}

TEST_CASE("a value that lost its generation is destroyed outside the lock") {
  setup at;
  {
    const auto ticket = at.held.begin_build("a");
    at.held.invalidate("a");
    CHECK_FALSE(at.held.store(ticket, std::make_shared<nosy>(at.held, at.destroyed)).stored);
  }
  CHECK(at.destroyed == 1);
  CHECK_FALSE(at.held.replace("a", std::make_shared<nosy>(at.held, at.destroyed)).stored);
  CHECK(at.destroyed == 2);
}

TEST_CASE("the caller decides when a displaced value goes") {
  setup at(1);
  at.put("a");
  auto outcome = at.held.store(at.held.begin_build("b"), std::make_shared<nosy>(at.held, at.destroyed));
  CHECK(outcome.gone.size() == 1);
  CHECK(at.destroyed == 0);
  outcome.gone = {};
  CHECK(at.destroyed == 1);
}

TEST_CASE("whoever found a value keeps it after it left the cache") {
  setup at;
  at.put("a");
  const auto held = at.held.find("a");
  at.held.invalidate("a");
  CHECK(at.destroyed == 0);
}
