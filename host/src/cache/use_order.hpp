#pragma once

#include "cache/ordered_heap.hpp"

#include <tenon/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace tenon {

/// Which entry of a cache was used least recently. Every use leaves a stamp in the entry: twice the number of ticks and
/// insertions so far, and one more for a hit than for an insertion. So two uses that a tick or an insertion separates
/// are ordered as they happened; among uses in one tick the older entry goes first. A tick is 4.2 ms, as long as one of
/// the coarse clock: with shorter ones cores take the stamps of many entries from each other all the time.
///
/// Entry       has an atomic `stamp`, its own `number`, and `place_by_use`.
/// Threads     hit_stamp(): any. The rest: one at a time, under the owner's lock.
/// Cost        A hit reads one number that only insertions write. Finding the least recently used: O(log n) for every
///             entry that was used since it was last looked at and stands before it.
template <class Entry, class Sync>
class use_order {
 public:
  using entries = ordered_heap<std::uint64_t, Entry, &Entry::place_by_use>;

  std::uint64_t hit_stamp(steady_time now) const noexcept { return stamp(now) + 1; }

  std::uint64_t next_stamp(steady_time now) noexcept {
    insertions_.store(insertions_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return stamp(now);
  }

  void reserve_one() { known_.reserve_one(); }
  void insert(Entry& entered, std::uint64_t stamp) noexcept {
    entered.stamp.store(stamp, std::memory_order_relaxed);
    known_.insert(stamp, entered);
  }
  void take_out(Entry& gone) noexcept { known_.take_out(gone); }
  entries take_all() noexcept { return std::exchange(known_, {}); }

  const entries& all() const noexcept { return known_; }
  std::size_t size() const noexcept { return known_.size(); }

  // The heap knows for every entry a stamp that it had once. Stamps only grow, so the first entry whose stamp is still
  // the known one has the smallest of all; the others on the way are put where their stamps belong.
  Entry& least_recently_used() noexcept {
    for (auto patience = 2 * known_.size(); patience > 0; --patience) {
      const auto& first = known_.first();
      const auto last_use = first.item->stamp.load(std::memory_order_relaxed);
      if (last_use == first.key) break;
      known_.change_key(*first.item, last_use);
    }
    return *known_.first().item;
  }

 private:
  std::uint64_t stamp(steady_time now) const noexcept {
    constexpr int tick_bits = 22;  // of a time in nanoseconds
    const auto ticks = static_cast<std::uint64_t>(now.time_since_epoch().count()) >> tick_bits;
    return 2 * (ticks + insertions_.load(std::memory_order_relaxed));
  }

  alignas(64) typename Sync::template atomic<std::uint64_t> insertions_{0};
  alignas(64) entries known_;
};

}  // namespace tenon
