#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tenon {

/// Items by key, the smallest first; the item's own number decides between equal keys, so the order is total. Items
/// know their place, so that any of them can be taken out or given another key.
///
/// Item        has the members `number` (unique) and `*Place`, a std::size_t that is this heap's.
/// Threads     One at a time.
/// Cost        O(log n) for everything but first(); memory only grows in reserve_one().
template <class Key, class Item, std::size_t Item::*Place>
class ordered_heap {
 public:
  struct member {
    Key key;
    Item* item;
  };

  bool empty() const noexcept { return members_.empty(); }
  std::size_t size() const noexcept { return members_.size(); }
  const member& first() const noexcept { return members_.front(); }

  auto begin() const noexcept { return members_.begin(); }
  auto end() const noexcept { return members_.end(); }

  /// Makes room, so that the next insert() cannot fail.
  void reserve_one() {
    if (members_.size() == members_.capacity()) members_.reserve(members_.size() * 2 + 16);
  }

  void insert(Key key, Item& item) noexcept {
    members_.push_back({key, &item});
    rise(members_.size() - 1);
  }

  void take_out(Item& item) noexcept {
    const auto at = item.*Place;
    const auto last = members_.back();
    members_.pop_back();
    if (at == members_.size()) return;
    members_[at] = last;
    settle(at);
  }

  void change_key(Item& item, Key key) noexcept {
    members_[item.*Place].key = key;
    settle(item.*Place);
  }

 private:
  static bool before(const member& left, const member& right) noexcept {
    return left.key < right.key || (left.key == right.key && left.item->number < right.item->number);
  }

  void settle(std::size_t at) noexcept {
    if (at > 0 && before(members_[at], members_[(at - 1) / 2]))
      rise(at);
    else
      sink(at);
  }

  void rise(std::size_t at) noexcept {
    const auto moving = members_[at];
    for (; at > 0; at = (at - 1) / 2) {
      const auto& parent = members_[(at - 1) / 2];
      if (!before(moving, parent)) break;
      put(at, parent);
    }
    put(at, moving);
  }

  void sink(std::size_t at) noexcept {
    const auto moving = members_[at];
    for (auto child = 2 * at + 1; child < members_.size(); child = 2 * at + 1) {
      if (child + 1 < members_.size() && before(members_[child + 1], members_[child])) ++child;
      if (!before(members_[child], moving)) break;
      put(at, members_[child]);
      at = child;
    }
    put(at, moving);
  }

  void put(std::size_t at, const member& what) noexcept {
    members_[at] = what;
    what.item->*Place = at;
  }

  std::vector<member> members_;
};

}  // namespace tenon
