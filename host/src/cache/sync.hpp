#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>

namespace tenon {

/// What the cache synchronises with. The protocols of this module are templates over such a type, so that the source
/// that serves requests is also the source that a model checker explores (tests/model).
///
/// The fences order a store before a later load, against each other: in every run of a light and a heavy one, either
/// what stood before the light one is seen after the heavy one, or the other way round. Two full fences do so too.
struct std_sync {
  template <class T>
  using atomic = std::atomic<T>;
  using mutex = std::mutex;

  /// How many leases a thread takes before it needs a second record of them (see lease_domain): 512 bytes.
  static constexpr std::size_t slots_per_record = 32;

  /// Stops the compiler alone; for hits. Only while heavy_fences() is true.
  static void light_fence() noexcept { std::atomic_signal_fence(std::memory_order_seq_cst); }
  static void full_fence() noexcept { std::atomic_thread_fence(std::memory_order_seq_cst); }
  /// Makes every core that runs this process make a full fence: membarrier(2), some microseconds.
  static void heavy_fence() noexcept;
  /// Whether this kernel makes heavy fences; where it does not, they are full ones. The answer never changes.
  static bool heavy_fences() noexcept;
};

}  // namespace tenon
