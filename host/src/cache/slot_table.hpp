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

/// Where items are found by the hash of their name: open addressing, linear probing, at most half in use. Readers take
/// no lock: they see an item or they do not, and whether what they saw is still there they ask once more, after they
/// have announced it (see lease_domain).
///
/// What is taken out leaves a mark that a walk passes over. Before marks and items fill half of the slots, the items
/// move to another block: a larger one if there are many items, else the one that was in use before this one. A block
/// that is left is emptied and never freed, so a reader who is still in it finds nothing; as the moves are counted, he
/// learns that he was left behind, even if the items have moved back again meanwhile, and looks where the table is now.
///
/// Threads     Readers: any, concurrently. Writers: one at a time, under the owner's lock.
/// Cost        A walk: one cache line as a rule. 32 to 256 bytes of address space per item.
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

    std::size_t size() const noexcept { return mask + 1; }
    slot* slots() noexcept { return reinterpret_cast<slot*>(this + 1); }
    const slot* slots() const noexcept { return reinterpret_cast<const slot*>(this + 1); }
  };
  struct drop_block {
    void operator()(block* gone) const noexcept {
      std::destroy_n(gone->slots(), gone->size());
      ::operator delete(gone, std::align_val_t(alignof(block)));
    }
  };
  using owned_block = std::unique_ptr<block, drop_block>;

  static owned_block make_block(std::size_t slots) {
    void* const memory = ::operator new(sizeof(block) + slots * sizeof(slot), std::align_val_t(alignof(block)));
    auto* const made = new (memory) block{slots - 1};
    std::uninitialized_default_construct_n(made->slots(), slots);
    return owned_block(made);
  }

 public:
  /// Room for so many items, with `spread` slots for each as far as that is a modest table.
  /// Rationale: half of what a hit costs among few items is a branch that guessed wrong because two of them share a
  /// place. Slots that nobody looks at cost nothing but address space.
  explicit slot_table(std::size_t items, std::size_t spread = 16) {
    use(add_block(std::bit_ceil(std::clamp<std::size_t>(items, 2, first_block / spread) * spread)));
  }
  slot_table(const slot_table&) = delete;
  slot_table& operator=(const slot_table&) = delete;

  /// A reader's walk over what is under one hash. What seek() shows may have been destroyed, until it was announced to
  /// the lease domain and is_there() said, after that, that nobody has taken it out. All of it is inlined, so that a
  /// walk lives in registers.
  class walk {
   public:
    [[gnu::always_inline]] walk(const slot_table& table, std::uint64_t hash) noexcept
        : table_(&table), hash_(usable(hash)) {
      restart();
    }

    /// The item at this place or behind it; null: there is nothing more.
    [[gnu::always_inline]] Item* seek() noexcept {
      for (;;) {
        const auto& seen = in_->slots()[at_];
        const auto marked = seen.hash.load(std::memory_order_acquire);
        if (marked == hash_) [[likely]] {
          item_ = seen.item.load(std::memory_order_acquire);
          if (item_ != nullptr) [[likely]]
            return item_;
        } else if (marked == vacant) {
          if (table_->moves_.load(std::memory_order_acquire) == moves_) [[likely]]
            return nullptr;
          restart();  // the items have moved meanwhile
          continue;
        }
        pass();
      }
    }
    [[gnu::always_inline]] bool is_there() const noexcept {
      return in_->slots()[at_].item.load(std::memory_order_acquire) == item_;
    }
    [[gnu::always_inline]] void pass() noexcept { at_ = (at_ + 1) & in_->mask; }
    [[gnu::always_inline]] void restart() noexcept {
      moves_ = table_->moves_.load(std::memory_order_acquire);  // before the block: see use()
      in_ = table_->block_.load(std::memory_order_acquire);
      at_ = hash_ & in_->mask;
    }

   private:
    const slot_table* table_;
    const std::uint64_t hash_;
    std::uint64_t moves_ = 0;
    const block* in_ = nullptr;
    std::size_t at_ = 0;
    Item* item_ = nullptr;
  };

  /// For writers: the item under `hash` that `is_it` accepts, or null.
  template <class IsIt>
  Item* find(std::uint64_t hash, IsIt is_it) const {
    walk at(*this, hash);
    auto* found = at.seek();
    for (; found != nullptr && !is_it(*found); found = at.seek()) at.pass();
    return found;
  }

  /// Makes room, so that the next insert() cannot fail.
  void reserve_one() {
    auto& full = *current_;
    if ((count_ + deserted_ + 1) * 2 <= full.size()) return;
    const bool grow = (count_ + 1) * 8 > full.size() * 3;
    if (grow || spare_ == nullptr) spare_ = &add_block(grow ? full.size() * 4 : full.size());
    for (std::size_t at = 0; at < full.size(); ++at) {
      const auto& each = full.slots()[at];
      if (auto* const item = each.item.load(std::memory_order_relaxed); item != nullptr)
        place(*spare_, each.hash.load(std::memory_order_relaxed), *item);
    }
    use(*spare_);
    spare_ = grow ? nullptr : &full;
    deserted_ = 0;
    leave(full);
  }

  /// An item under a name that is not in the table.
  void insert(std::uint64_t hash, Item& item) noexcept {
    place(*current_, usable(hash), item);
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
    ++deserted_;
    --count_;
    tidy(static_cast<std::size_t>(&gone - current_->slots()));
  }

 private:
  /// Neither vacant nor deserted. The place in the table depends on lower bits.
  static std::uint64_t usable(std::uint64_t hash) noexcept { return hash | std::uint64_t{1} << 63; }

  block& add_block(std::size_t slots) {
    blocks_.reserve(blocks_.size() + 1);
    blocks_.push_back(make_block(slots));
    return *blocks_.back();
  }

  /// The count changes after the block and before the block that is left is emptied: who finds nothing in that, and the
  /// count as it was before he read which block to look into, was in the right one.
  void use(block& from_now_on) noexcept {
    current_ = &from_now_on;
    block_.store(current_, std::memory_order_seq_cst);
    moves_.store(moves_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
  }

  /// Who announced an item before it went here is seen by those who take it out of the current block, later.
  static void leave(block& left) noexcept {
    for (std::size_t at = 0; at < left.size(); ++at) {
      left.slots()[at].item.store(nullptr, std::memory_order_seq_cst);
      left.slots()[at].hash.store(vacant, std::memory_order_release);
    }
  }

  void place(block& into, std::uint64_t hash, Item& item) noexcept {
    auto* const slots = into.slots();
    auto at = hash & into.mask;
    while (slots[at].item.load(std::memory_order_relaxed) != nullptr) at = (at + 1) & into.mask;
    if (slots[at].hash.load(std::memory_order_relaxed) == deserted) --deserted_;
    slots[at].item.store(&item, std::memory_order_seq_cst);
    slots[at].hash.store(hash, std::memory_order_release);
  }

  slot& slot_of(std::uint64_t hash, const Item& item) noexcept {
    auto* const slots = current_->slots();
    auto at = usable(hash) & current_->mask;
    while (slots[at].item.load(std::memory_order_relaxed) != &item) at = (at + 1) & current_->mask;
    return slots[at];
  }

  /// Marks in front of a vacant slot lead nowhere.
  void tidy(std::size_t at) noexcept {
    auto* const slots = current_->slots();
    if (slots[(at + 1) & current_->mask].hash.load(std::memory_order_relaxed) != vacant) return;
    for (; slots[at].hash.load(std::memory_order_relaxed) == deserted; at = (at - 1) & current_->mask) {
      slots[at].hash.store(vacant, std::memory_order_release);
      --deserted_;
    }
  }

  typename Sync::template atomic<block*> block_{nullptr};  ///< for readers; the same as current_
  typename Sync::template atomic<std::uint64_t> moves_{0};

  block* current_ = nullptr;
  block* spare_ = nullptr;  ///< of the same size, and empty
  std::vector<owned_block> blocks_;
  std::size_t count_ = 0;
  std::size_t deserted_ = 0;
};

}  // namespace tenon
