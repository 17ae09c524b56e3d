#pragma once

#include "cache/cache_entry.hpp"
#include "cache/lease_domain.hpp"

#include <cstdint>
#include <utility>

namespace tenon {

template <class Value, class Sync>
class platform_cache;

/// The right to use one value of a cache, for as long as the lease lives.
///
/// While any lease on a value is alive the value stays constructed, whatever becomes of its place in the cache. The
/// last lease to go only signals: the owner of the cache destroys.
///
/// Lifetime    Independent of the thread that took it, and of the cache: after the cache's end the last release
///             destroys the value.
/// Ownership   Move-only; a moved-from lease is empty, as a default one.
/// Threads     Distinct leases: any thread. One lease: one thread at a time.
/// Cost        A store to take, a store to release, both to memory of the thread that took it; never blocks, unless the
///             value has left the cache, when a release looks whether it was the last.
template <class Value, class Sync = std_sync>
class cache_lease {
 public:
  cache_lease() = default;
  cache_lease(cache_lease&& other) noexcept
      : slot_(other.slot_), entry_(std::exchange(other.entry_, nullptr)), state_(other.state_) {}
  cache_lease& operator=(cache_lease&& other) noexcept {
    if (this != &other) {
      reset();
      slot_ = other.slot_;
      entry_ = std::exchange(other.entry_, nullptr);
      state_ = other.state_;
    }
    return *this;
  }
  ~cache_lease() { reset(); }

  void reset() noexcept {
    if (const auto* const held = std::exchange(entry_, nullptr); held != nullptr)
      lease_access<Sync>::domain().release(*slot_, held);
  }

  explicit operator bool() const noexcept { return entry_ != nullptr; }
  const Value& operator*() const noexcept { return entry_->value; }
  const Value* operator->() const noexcept { return &entry_->value; }

  std::uint64_t generation() const noexcept { return entry_->number; }
  bool stale() const noexcept { return state_ == state::stale; }              ///< it had expired when it was taken
  bool refresh_due() const noexcept { return state_ == state::refresh_due; }  ///< it was taken past refresh_at

 private:
  template <class, class>
  friend class platform_cache;
  using entry = cache_entry<Value, Sync>;
  enum class state : std::uint8_t { none, fresh, refresh_due, stale };

  /// The slot names the entry already, and the entry was not retired when it began to.
  cache_lease(lease_slot<Sync>& slot, const entry& held, state taken) noexcept
      : slot_(&slot), entry_(&held), state_(taken) {}

  lease_slot<Sync>* slot_ = nullptr;
  const entry* entry_ = nullptr;
  state state_ = state::fresh;
};

}  // namespace tenon
