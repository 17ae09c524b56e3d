#pragma once

#include "cache/inline_name.hpp"
#include "cache/keyed_hash.hpp"

#include <tenon/clock.hpp>

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

/// What the cache is measured against. Each is a plain and well-built version of itself, with the hash function of the
/// cache, and each can do two things: put() before anybody else knows it, and use(), which finds a tenant's platform,
/// reads its first word and lets it go.
namespace tenon::bench {

/// What is cached: an object of its own somewhere in memory.
struct some_platform {
  std::uint64_t first_word = 1;  ///< so that the sum of what uses read is the number of hits
  std::uint64_t more[15] = {};
};
using platform_handle = std::shared_ptr<const some_platform>;

/// Open addressing with linear probing, a quarter in use as a rule: hash and pointer side by side, the name behind the
/// pointer. For 256 names as fast as boost::unordered_flat_map with the same hash.
template <class Entry>
class flat_table {
 public:
  explicit flat_table(std::size_t size, std::size_t spread = 4) : slots_(std::bit_ceil(size * spread)) {
    entries_.reserve(size);
  }

  template <class... Arguments>
  void put(std::string_view tenant, Arguments&&... arguments) {
    entries_.push_back(std::make_unique<Entry>(tenant, std::forward<Arguments>(arguments)...));
    const auto hash = hash_(tenant);
    auto at = hash & (slots_.size() - 1);
    while (slots_[at].entry != nullptr) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = {hash, entries_.back().get()};
  }

  Entry* find(std::string_view tenant) const noexcept {
    const auto hash = hash_(tenant);
    for (auto at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      const auto& seen = slots_[at];
      if (seen.entry == nullptr) return nullptr;
      if (seen.hash == hash && seen.entry->name.equals(tenant)) [[likely]]
        return seen.entry;
    }
  }

 private:
  struct slot {
    std::uint64_t hash = 0;
    Entry* entry = nullptr;
  };

  const keyed_hash hash_ = make_keyed_hash();
  std::vector<slot> slots_;
  std::vector<std::unique_ptr<Entry>> entries_;
};

/// The limit of what a cache can reach: a lookup, a raw pointer, nothing else. It never changes, so it needs no lock.
class limit {
 public:
  limit(std::size_t size, steady_time, std::size_t spread = 4) : table_(size, spread) {}

  void put(const std::string& tenant, const platform_handle& held) { table_.put(tenant, held.get()); }

  std::uint64_t use(std::string_view tenant, steady_time) const noexcept {
    const auto* const found = table_.find(tenant);
    return found != nullptr ? found->held->first_word : 0;
  }

 private:
  struct alignas(64) entry {
    entry(std::string_view tenant, const some_platform* what) : held(what), name(tenant) {}
    const some_platform* held;
    inline_name name;
  };

  flat_table<entry> table_;
};

/// The limit with a table as sparse as the cache's own is for few tenants, where fewer of them share a place: what is
/// left between the two is the price of the lease, the order of use and the end.
class limit_sparse : public limit {
 public:
  limit_sparse(std::size_t size, steady_time expires_at) : limit(size, expires_at, 16) {}
};

/// The cache of the textbook: one mutex, a map, a list in the order of use, and an end for every value.
class mutex_lru {
 public:
  mutex_lru(std::size_t size, steady_time expires_at) : expires_at_(expires_at), map_(size, hash{make_keyed_hash()}) {}

  void put(const std::string& tenant, const platform_handle& held) {
    by_use_.push_front({held, expires_at_});
    map_.emplace(tenant, by_use_.begin());
  }

  std::uint64_t use(std::string_view tenant, steady_time now) {
    const auto found = find(tenant, now);
    return found != nullptr ? found->first_word : 0;
  }

 private:
  struct entry {
    platform_handle held;
    steady_time expires_at;
  };
  // Not noexcept, although it is: then libstdc++ keeps the hash in the node instead of computing it for every
  // neighbour.
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return keyed(name); }
    keyed_hash keyed;
  };

  platform_handle find(std::string_view tenant, steady_time now) {
    const std::lock_guard lock(mutex_);
    const auto at = map_.find(tenant);
    if (at == map_.end() || now > at->second->expires_at) return nullptr;
    by_use_.splice(by_use_.begin(), by_use_, at->second);
    return at->second->held;
  }

  const steady_time expires_at_;
  std::mutex mutex_;
  std::list<entry> by_use_;
  std::unordered_map<std::string, std::list<entry>::iterator, hash, std::equal_to<>> map_;
};

/// Readers side by side under a shared lock; the order of use is a stamp that a reader leaves.
class shared_mutex_cache {
 public:
  shared_mutex_cache(std::size_t size, steady_time expires_at) : expires_at_(expires_at), table_(size) {}

  void put(const std::string& tenant, const platform_handle& held) { table_.put(tenant, held, expires_at_); }

  std::uint64_t use(std::string_view tenant, steady_time now) {
    const auto found = find(tenant, now);
    return found != nullptr ? found->first_word : 0;
  }

 private:
  struct alignas(64) entry {
    entry(std::string_view tenant, platform_handle what, steady_time end)
        : expires_at(end), held(std::move(what)), name(tenant) {}
    std::atomic<std::int64_t> used_ms = 0;
    steady_time expires_at;
    platform_handle held;
    inline_name name;
  };

  platform_handle find(std::string_view tenant, steady_time now) {
    const std::shared_lock lock(mutex_);
    auto* const found = table_.find(tenant);
    if (found == nullptr || now > found->expires_at) return nullptr;
    const auto tick = now.time_since_epoch().count() >> 20;
    if (found->used_ms.load(std::memory_order_relaxed) < tick) found->used_ms.store(tick, std::memory_order_relaxed);
    return found->held;
  }

  const steady_time expires_at_;
  std::shared_mutex mutex_;
  flat_table<entry> table_;
};

}  // namespace tenon::bench
