#pragma once

#include "cache/platform_cache.hpp"
#include "cache_baselines.hpp"
#include "cache_trace.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The caches that are compared, and one block of lookups on each.
namespace tenon::bench {

inline constexpr std::size_t block_size = 16'384;
inline constexpr std::size_t blocks = trace::length / block_size;

/// The cache itself; a request knows the time, as it has just arrived.
class leased {
 public:
  leased(std::size_t size, steady_time expires_at) : expires_at_(expires_at), cache_(size, system_clock(), {}) {}

  void put(const std::string& tenant, const platform_handle& held) {
    cache_.store(cache_.begin_build(tenant), held, {.expires_at = expires_at_, .gone_at = expires_at_});
  }

  std::uint64_t use(std::string_view tenant, steady_time now) {
    const auto found = cache_.find(tenant, now);
    return found ? (*found)->first_word : 0;
  }

 private:
  const steady_time expires_at_;
  platform_cache<platform_handle> cache_;
};

/// The cache where nobody knows the time, so that each lookup reads the clock.
class leased_by_the_clock {
 public:
  leased_by_the_clock(std::size_t size, steady_time expires_at) : cache_(size, expires_at) {}

  void put(const std::string& tenant, const platform_handle& held) { cache_.put(tenant, held); }
  std::uint64_t use(std::string_view tenant, steady_time) { return cache_.use(tenant, time_.coarse_now()); }

 private:
  const clock& time_ = system_clock();
  leased cache_;
};

/// No cache: what the loop and the hash cost of every figure.
class loop {
 public:
  loop(std::size_t, steady_time) {}
  void put(const std::string&, const platform_handle&) {}
  std::uint64_t use(std::string_view tenant, steady_time) const noexcept { return hash_(tenant) != 0 ? 1 : 0; }

 private:
  const keyed_hash hash_ = make_keyed_hash();
};

/// Looks up one block of a trace; everything has to be found.
template <class Cache>
[[gnu::noinline]] void look_up(Cache& cache, const trace& requests, std::size_t block) {
  const auto now = system_clock().steady_now();
  const auto first = block * block_size;
  std::uint64_t hits = 0;
  for (auto request = first; request < first + block_size; ++request) hits += cache.use(requests[request], now);
  if (hits == block_size) return;
  std::fprintf(stderr, "bench: expected %zu hits, found %zu\n", block_size, static_cast<std::size_t>(hits));
  std::abort();
}

/// One of the caches, full, under the name that its figures have.
struct contender {
  std::string name;
  std::function<void(const trace&, std::size_t)> look_up;  ///< a block
};

template <class Cache>
contender contend(std::string name, const std::vector<std::string>& tenants,
                  const std::vector<platform_handle>& platforms) {
  const auto cache = std::make_shared<Cache>(tenants.size(), system_clock().steady_now() + std::chrono::hours(24));
  for (std::size_t number = 0; number < tenants.size(); ++number) cache->put(tenants[number], platforms[number]);
  return {std::move(name),
          [cache](const trace& requests, std::size_t block) { bench::look_up(*cache, requests, block); }};
}

inline std::vector<platform_handle> some_platforms(std::size_t count) {
  std::vector<platform_handle> made;
  made.reserve(count);
  while (made.size() < count) made.push_back(std::make_shared<some_platform>());
  return made;
}

}  // namespace tenon::bench
