#pragma once

#include "cache/inline_name.hpp"
#include "cache/lease_domain.hpp"

#include <tenon/clock.hpp>
#include <tenon/unique_function.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

namespace tenon {

/// How long a stored value is served: instants of the cache's steady clock.
struct lifetime {
  steady_time refresh_at = steady_time::max();  ///< a hit later than this says refresh_due()
  steady_time expires_at = steady_time::max();  ///< fresh up to and including this instant
  steady_time gone_at = steady_time::max();     ///< not before expires_at; until then find_stale() finds it

  friend bool operator==(const lifetime&, const lifetime&) = default;
};

/// Why a value left the cache. `lost`: it was never kept, as an invalidate or a replace overtook its build.
enum class removal : std::uint8_t { size, expired, invalidated, replaced, lost };
inline constexpr std::size_t removals = 5;

template <class Value, class Sync>
class disposal_queue;

/// What a hit reads of an entry, on two cache lines.
template <class Value, class Sync>
struct cache_entry_hit {
  cache_entry_hit(std::string_view tenant, Value held) : value(std::move(held)), name(tenant) {}

  typename Sync::template atomic<std::uint64_t> stamp{0};        ///< of the last use
  typename Sync::template atomic<std::int64_t> attention_ns{0};  ///< a hit later than this looks closer
  std::uint64_t epoch = 0;                                       ///< fixed
  Value value;                                                   ///< fixed
  const inline_name name;
};

/// One value with everything that the cache knows of it.
///
/// Ownership   Of the cache until it is retired, then of the lease domain, then of the disposal queue.
/// Threads     Members marked fixed do not change once readers can see the entry. Atomics: any thread. The rest: under
///             the cache's lock.
template <class Value, class Sync>
struct alignas(64) cache_entry final : cache_entry_hit<Value, Sync>, leasable<Sync> {
  using queue = disposal_queue<Value, Sync>;

  cache_entry(std::string_view tenant, Value held, std::shared_ptr<queue> goes_to)
      : cache_entry_hit<Value, Sync>(tenant, std::move(held)), leasable<Sync>(*goes_to), disposal(std::move(goes_to)) {}

  void live_for(const lifetime& said) noexcept {
    life = said;
    attend_at(std::min(said.refresh_at, said.expires_at));
  }
  void attend_at(steady_time when) noexcept {
    this->attention_ns.store(when.time_since_epoch().count(), std::memory_order_relaxed);
  }

  /// Marks a use. Several threads may lose against each other within one tick; none waits.
  void used(std::uint64_t at) noexcept {
    if (this->stamp.load(std::memory_order_relaxed) < at) this->stamp.store(at, std::memory_order_relaxed);
  }

  lifetime life{};           ///< fixed
  std::uint64_t hash = 0;    ///< fixed
  std::uint64_t number = 0;  ///< fixed; the generation: rises with every value that is stored

  std::size_t place_by_use = 0;
  std::size_t place_by_end = 0;
  removal cause = removal::invalidated;
  bool in_table = false;
  steady_time retired_at{};

  const std::shared_ptr<queue> disposal;
};

/// Values that left the cache and that nobody leases, until the owner destroys them. Shared with the entries, as a
/// lease may outlive the cache: from close() on, a value is destroyed on the thread of its last release.
///
/// Threads     Any, concurrently. `wake` is called outside the lock, for everything that comes.
template <class Value, class Sync>
class disposal_queue final : public lease_owner<Sync> {
 public:
  using entry = cache_entry<Value, Sync>;

  explicit disposal_queue(unique_function<void()> wake) : wake_(std::move(wake)) {}

  void unleased(leasable<Sync>& node) noexcept override {
    auto& gone = static_cast<entry&>(node);
    const auto self = gone.disposal;  // the entry may be the last that has it
    unique_function<void()> wake;
    bool kept = false;
    {
      const std::lock_guard lock(mutex_);
      kept = !closed_;
      if (kept) {
        if (wake_) wake = wake_.spare();
        gone.next = std::exchange(first_, &gone);
      }
    }
    if (!kept) delete &gone;
    if (wake) wake();
  }

  /// The list of what is there; the caller owns it.
  entry* take() noexcept {
    const std::lock_guard lock(mutex_);
    return static_cast<entry*>(std::exchange(first_, nullptr));
  }

  entry* close() noexcept {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    return static_cast<entry*>(std::exchange(first_, nullptr));
  }

  static std::size_t destroy(entry* list) noexcept {
    std::size_t count = 0;
    for (; list != nullptr; ++count) delete std::exchange(list, following(list));
    return count;
  }

  static entry* following(const entry* one) noexcept { return static_cast<entry*>(one->next); }

 private:
  typename Sync::mutex mutex_;
  leasable<Sync>* first_ = nullptr;
  unique_function<void()> wake_;
  bool closed_ = false;
};

}  // namespace tenon
