#pragma once

#include "cache/platform_cache.hpp"
#include "manual_clock.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::testing {

/// A cache whose values all live equally long from their write, at the time of its clock. For tests that are not about
/// time or leases: what is found is a copy.
template <class Value, class Cache = platform_cache<Value>>
class timed_cache {
 public:
  /// `time_to_live` zero: values go by size only.
  timed_cache(std::size_t size, std::chrono::nanoseconds time_to_live, const clock& time)
      : time_to_live_(time_to_live), time_(time), cache(size, time, {}) {}

  std::optional<Value> find(std::string_view tenant) {
    const auto found = cache.find(tenant, time_.steady_now());
    return found ? std::optional<Value>(*found) : std::nullopt;
  }
  auto begin_build(const std::string& tenant) { return cache.begin_build(tenant); }

  /// Whether it was kept.
  template <class Ticket>
  bool store(const Ticket& ticket, Value value) {
    return cache.store(ticket, std::move(value), life()).kept;
  }
  bool put(const std::string& tenant, Value value) { return store(begin_build(tenant), std::move(value)); }
  bool replace(std::string_view tenant, Value value) { return cache.replace(tenant, std::move(value), life()); }

  bool invalidate(std::string_view tenant) { return cache.invalidate(tenant); }
  void invalidate() { cache.invalidate(); }
  std::size_t purge_expired() { return cache.purge_expired(time_.steady_now()); }
  std::optional<steady_time> next_expiry() const { return cache.next_expiry(); }
  std::vector<std::string> tenants() const { return cache.tenants(time_.steady_now()); }
  std::size_t builds_in_flight() const { return cache.builds_in_flight(); }

 private:
  lifetime life() const {
    if (time_to_live_ == time_to_live_.zero()) return {};
    const auto now = time_.steady_now();
    const auto end = time_to_live_ > steady_time::max() - now ? steady_time::max() : now + time_to_live_;
    return {.refresh_at = end, .expires_at = end, .gone_at = end};
  }

  const std::chrono::nanoseconds time_to_live_;
  const clock& time_;

 public:
  Cache cache;
};

/// The clock's step that orders two uses of a cache: more than one of its ticks.
inline constexpr std::chrono::nanoseconds one_tick = std::chrono::milliseconds(5);

}  // namespace tenon::testing
