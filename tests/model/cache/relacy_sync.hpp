#pragma once

#include "relacy.hpp"

#include "cache/lease_domain.hpp"

namespace tenon::model {

using place = std::source_location;

/// A place in the source, for the history that Relacy prints of a schedule that fails.
inline rl::debug_info at(const place& where) { return {where.function_name(), where.file_name(), where.line()}; }

inline rl::memory_order order_of(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed: return rl::mo_relaxed;
    case std::memory_order_consume: return rl::mo_consume;
    case std::memory_order_acquire: return rl::mo_acquire;
    case std::memory_order_release: return rl::mo_release;
    case std::memory_order_acq_rel: return rl::mo_acq_rel;
    case std::memory_order_seq_cst: break;
  }
  return rl::mo_seq_cst;
}

/// As std::atomic, as far as the cache uses it: a load finds any value that the C++ memory model allows.
template <class T>
class atomic {
 public:
  atomic() = default;
  explicit atomic(T first) {
    if (first != T()) cell_.store(first, rl::mo_relaxed, at(place::current()));
  }

  T load(std::memory_order order, const place& where = place::current()) const {
    return cell_.load(order_of(order), at(where));
  }
  void store(T value, std::memory_order order, const place& where = place::current()) {
    cell_.store(value, order_of(order), at(where));
  }

 private:
  rl::generic_atomic<T, true> cell_;
};

class mutex {
 public:
  void lock(const place& where = place::current()) { held_.lock(at(where)); }
  void unlock(const place& where = place::current()) { held_.unlock(at(where)); }

 private:
  rl::mutex held_;
};

inline void full_fence(const place& where = place::current()) { rl::atomic_thread_fence(rl::mo_seq_cst, at(where)); }

/// The threads of the iteration that runs. One that has not begun makes a full fence when it does, as a thread that a
/// core takes up again.
constexpr std::size_t most_threads = 8;
inline std::array<rl::thread_info_base*, most_threads> running;

/// The machine with membarrier(2), exactly: a light fence is nothing at all, a heavy one a full fence on every thread,
/// wherever that is in its program, and on one after the other.
struct membarrier {
  static constexpr bool there = true;

  static void light_fence() {}
  static void heavy_fence() {
    full_fence();
    auto& machine = rl::ctx();
    auto* const mine = machine.threadx_;
    for (auto* const each : running) {
      if (each == nullptr || each == mine) continue;
      machine.sched();
      machine.disable_preemption();
      machine.threadx_ = each;
      machine.atomic_thread_fence_seq_cst();
      machine.threadx_ = mine;
      machine.enable_preemption();
    }
    full_fence();
  }
};

/// The machine without, exactly: light fences are nothing, heavy ones a full fence on the thread that makes them.
struct no_membarrier {
  static constexpr bool there = false;

  static void light_fence() {}
  static void heavy_fence() { full_fence(); }
};

/// What the protocol may rely on and no more (C++ paper P1202): a light and a heavy fence order against each other.
/// Here a light fence that is missing shows, which on the machine is the compiler's licence to move a load.
struct paired_fences {
  static constexpr bool there = true;

  static void light_fence() { full_fence(); }
  static void heavy_fence() { full_fence(); }
};

/// std_sync for Relacy, on one of the machines.
template <class Machine>
struct relacy_sync {
  template <class T>
  using atomic = model::atomic<T>;
  using mutex = model::mutex;

  static constexpr std::size_t slots_per_record = 2;

  static void light_fence() noexcept { Machine::light_fence(); }
  static void full_fence() noexcept { model::full_fence(); }
  static void heavy_fence() noexcept { Machine::heavy_fence(); }
  static bool heavy_fences() noexcept { return Machine::there; }
};

}  // namespace tenon::model

namespace tenon {

/// A domain per iteration, a seat per thread.
template <class Machine>
struct lease_access<model::relacy_sync<Machine>> {
  using sync = model::relacy_sync<Machine>;

  static lease_domain<sync>& domain() noexcept { return *of_iteration; }
  static lease_seat<sync>& seat() noexcept { return seats.at(static_cast<std::size_t>(rl::ctx().current_thread())); }
  static void joined() noexcept {}

  static inline lease_domain<sync>* of_iteration = nullptr;
  static inline std::array<lease_seat<sync>, model::most_threads> seats{};
};

}  // namespace tenon
