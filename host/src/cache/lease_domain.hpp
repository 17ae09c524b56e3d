#pragma once

#include "cache/sync.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace tenon {

template <class Sync>
class leasable;

/// Who is told that what it retired is leased no more.
template <class Sync>
class lease_owner {
 public:
  lease_owner() = default;
  lease_owner(const lease_owner&) = delete;
  lease_owner& operator=(const lease_owner&) = delete;

  /// On the thread that found it out, outside the domain's lock. Once for every node.
  virtual void unleased(leasable<Sync>& node) noexcept = 0;

 protected:
  ~lease_owner() = default;
};

/// What leases keep alive. Whoever made it takes it out of every reader's sight, then retires it with its domain, which
/// tells the owner when no lease names it any more.
template <class Sync>
class leasable {
 public:
  /// The owner lives as long as the node.
  explicit leasable(lease_owner<Sync>& told) noexcept : owner(&told) {}
  leasable(const leasable&) = delete;
  leasable& operator=(const leasable&) = delete;

  lease_owner<Sync>* const owner;
  leasable* next =
      nullptr;  ///< in a list of whoever has it: the writer that retires it, then the domain, then the owner

 protected:
  ~leasable() = default;

 private:
  template <class>
  friend class lease_domain;
  bool leased_ = false;  ///< what the scan that is running found
};

/// The place where one lease says what it protects. Empty: nothing.
template <class Sync>
struct lease_slot {
  typename Sync::template atomic<leasable<Sync>*> held{nullptr};
  typename Sync::template atomic<std::int64_t> since_ns{0};  ///< steady time at which it was taken
};

/// The slots that one thread gives out. Records are never freed: they outlive their thread, and the next thread that
/// needs one takes it over, with what is still held in it.
template <class Sync>
struct alignas(64) lease_record {
  std::array<lease_slot<Sync>, Sync::slots_per_record> slots{};
  lease_record* next = nullptr;      ///< of the domain; fixed before the record can be seen
  lease_record* next_own = nullptr;  ///< of the thread that owns it; a ring
  bool owned = true;                 ///< under the domain's lock
};

/// A thread's way to its records. `at` is where it took its last slot.
template <class Sync>
struct lease_seat {
  lease_slot<Sync>* at = nullptr;
  lease_record<Sync>* record = nullptr;
};

/// Where leases of a kind find their domain, and the calling thread its seat in it.
template <class Sync>
struct lease_access;

/// Leases as hazard pointers: a lease is a slot that names what it protects, and what has been retired is let go when
/// a scan of all slots finds nobody who names it.
///
/// The protocol, in which one side makes light fences and the other side a heavy one (see std_sync):
///
///   reader      slot := node; light; look again: is the node still where it was found? Only then it is leased.
///   releaser    slot := empty; light; if the node's bit is in the mask, scan the slots for the nodes of that bit.
///   retire()    the node is out of sight; set its bit in the mask.
///   collect()   heavy; scan the slots for what was retired.
///
/// So either collect() sees the slot or the reader sees that the node is gone; and either collect() sees the slot empty
/// or the releaser sees the bit. After a heavy fence nobody can lease the node any more, so a releaser needs none: the
/// lock orders the scans of releasers. The mask lets a releaser learn that its node may have been retired without
/// touching it, and keeps releases of everything else from scanning while one long call pins an old platform.
///
/// These are the hazard pointers of M. Michael, "Hazard Pointers: Safe Memory Reclamation for Lock-Free Objects"
/// (2004), with slots that belong to the lease instead of the thread, so that any thread may release, and with the
/// asymmetric fences of C++ paper P1202.
///
/// Lifetime    Longer than any lease: a release looks at the mask when the node and its owner may have gone.
/// Threads     Any, concurrently. A seat: its thread alone. A slot: filled by its record's thread, emptied by anybody.
/// Cost        Taking and releasing: two stores and one, to memory of the thread, that wait for nothing. Retiring: one
///             lock. Collecting, and releasing what was retired: one lock and a look at every slot; collecting
///             interrupts the cores that run this process, some microseconds.
/// Errors      std::bad_alloc when a thread takes its first lease, or more at a time than ever before.
template <class Sync>
class lease_domain {
 public:
  using node = leasable<Sync>;
  using slot = lease_slot<Sync>;
  using record = lease_record<Sync>;
  using seat = lease_seat<Sync>;

  constexpr lease_domain() = default;
  lease_domain(const lease_domain&) = delete;
  lease_domain& operator=(const lease_domain&) = delete;
  /// For domains of tests, whose leases have all been released.
  ~lease_domain() {
    while (records_ != nullptr) delete std::exchange(records_, records_->next);
  }

