#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace tenon {

/// When a tenant's calls are refused without being tried, because most of them fail anyway.
struct breaker_policy {
  double failure_ratio = 0.5;                ///< of the calls in the window; 0: never
  std::uint32_t min_calls = 20;              ///< that the window must hold before it says anything
  std::chrono::milliseconds window{10'000};  ///< that is looked back
  std::chrono::milliseconds open{1'000};     ///< until the first probe; doubled by each probe that fails
  std::chrono::milliseconds longest_open{60'000};
  std::uint32_t probes = 3;  ///< that must succeed, one after the other

  friend bool operator==(const breaker_policy&, const breaker_policy&) = default;
};

/// What one tenant may use of the host at a time, however many buyers call it. A value.
struct call_limits {
  std::uint32_t max_calls = 256;               ///< that run
  std::uint32_t max_queued_calls = 1024;       ///< that wait for one of these to end
  std::uint64_t max_request_bytes = 1u << 20;  ///< of one request's body
  std::uint64_t max_open_bytes = 64u << 20;    ///< of the bodies of all that run or wait
  std::uint64_t max_reply_bytes = 8u << 20;    ///< of one answer's body
  std::uint32_t max_upstream_calls = 32;       ///< exchanges with ad servers that are open; more wait
  std::map<std::string, std::chrono::milliseconds, std::less<>> task_timeouts = {};  ///< shorter than the host's
  breaker_policy breaker = {};

  friend bool operator==(const call_limits&, const call_limits&) = default;
};

}  // namespace tenon
