// Goal: under threads no find that starts after an invalidate has returned sees a value whose build began before it.
// Method: four threads on few tenants; each value carries the version that its build read, and invalidate is
// called only after the version was raised, as a changed configuration would.
#include "timed_cache.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

TEST_CASE("four threads find, build, replace, invalidate and purge without seeing a stale value") {
  constexpr int tenants = 6;
  constexpr int rounds = 4'000;
  std::array<std::atomic<int>, tenants> raised{};       // the version a build reads
  std::array<std::atomic<int>, tenants> invalidated{};  // at least this version must be seen by who looks now
  std::atomic<int> stale = 0;
  std::atomic<bool> all_invalidated_once = false;
  tenon::testing::timed_cache<std::shared_ptr<const int>> cache(4, 1ms, tenon::system_clock());

  const auto worker = [&](unsigned seed) {
    for (int round = 0; round < rounds; ++round) {
      seed = seed * 1664525u + 1013904223u;
      const auto tenant = static_cast<std::size_t>(seed >> 8) % tenants;
      const auto name = std::to_string(tenant);
      switch ((seed >> 20) % 16) {
        case 0: {
          const int version = raised[tenant].fetch_add(1) + 1;
          cache.invalidate(name);
          int seen = invalidated[tenant].load();
          while (seen < version && !invalidated[tenant].compare_exchange_weak(seen, version)) {
          }
          break;
        }
        case 1:
          cache.invalidate();
          all_invalidated_once = true;
          break;
        case 2:
          cache.purge_expired();
          (void)cache.tenants();
          (void)cache.next_expiry();
          break;
        case 3:
          cache.replace(name, std::make_shared<const int>(1 << 30));
          cache.invalidate(name);
          break;
        default: {
          const int least = invalidated[tenant].load();
          if (const auto found = cache.find(name)) {
            if (**found < least) ++stale;
            break;
          }
          const auto ticket = cache.begin_build(name);
          const int version = raised[tenant].load();
          std::this_thread::yield();
          cache.store(ticket, std::make_shared<const int>(version));
        }
      }
    }
  };

  std::vector<std::jthread> threads;
  for (unsigned seed = 1; seed <= 4; ++seed) threads.emplace_back(worker, seed * 7919u);
  threads.clear();
  CHECK(stale == 0);
  CHECK(all_invalidated_once);
  CHECK(cache.builds_in_flight() == 0);
  CHECK(cache.tenants().size() <= 4);
}