  /// Names `what` in an empty slot of this thread. It is leased once the caller has made sure, after this, that nobody
  /// retired it.
  slot& announce(seat& mine, node* what, std::int64_t now_ns) {
    if (auto* const at = announce_at_hand(mine, what, now_ns); at != nullptr) [[likely]]
      return *at;
    return announce_elsewhere(mine, what, now_ns);
  }

  /// The same, if the slot that this thread used last is empty; else null.
  slot* announce_at_hand(seat& mine, node* what, std::int64_t now_ns) noexcept {
    auto* const at = mine.at;
    if (at == nullptr || at->held.load(std::memory_order_acquire) != nullptr) [[unlikely]]
      return nullptr;
    fill(*at, what, now_ns);
    Sync::light_fence();
    return at;
  }

  /// Ends what announce() began, whether it became a lease or not. `what` is not looked into.
  void release(slot& held, const node* what) noexcept {
    held.held.store(nullptr, std::memory_order_release);
    Sync::light_fence();
    if (mask_.load(std::memory_order_relaxed) != 0) [[unlikely]]
      look_for_retired(what);
  }

  /// Takes over a list of nodes that no reader can find any more. They are let go by collect(), which the caller sees
  /// to soon.
  void retire(node* list) noexcept {
    if (list == nullptr) return;
    const std::lock_guard lock(mutex_);
    auto mask = mask_.load(std::memory_order_relaxed);
    while (list != nullptr) {
      auto* const each = std::exchange(list, list->next);
      each->next = std::exchange(fresh_, each);
      mask |= bit(each);
    }
    mask_.store(mask, std::memory_order_relaxed);
  }

  /// Calls unleased() of everything retired that nobody leases.
  void collect() noexcept {
    node* unleased = nullptr;
    {
      const std::lock_guard lock(mutex_);
      if (fresh_ == nullptr) return;
      std::uint64_t changed = 0;
      while (fresh_ != nullptr) {
        auto* const each = std::exchange(fresh_, fresh_->next);
        each->next = std::exchange(retired_[bucket(each)], each);
        changed |= bit(each);
      }
      Sync::heavy_fence();
      unleased = scan(changed);
    }
    tell(unleased);
  }

  /// Gives a thread's records back when it ends. Leases in them stay what they are.
  void leave(seat& mine) noexcept {
    const std::lock_guard lock(mutex_);
    if (mine.record == nullptr) return;
    auto* const first = mine.record;
    for (auto* each = first; each != nullptr;) {
      auto* const following = each->next_own == first ? nullptr : each->next_own;
      each->next_own = nullptr;
      each->owned = false;
      each = following;
    }
    mine = {};
  }

  /// Calls look(node, since_ns) for every slot in use. A node that is not known to be alive may only be compared.
  template <class Look>
  void for_each_lease(Look look) const {
    const std::lock_guard lock(mutex_);
    each_slot([&look](const slot& each) {
      if (const auto* held = each.held.load(std::memory_order_acquire); held != nullptr)
        look(held, each.since_ns.load(std::memory_order_relaxed));
    });
  }

  /// Calls look(node) for everything that was retired and is still leased.
  template <class Look>
  void for_each_retired(Look look) const {
    const std::lock_guard lock(mutex_);
    for (const auto* each = fresh_; each != nullptr; each = each->next) look(*each);
    for (const auto* list : retired_) {
      for (const auto* each = list; each != nullptr; each = each->next) look(*each);
    }
  }

 private:
  static constexpr std::size_t buckets = 63;
  static constexpr std::uint64_t never_empty = std::uint64_t{1} << buckets;  ///< the bit of no bucket

  static std::size_t bucket(const node* what) noexcept {
    return (reinterpret_cast<std::uintptr_t>(what) / 64) % buckets;
  }
  static std::uint64_t bit(const node* what) noexcept { return std::uint64_t{1} << bucket(what); }

  static void fill(slot& empty, node* what, std::int64_t now_ns) noexcept {
    empty.since_ns.store(now_ns, std::memory_order_relaxed);
    empty.held.store(what, std::memory_order_release);
  }

  // Without heavy fences no thread has a slot at hand, and so every announcement makes a full fence here.
  [[gnu::cold, gnu::noinline]] slot& announce_elsewhere(seat& mine, node* what, std::int64_t now_ns) {
    auto& found = search(mine);
    fill(found, what, now_ns);
    if (Sync::heavy_fences()) {
      Sync::light_fence();
      mine.at = &found;
    } else {
      Sync::full_fence();
    }
    return found;
  }

