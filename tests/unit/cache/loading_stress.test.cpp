// Goal: under threads every request is answered once, nobody who asks after an invalidate has returned gets what was
// begun before it, every value is destroyed once, and a shutdown finds its end.
// Method: threads that ask, leave, invalidate and mark, over few tenants, a short line and short lives; builds that end
// inline, elsewhere, twice, with an error, by an exception, not at all, or too late. Each value carries the version that
// its build read; an invalidate comes after the version was raised, as a changed configuration would.
#include "cache/loading_cache.hpp"

#include "await.hpp"
#include "thread_scheduler.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t tenants = 6;
constexpr int askers = 3;
constexpr int rounds = 4'000;

struct versioned {
  versioned(int read, std::atomic<int>& counted) : version(read), alive(counted) { ++alive; }
  versioned(const versioned&) = delete;
  versioned& operator=(const versioned&) = delete;
  ~versioned() { --alive; }

  const int version;
  std::atomic<int>& alive;
};

using cache = loading_cache<std::shared_ptr<versioned>>;

struct dice {
  unsigned state;
  unsigned operator()(unsigned sides) {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % sides;
  }
};

struct storm {
  explicit storm(loading_options options) {
    held = cache::make(
        system_clock(), std::shared_ptr<work_scheduler>(std::shared_ptr<void>(), &*scheduler),
        std::make_shared<splitmix_source>(7),
        [this](const std::string& tenant, std::stop_token, cache::built_handler done) {
          build(static_cast<std::size_t>(tenant[0] - '0'), std::move(done));
        },
        std::move(options));
  }

  void build(std::size_t tenant, cache::built_handler done) {
    const auto value = std::make_shared<versioned>(raised[tenant].load(), alive);
    switch (builds.fetch_add(1) % 64) {
      case 0: throw error_exception(make_error("SERVICE_UNAVAILABLE", "it threw"));
      case 1: return done(make_error("SERVICE_UNAVAILABLE", "it failed"));
      case 2: return;
      case 3: {
        auto again = done.spare();
        done(value);
        return again(value);
      }
      case 4: {
        const std::lock_guard lock(mutex);
        return hung.push_back(std::move(done));
      }
      case 5:
      case 6:
      case 7:
      case 8:
      case 9:
      case 10: return scheduler->post([value, done = std::move(done)]() mutable { done(value); });
      default: return done(value);
    }
  }

  void look(int least, const cache::lease& found) {
    if ((*found)->version < least) ++too_old;
  }

  void ask(unsigned seed) {
    dice roll{seed};
    std::deque<cache::lease> kept;
    for (int round = 0; round < rounds; ++round) {
      while (asked - answered > 32) std::this_thread::yield();  // else most of them are refused
      const std::size_t tenant = roll(tenants);
      const auto name = std::to_string(tenant) + " is a tenant";
      switch (roll(24)) {
        case 0: {
          const int version = raised[tenant].fetch_add(1) + 1;
          held->invalidate(name);
          int seen = invalidated[tenant].load();
          while (seen < version && !invalidated[tenant].compare_exchange_weak(seen, version)) {
          }
          break;
        }
        case 1: held->invalidate(); break;
        case 2: held->mark_stale(name); break;
        case 3: (void)held->report(); break;
        case 4: kept.clear(); break;
        default: {
          const int least = invalidated[tenant].load();
          if (auto found = held->find(name)) {
            look(least, found);
            if (kept.size() > 40) kept.pop_front();
            kept.push_back(std::move(found));
            break;
          }
          std::stop_source leaves;
          ++asked;
          held->get(name, leaves.get_token(), [this, least](result<cache::lease> got) {
            if (got) look(least, *got);
            answered.fetch_add(1);
          });
          if (roll(8) == 0) leaves.request_stop();
        }
      }
    }
  }

  std::optional<thread_scheduler> scheduler{std::in_place, 2};  ///< not the cache's: no thread of it can end it
  std::array<std::atomic<int>, tenants> raised{};
  std::array<std::atomic<int>, tenants> invalidated{};
  std::atomic<int> alive = 0, too_old = 0, asked = 0, answered = 0;
  std::atomic<unsigned> builds = 0;
  std::mutex mutex;
  std::vector<cache::built_handler> hung;
  std::shared_ptr<cache> held;
};

}  // namespace

TEST_CASE("threads ask, leave, invalidate and mark: each is answered once, nobody too old, and nothing is left") {
  for (const auto mode : {cold_start::coalesce, cold_start::each}) {
    storm now({.size = 4,
               .freshness = {.time_to_live = 2ms, .jitter = 0.5, .refresh_beta = 1, .stale_if_error = 1ms},
               .cold_start = mode,
               .on_failure = mode == cold_start::each ? on_failure::backoff : on_failure::each,
               .max_builds = 3,
               .max_queued_builds = 4,
               .build_timeout = 5ms});
    {
      std::vector<std::jthread> threads;
      for (unsigned seed = 1; seed <= askers; ++seed) threads.emplace_back([&now, seed] { now.ask(seed * 7919u); });
    }
    tally ended;
    std::atomic<bool> left_nothing = false;
    now.held->shut_down(patience, [&](const cache_remains& left) {
      left_nothing = left.empty();
      ended.raise();
    });
    CHECK(ended.reaches(1));
    CHECK(left_nothing);
    now.hung.clear();  // too late
    now.held.reset();
    now.scheduler.reset();
    CHECK(now.too_old == 0);
    CHECK(now.builds > 100);
    CHECK(now.answered == now.asked);
    CHECK(now.alive == 0);
  }
}
