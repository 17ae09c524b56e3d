// Goal: G1, a hit takes no lock, allocates nothing and writes nothing that other threads write but the stamp of its
// last use, once per tick; counted, not timed. Method: the cache over atomics and mutexes that write down what is done
// to them. What a lease writes is its own slot, which no other thread writes while it is leased.
#include "cache/platform_cache.hpp"
#include "manual_clock.hpp"
#include "timed_cache.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <vector>

namespace {

/// What was done since the last look.
struct deeds {
  std::vector<const void*> stores{};
  int locks = 0;
  int full_fences = 0;
};
deeds done;
bool watching = false;

template <class T>
class watched_atomic {
 public:
  constexpr watched_atomic() = default;
  constexpr watched_atomic(T initial) : held_(initial) {}  // NOLINT(google-explicit-constructor): as std::atomic

  T load(std::memory_order order) const noexcept { return held_.load(order); }
  void store(T value, std::memory_order order) noexcept {
    if (watching) done.stores.push_back(this);
    held_.store(value, order);
  }

 private:
  std::atomic<T> held_{};
};

struct watched_mutex {
  void lock() {
    if (watching) ++done.locks;
  }
  void unlock() {}
};

struct watched_sync {
  template <class T>
  using atomic = watched_atomic<T>;
  using mutex = watched_mutex;
  static constexpr std::size_t slots_per_record = 32;

  static void light_fence() noexcept {}
  static void full_fence() noexcept {
    if (watching) ++done.full_fences;
  }
  static void heavy_fence() noexcept {}
  static bool heavy_fences() noexcept { return true; }
};

tenon::lease_domain<watched_sync> domain;
tenon::lease_seat<watched_sync> seat;

}  // namespace

template <>
struct tenon::lease_access<watched_sync> {
  static lease_domain<watched_sync>& domain() noexcept { return ::domain; }
  static lease_seat<watched_sync>& seat() noexcept { return ::seat; }
  static void joined() {}
};

namespace {

using cache = tenon::platform_cache<int, watched_sync>;

/// What one hit does, from find() to the end of the lease.
template <class Clock>
deeds hit(cache& held, const Clock& time) {
  done = {};
  done.stores.reserve(16);
  watching = true;
  {
    const auto found = held.find("a tenant whose name is not short", time.steady_now());
    watching = found ? watching : false;
  }
  CHECK(watching);
  watching = false;
  return done;
}

bool in_slots(const void* address) {
  const auto* const first = reinterpret_cast<const char*>(&seat.record->slots);
  return address >= first && address < first + sizeof seat.record->slots;
}

}  // namespace

TEST_CASE("G1 a hit writes its own slot three times, the stamp once per tick, and nothing else; it takes no lock") {
  tenon::testing::manual_clock time;
  cache held(4, time, {});
  held.store(held.begin_build("a tenant whose name is not short"), 1, {});
  time.advance(tenon::testing::one_tick);
  (void)hit(held, time);  // the thread's first lease takes a record
  for (int tick = 0; tick < 3; ++tick) {
    time.advance(tenon::testing::one_tick * 4);
    const auto first = hit(held, time);
    CHECK(first.stores.size() == 4);
    CHECK(std::ranges::count_if(first.stores, in_slots) == 3);
    for (int again = 0; again < 3; ++again) {
      const auto next = hit(held, time);
      CHECK(next.stores.size() == 3);
      CHECK(std::ranges::count_if(next.stores, in_slots) == 3);
      CHECK(next.locks + first.locks == 0);
      CHECK(next.full_fences + first.full_fences == 0);
    }
  }
}
