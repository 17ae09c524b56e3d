#pragma once

#include "cache/sync.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace tenon {

/// Where items are found by the hash of their name: open addressing, linear probing, at most half full. Readers take no
/// lock: they see an item or they do not, and whether what they saw is still there they ask once more, after they have
/// announced it (see lease_domain). Items never move, so a reader misses none that stays; it may miss one while the
/// table grows, and asks again under the writer's lock.
///
/// Threads     Readers: any, concurrently. Writers: one at a time, under the owner's lock.
/// Cost        A probe: one cache line as a rule. 32 to 64 bytes of address space per item; what is grown out of is kept
///             for readers that are still in it, and is less than what is in use.
template <class Item, class Sync>
class slot_table {
  static constexpr std::size_t first_block = 16'384;  ///< slots; a larger table grows as it is filled
  static constexpr std::uint64_t vacant = 0;          ///< no item, and none beyond: a walk ends here
  static constexpr std::uint64_t deserted = 1;        ///< no item, but there may be some beyond

  struct slot {
    typename Sync::template atomic<std::uint64_t> hash{vacant};
    typename Sync::template atomic<Item*> item{nullptr};
  };

  /// The slots lie behind it, in the same allocation: one step less on the way of a hit.
  struct alignas(64) block {
    std::size_t mask;

    slot* slots() noexcept { return reinterpret_cast<slot*>(this + 1); }
    const slot* slots() const noexcept { return reinterpret_cast<const slot*>(this + 1); }
  };
  struct drop_block {
    void operator()(block* gone) const noexcept {
      std::destroy_n(gone->slots(), gone->mask + 1);
      ::operator delete(gone, std::align_val_t(alignof(block)));
    }
  };
  using owned_block = std::shared_ptr<block>;

  static owned_block make_block(std::size_t slots) {
    void* const memory = ::operator new(sizeof(block) + slots * sizeof(slot), std::align_val_t(alignof(block)));
    auto* const made = new (memory) block{slots - 1};
    std::uninitialized_default_construct_n(made->slots(), slots);
    return owned_block(made, drop_block());
  }

 public:
  explicit slot_table(std::size_t items)
      : blocks_(1, make_block(std::bit_ceil(std::clamp<std::size_t>(items, 2, first_block / 4) * 4))) {
    block_.store(blocks_.back().get(), std::memory_order_seq_cst);
  }
  slot_table(const slot_table&) = delete;
  slot_table& operator=(const slot_table&) = delete;

  /// A reader's walk over what is under one hash. What item() shows may have been destroyed, until it was announced to
  /// the lease domain and is_there() said, after that, that nobody has taken it out.
  class walk {
   public:
    walk(const slot_table& table, std::uint64_t hash) noexcept
        : hash_(usable(hash)), in_(table.block_.load(std::memory_order_acquire)), at_(hash & in_->mask) {
      seek();
    }

    Item* item() const noexcept { return item_; }  ///< null: there is nothing more
    bool is_there() const noexcept { return in_->slots()[at_].item.load(std::memory_order_acquire) == item_; }
    void next() noexcept {
      at_ = (at_ + 1) & in_->mask;
      seek();
    }

   private:
    void seek() noexcept {
      for (;; at_ = (at_ + 1) & in_->mask) {
        const auto& seen = in_->slots()[at_];
        const auto marked = seen.hash.load(std::memory_order_acquire);
        if (marked == hash_) [[likely]] {
          item_ = seen.item.load(std::memory_order_acquire);
          if (item_ != nullptr) [[likely]]
            return;
        } else if (marked == vacant) {
          item_ = nullptr;
          return;
        }
      }
    }

    std::uint64_t hash_;
    const block* in_;
    std::size_t at_;
    Item* item_ = nullptr;
  };

  /// For writers: the item under `hash` that `is_it` accepts, or null.
  template <class IsIt>
  Item* find(std::uint64_t hash, IsIt is_it) const {
    walk at(*this, hash);
    while (at.item() != nullptr && !is_it(*at.item())) at.next();
    return at.item();
  }

  /// Makes room, so that the next insert() cannot fail.
  void reserve_one() {
    auto& full = *blocks_.back();
    if ((count_ + 1) * 2 <= full.mask + 1) return;
    blocks_.reserve(blocks_.size() + 1);
    auto larger = make_block((full.mask + 1) * 4);
    for (std::size_t at = 0; at <= full.mask; ++at) {
      const auto& each = full.slots()[at];
      if (auto* const item = each.item.load(std::memory_order_relaxed); item != nullptr)
        place(*larger, each.hash.load(std::memory_order_relaxed), *item);
    }
    blocks_.push_back(std::move(larger));
    block_.store(blocks_.back().get(), std::memory_order_seq_cst);
    // Who is still in the old block finds from here on that what it announces is not there, and looks in the new one.
    for (std::size_t at = 0; at <= full.mask; ++at) full.slots()[at].item.store(nullptr, std::memory_order_seq_cst);
  }

  /// An item under a name that is not in the table.
  void insert(std::uint64_t hash, Item& item) noexcept {
    place(*blocks_.back(), usable(hash), item);
    ++count_;
  }

  /// Puts `successor` where `item` is, in one step: a reader finds one or the other.
  void exchange(std::uint64_t hash, const Item& item, Item& successor) noexcept {
    slot_of(hash, item).item.store(&successor, std::memory_order_seq_cst);
  }

  void take_out(std::uint64_t hash, const Item& item) noexcept {
    auto& gone = slot_of(hash, item);
    gone.item.store(nullptr, std::memory_order_seq_cst);
    gone.hash.store(deserted, std::memory_order_release);
    --count_;
    tidy(static_cast<std::size_t>(&gone - blocks_.back()->slots()));
  }

 private:
  /// Neither vacant nor deserted. The place in the table depends on lower bits.
  static std::uint64_t usable(std::uint64_t hash) noexcept { return hash | std::uint64_t{1} << 63; }

  static void place(block& into, std::uint64_t hash, Item& item) noexcept {
    auto* const slots = into.slots();
    auto at = hash & into.mask;
    while (slots[at].item.load(std::memory_order_relaxed) != nullptr) at = (at + 1) & into.mask;
    slots[at].item.store(&item, std::memory_order_seq_cst);
    slots[at].hash.store(hash, std::memory_order_release);
  }

  slot& slot_of(std::uint64_t hash, const Item& item) noexcept {
    auto& in = *blocks_.back();
    auto at = usable(hash) & in.mask;
    while (in.slots()[at].item.load(std::memory_order_relaxed) != &item) at = (at + 1) & in.mask;
    return in.slots()[at];
  }

  /// Deserted slots in front of a vacant one lead nowhere. So they never outnumber the items by much, and the table
  /// need not be rebuilt, whatever comes and goes.
  void tidy(std::size_t at) noexcept {
    auto& in = *blocks_.back();
    auto* const slots = in.slots();
    if (slots[(at + 1) & in.mask].hash.load(std::memory_order_relaxed) != vacant) return;
    for (; slots[at].hash.load(std::memory_order_relaxed) == deserted; at = (at - 1) & in.mask)
      slots[at].hash.store(vacant, std::memory_order_release);
  }

  typename Sync::template atomic<block*> block_{nullptr};
  std::vector<owned_block> blocks_;  ///< the last one is in use
  std::size_t count_ = 0;
};

}  // namespace tenon