  slot& search(seat& mine) {
    if (mine.record == nullptr) add_record(mine);
    auto* const first = mine.record;
    do {
      for (auto& each : mine.record->slots) {
        if (each.held.load(std::memory_order_acquire) == nullptr) return each;
      }
      mine.record = mine.record->next_own;
    } while (mine.record != first);
    add_record(mine);
    return search(mine);  // of what was taken over, all slots may be in use
  }

  /// Puts an unowned record, or a new one, into the thread's ring, and turns the ring to it.
  void add_record(seat& mine) {
    const std::lock_guard lock(mutex_);
    auto* found = records_;
    while (found != nullptr && found->owned) found = found->next;
    if (found == nullptr) {
      found = std::make_unique<record>().release();
      found->next = records_;
      records_ = found;
      drop_bits();
    }
    if (mine.record == nullptr) lease_access<Sync>::joined();
    found->owned = true;
    found->next_own = mine.record == nullptr ? found : std::exchange(mine.record->next_own, found);
    mine.record = found;
  }

  // Without heavy fences the mask is never empty, and so every release makes a full fence here.
  [[gnu::cold, gnu::noinline]] void look_for_retired(const node* what) noexcept {
    if (!Sync::heavy_fences()) Sync::full_fence();
    const auto mine = bit(what);
    if ((mask_.load(std::memory_order_relaxed) & mine) == 0) return;
    node* unleased = nullptr;
    {
      const std::lock_guard lock(mutex_);
      unleased = scan(mine);
    }
    tell(unleased);
  }

  static void tell(node* unleased) noexcept {
    while (unleased != nullptr) {
      auto& each = *std::exchange(unleased, unleased->next);
      each.owner->unleased(each);
    }
  }

  /// Takes what nobody leases from the lists that `changed` has a bit for.
  node* scan(std::uint64_t changed) noexcept {
    each_slot([&](const slot& each) {
      const auto* const held = each.held.load(std::memory_order_acquire);
      if (held == nullptr || (bit(held) & changed) == 0) return;
      for (auto* one = retired_[bucket(held)]; one != nullptr; one = one->next) one->leased_ |= one == held;
    });
    node* unleased = nullptr;
    for (; changed != 0; changed &= changed - 1) {
      for (auto** at = &retired_[static_cast<std::size_t>(std::countr_zero(changed))]; *at != nullptr;) {
        auto* const each = *at;
        if (std::exchange(each->leased_, false)) {
          at = &each->next;
        } else {
          *at = each->next;
          each->next = std::exchange(unleased, each);
        }
      }
    }
    drop_bits();
    return unleased;
  }

  // Invariant: the mask has the bit of everything on a list.
  void drop_bits() noexcept {
    std::uint64_t mask = Sync::heavy_fences() ? 0 : never_empty;
    for (const auto* each = fresh_; each != nullptr; each = each->next) mask |= bit(each);
    for (std::size_t each = 0; each < buckets; ++each) {
      if (retired_[each] != nullptr) mask |= std::uint64_t{1} << each;
    }
    mask_.store(mask, std::memory_order_relaxed);
  }

  template <class Look>
  void each_slot(Look look) const {
    for (auto* each = records_; each != nullptr; each = each->next) {
      for (auto& one : each->slots) look(one);
    }
  }

  alignas(64) typename Sync::template atomic<std::uint64_t> mask_{never_empty};  ///< buckets that are not empty

  alignas(64) mutable typename Sync::mutex mutex_;
  record* records_ = nullptr;
  node* fresh_ = nullptr;                 ///< retired, and not collected yet
  std::array<node*, buckets> retired_{};  ///< collected, and leased when that was last looked at; by bucket
};

namespace detail {

/// Never destroyed: leases may be released while the process ends.
union process_leases {
  constexpr process_leases() : domain() {}
  ~process_leases() {}
  lease_domain<std_sync> domain;
};
extern process_leases leases_of_process;
extern constinit thread_local lease_seat<std_sync> leases_of_thread;

}  // namespace detail

/// One domain for the process.
/// Rationale: its records and its mask have to outlive every lease, and a lease may outlive its cache and its host; so
/// they belong to nobody, as the memory that an allocator keeps. Constant-initialised, and no part of any composition.
template <>
struct lease_access<std_sync> {
  static lease_domain<std_sync>& domain() noexcept { return detail::leases_of_process.domain; }
  static lease_seat<std_sync>& seat() noexcept { return detail::leases_of_thread; }
  /// Called when this thread takes its first record: it is given back when the thread ends.
  static void joined() noexcept;
};

}  // namespace tenon
