#pragma once

#include <tenon/clock.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tenon {

/// A bounded map from tenant to `Value`: exact LRU, a time to live counted from the write, and generations
/// which keep a build that lost to an invalidate from being stored.
///
/// It knows keys, time and generations, nothing else. Whatever leaves it is handed out as `displaced`, so
/// that the caller decides where foreign destructors run; none runs under the cache's lock.
///
/// Lifetime    The clock outlives the cache, the cache outlives its tickets.
/// Threads     Any, concurrently; a ticket: one thread at a time.
/// Cost        A hit: one lock, one hash, one copy of the value. Memory: at most `size` values, and one
///             counter per tenant with a build in flight.
///
/// Rationale: one mutex, plain lists. This is the reference that a faster cache is tested against, so it is
/// written to be read.
template <class Value>
class platform_cache {
  struct slot;
  using slots = std::list<slot>;
  using write_order = std::list<typename slots::iterator>;

  struct slot {
    std::string tenant;
    Value value;
    steady_time expires_at;
    typename write_order::iterator written;
  };

  struct build_counter {
    std::uint64_t generation = 0;
    std::size_t tickets = 0;
  };
  struct name_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept { return std::hash<std::string_view>{}(name); }
  };
  using build_counters = std::unordered_map<std::string, build_counter, name_hash, std::equal_to<>>;

 public:
  /// Values that left the cache. They are destroyed with it.
  class displaced {
   public:
    std::size_t size() const noexcept { return gone_.size(); }
    bool empty() const noexcept { return gone_.empty(); }

   private:
    friend platform_cache;
    slots gone_;
  };

  /// The generations a build was started against. Whoever builds holds it from before the build until after store().
  class build_ticket {
   public:
    build_ticket(build_ticket&& other) noexcept
        : cache_(std::exchange(other.cache_, nullptr)),
          counter_(other.counter_),
          generation_(other.generation_),
          epoch_(other.epoch_) {}
    build_ticket& operator=(build_ticket&&) = delete;
    ~build_ticket() {
      if (cache_ != nullptr) cache_->end_build(counter_);
    }

    const std::string& tenant() const noexcept { return counter_->first; }

    /// Whether no invalidate and no replace touched the tenant since.
    bool current() const {
      const std::lock_guard lock(cache_->mutex_);
      return cache_->is_current(*this);
    }

   private:
    friend platform_cache;
    build_ticket(platform_cache& cache, typename build_counters::pointer counter) noexcept
        : cache_(&cache), counter_(counter), generation_(counter->second.generation), epoch_(cache.epoch_) {}

    platform_cache* cache_;
    typename build_counters::pointer counter_;
    std::uint64_t generation_;
    std::uint64_t epoch_;
  };

  struct store_outcome {
    bool stored;
    displaced gone;  ///< the tenant's former value or the least recently used one; what was not stored
  };

  /// `size` at least 1. `time_to_live` zero: values go by size only.
  platform_cache(std::size_t size, std::chrono::nanoseconds time_to_live, const clock& time)
      : size_(size), time_to_live_(time_to_live), time_(time) {}
  platform_cache(const platform_cache&) = delete;
  platform_cache& operator=(const platform_cache&) = delete;

  /// The tenant's value unless it is missing or expired. A hit becomes the most recently used.
  std::optional<Value> find(std::string_view tenant) {
    const auto now = read_clock();
    displaced expired;  // destroyed after the lock is released, as it is declared before it
    const std::lock_guard lock(mutex_);
    const auto at = index_.find(tenant);
    if (at == index_.end()) return std::nullopt;
    if (is_expired(*at->second, now)) {
      take_out(at->second, expired);
      return std::nullopt;
    }
    lru_.splice(lru_.end(), lru_, at->second);
    return at->second->value;
  }

  /// Call it before the build reads anything that an invalidate is about.
  build_ticket begin_build(const std::string& tenant) {
    const std::lock_guard lock(mutex_);
    auto& counter = *builds_.try_emplace(tenant).first;
    ++counter.second.tickets;
    return build_ticket(*this, &counter);
  }

  /// Keeps the outcome of a build as the most recently used value, unless its ticket is outdated.
  store_outcome store(const build_ticket& ticket, Value value) {
    store_outcome outcome{false, {}};
    slots fresh;
    fresh.push_back(slot{ticket.tenant(), std::move(value), {}, {}});
    write_order written;
    written.push_back(fresh.begin());
    const std::lock_guard lock(mutex_);
    if (!is_current(ticket)) {
      outcome.gone.gone_.swap(fresh);
      return outcome;
    }
    if (const auto former = index_.find(ticket.tenant()); former != index_.end())
      take_out(former->second, outcome.gone);
    index_.emplace(fresh.front().tenant, fresh.begin());
    stamp(fresh.begin(), written);
    lru_.splice(lru_.end(), fresh);
    if (lru_.size() > size_) take_out(lru_.begin(), outcome.gone);
    outcome.stored = true;
    return outcome;
  }

  /// Puts `value` in the place of the tenant's live value and outdates its builds in flight; does nothing if
  /// there is no live value. The time to live starts anew; the place in the LRU order stays, as a successor
  /// is no use of the tenant.
  store_outcome replace(std::string_view tenant, Value value) {
    store_outcome outcome{false, {}};
    slots& gone = outcome.gone.gone_;
    gone.push_back(slot{{}, std::move(value), {}, {}});
    write_order written(1);
    const std::lock_guard lock(mutex_);
    const auto at = index_.find(tenant);
    if (at == index_.end()) return outcome;
    const auto held = at->second;
    if (is_expired(*held, read_clock())) {
      take_out(held, outcome.gone);
      return outcome;
    }
    std::swap(gone.front().value, held->value);
    written_.erase(held->written);
    written.front() = held;
    stamp(held, written);
    outdate_builds(tenant);
    outcome.stored = true;
    return outcome;
  }

  /// Drops the tenant's value and outdates its builds in flight. Unknown tenants are fine.
  displaced invalidate(std::string_view tenant) noexcept {
    displaced gone;
    const std::lock_guard lock(mutex_);
    outdate_builds(tenant);
    if (const auto at = index_.find(tenant); at != index_.end()) take_out(at->second, gone);
    return gone;
  }

  /// Drops every value and outdates every build in flight.
  displaced invalidate() noexcept {
    displaced gone;
    const std::lock_guard lock(mutex_);
    ++epoch_;
    index_.clear();
    written_.clear();
    gone.gone_.swap(lru_);
    return gone;
  }

  /// Drops what has expired. For the owner's timer: an idle tenant's value goes without traffic.
  displaced purge_expired() noexcept {
    displaced gone;
    const auto now = read_clock();
    const std::lock_guard lock(mutex_);
    while (!written_.empty() && is_expired(*written_.front(), now)) take_out(written_.front(), gone);
    return gone;
  }

  /// When purge_expired() will next find something: later than this instant. Nothing while there is no value
  /// or no time to live.
  std::optional<steady_time> next_expiry() const {
    const std::lock_guard lock(mutex_);
    if (written_.empty() || time_to_live_ == time_to_live_.zero()) return std::nullopt;
    return written_.front()->expires_at;
  }

  /// The tenants with a live value, sorted.
  std::vector<std::string> tenants() const {
    const auto now = read_clock();
    std::vector<std::string> names;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& held : lru_) {
        if (!is_expired(held, now)) names.push_back(held.tenant);
      }
    }
    std::ranges::sort(names);
    return names;
  }

  /// How many tenants have a counter, that is, a build in flight.
  std::size_t builds_in_flight() const {
    const std::lock_guard lock(mutex_);
    return builds_.size();
  }

 private:
  steady_time read_clock() const noexcept {
    return time_to_live_ == time_to_live_.zero() ? steady_time{} : time_.steady_now();
  }

  /// Strictly later: at the very instant a value is still fresh.
  bool is_expired(const slot& held, steady_time now) const noexcept {
    return time_to_live_ != time_to_live_.zero() && now > held.expires_at;
  }

  // Invariant: a tenant has a counter if and only if it has a ticket, and every ticket points at its tenant's
  // counter. So a tenant without a counter has no build that an invalidate could outdate, and dropping the
  // counter with the last ticket forgets nothing.
  void outdate_builds(std::string_view tenant) noexcept {
    if (const auto at = builds_.find(tenant); at != builds_.end()) ++at->second.generation;
  }

  bool is_current(const build_ticket& ticket) const noexcept {
    return ticket.generation_ == ticket.counter_->second.generation && ticket.epoch_ == epoch_;
  }

  void end_build(typename build_counters::pointer counter) noexcept {
    const std::lock_guard lock(mutex_);
    if (--counter->second.tickets == 0) builds_.erase(builds_.find(counter->first));
  }

  // Invariant: written_ is sorted by expires_at, because every value lives equally long and is appended under
  // the lock that its expiry is computed under.
  void stamp(typename slots::iterator held, write_order& written) noexcept {
    const auto now = read_clock();
    held->expires_at = time_to_live_ > steady_time::max() - now ? steady_time::max() : now + time_to_live_;
    held->written = written.begin();
    written_.splice(written_.end(), written);
  }

  void take_out(typename slots::iterator held, displaced& gone) noexcept {
    index_.erase(held->tenant);
    written_.erase(held->written);
    gone.gone_.splice(gone.gone_.end(), lru_, held);
  }

  const std::size_t size_;
  const std::chrono::nanoseconds time_to_live_;
  const clock& time_;

  mutable std::mutex mutex_;
  slots lru_;                                                             ///< least recently used first
  write_order written_;                                                   ///< next to expire first
  std::unordered_map<std::string_view, typename slots::iterator> index_;  ///< keys live in the slots
  build_counters builds_;
  std::uint64_t epoch_ = 0;
};

}  // namespace tenon
