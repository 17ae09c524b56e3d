#pragma once

#include <cstdint>

namespace tenon {

/// What concurrent requests for a tenant that is not cached do: each builds, or all wait for one build.
enum class cold_start : std::uint8_t { each, coalesce };

/// What a failed build means for the next request: nothing, it tries again; or it is answered with the same error until
/// trying again makes sense: after half a minute if there is no such tenant, after a while that doubles from a second
/// to a minute if the reason passes, after a change if the configuration is wrong.
enum class on_failure : std::uint8_t { each, backoff };

/// How a router's cache keeps platforms. The defaults are those of the Python SDK's LazyPlatformRouter.
struct cache_policy {
  on_failure failure = on_failure::each;
  bool ttl_from_build_start = false;  ///< the time to live counts from when a build began to read, not from its end
  double ttl_jitter = 0;              ///< takes up to this part, below 1, off each time to live
  bool refresh_ahead = false;         ///< a platform that is used gets its successor before its time is over
  double stale_if_error_seconds = 0;  ///< so long past its end a platform may serve while builds fail
  long max_builds = 64;               ///< at the same time; at least 1
  long max_queued_builds = 1024;      ///< that wait for one of these; who comes after is refused
  /// So long a build may take. Then those who wait for it are answered, and its place is free; what it makes later is
  /// destroyed. 0: for ever, which is for factories whose builds end of themselves.
  double build_timeout_seconds = 30;
};

}  // namespace tenon
