#pragma once

#include "cache/cache_report.hpp"
#include "cache/freshness.hpp"

#include <tenon/cache_policy.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace tenon {

/// What a loading_cache does. The defaults are those of cache_policy.hpp.
struct loading_options {
  std::size_t size = 256;
  freshness_options freshness = {};
  tenon::cold_start cold_start = tenon::cold_start::each;
  tenon::on_failure on_failure = tenon::on_failure::each;
  std::size_t failures = 1024;               ///< failures that are remembered
  std::size_t max_builds = 64;               ///< at the same time
  std::size_t max_queued_builds = 1024;      ///< that wait for one of these; who comes after is refused
  std::chrono::nanoseconds build_timeout{};  ///< after it the build's waiters are answered; zero: never
  /// Told of every change, in order, on the scheduler, one after the other.
  std::vector<std::function<void(const cache_event&)>> listeners = {};
};

/// What happened since the start.
struct loading_counts {
  std::uint64_t misses = 0;               ///< requests that found nothing fresh
  std::uint64_t coalesced = 0;            ///< of these, those that joined a build
  std::uint64_t built = 0;                ///< builds that worked, refreshes included
  std::uint64_t failed = 0;               ///< builds that did not
  std::uint64_t discarded = 0;            ///< of those that worked: not kept, as something overtook them
  std::uint64_t timed_out = 0;            ///< of those that failed
  std::uint64_t refused = 0;              ///< requests that were one too many
  std::uint64_t failed_fast = 0;          ///< requests that a remembered failure answered
  std::uint64_t refreshes = 0;            ///< that were started
  std::uint64_t served_stale = 0;         ///< requests that got an expired value, as the build failed
  std::chrono::nanoseconds build_time{};  ///< of the builds that worked, added up
  std::chrono::nanoseconds longest_build{};

  friend bool operator==(const loading_counts&, const loading_counts&) = default;
};

}  // namespace tenon
