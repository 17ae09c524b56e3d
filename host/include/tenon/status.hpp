#pragma once

#include <tenon/rollout.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

/// How a tenant is.
enum class tenant_state : std::uint8_t {
  pending,   ///< it has no platform at the moment, and nothing is known to be wrong
  healthy,   ///< it has the platform that the configuration wants
  degraded,  ///< it has a platform, or could get one, but not what the configuration wants
  failed,    ///< no platform can be had
  disabled,  ///< the configuration switched it off
};
std::string_view to_string(tenant_state value) noexcept;

/// The calls of one tenant, and what was refused of them, since the start.
struct tenant_calls {
  enum class breaker : std::uint8_t { closed, open, half_open };

  std::uint32_t running = 0;
  std::uint32_t queued = 0;  ///< waiting for one of these to end
  std::uint64_t started = 0;
  std::uint64_t refused = 0;  ///< one too many, or too large
  std::uint64_t refused_by_breaker = 0;
  std::uint64_t expired_in_queue = 0;
  call_figures ended = {};          ///< those that were started
  breaker state = breaker::closed;  ///< open: calls are refused, as most of them fail
  std::uint64_t breaker_openings = 0;
};
std::string_view to_string(tenant_calls::breaker value) noexcept;

/// One tenant, as status shows it.
struct tenant_status {
  std::string tenant = {};
  std::string plugin = {};
  std::string plugin_version = {};  ///< of the pinned file
  std::string content_hash = {};    ///< SHA-256 of the pinned file, hex
  bool cached = false;
  std::uint64_t instance = 0;       ///< changes with every build; 0 if not cached
  std::string served_version = {};  ///< version of the code behind the cached platform
  std::string last_error = {};      ///< the last build's or reload's, empty if none: the reason of its state
  tenant_state state = tenant_state::pending;
  std::chrono::system_clock::time_point since = {};  ///< when that began
  tenant_calls calls = {};
};

/// One loaded generation of a plugin's code.
struct library_status {
  std::string plugin = {};
  std::string version = {};
  std::string content_hash = {};
  std::filesystem::path path = {};  ///< in the store
  std::string state = {};           ///< loaded, draining, closed or zombie
  std::uint32_t platforms = 0;
  std::uint64_t writable_bytes = 0;  ///< its variables, shared by the platforms that share it
  std::string isolated_for = {};     ///< the tenant that has it for itself; empty: shared
  std::string cause = {};            ///< of a zombie: unique, nodelete, tls-dtor, thread, dependency, handle or unknown
  std::string reason = {};           ///< of a zombie: what was found, and what to do
};

/// The cache of platforms: what it holds and what is held of it now, and what happened since the start.
struct cache_status {
  std::uint64_t size = 0;                    ///< platforms that can be found
  std::uint64_t leases = 0;                  ///< as a rule one for each running call
  std::uint64_t pinned = 0;                  ///< platforms that left the cache and are still leased
  std::chrono::nanoseconds oldest_lease{};   ///< its age
  std::chrono::nanoseconds oldest_pinned{};  ///< how long the oldest of the pinned has waited
  std::uint64_t removed_for_size = 0;        ///< platforms that left, by cause
  std::uint64_t removed_expired = 0;
  std::uint64_t removed_invalidated = 0;
  std::uint64_t removed_replaced = 0;
  std::uint64_t removed_lost = 0;         ///< built, and overtaken by an invalidate or a replace
  std::uint64_t misses = 0;               ///< requests that found nothing fresh
  std::uint64_t coalesced = 0;            ///< of these, those that joined a build
  std::uint64_t refused = 0;              ///< of these, those that were one too many
  std::uint64_t failed_fast = 0;          ///< of these, those that a remembered failure answered
  std::uint64_t served_stale = 0;         ///< of these, those that got an expired platform
  std::uint64_t built = 0;                ///< builds that worked, refreshes included
  std::uint64_t failed = 0;               ///< builds that did not
  std::uint64_t discarded = 0;            ///< builds that worked and were not kept
  std::uint64_t refreshes = 0;            ///< that were started
  std::chrono::nanoseconds build_time{};  ///< of the builds that worked, added up
};

/// What reloads did since the start.
struct reload_counts {
  std::uint64_t rounds = 0;
  std::uint64_t applied = 0;    ///< changes of tenants
  std::uint64_t rebuilt = 0;    ///< of these, those that put a successor in the place of a live platform
  std::uint64_t kept_back = 0;  ///< changes that were not applied: the old platform serves on
};

/// The threads for what blocks on behalf of tenants.
struct blocking_status {
  std::uint32_t threads = 0;       ///< that are there, those that were replaced and have not ended included
  std::uint32_t running = 0;       ///< jobs
  std::uint32_t replaced = 0;      ///< of these, those that hold a thread for so long that it was replaced
  std::uint64_t waiting = 0;       ///< jobs
  std::uint64_t replacements = 0;  ///< since the start
};

/// Platforms that are built ahead of their first request, since the start.
struct warm_up_status {
  std::uint64_t wanted = 0;
  std::uint64_t built = 0;   ///< or found built
  std::uint64_t failed = 0;  ///< the first request tries again
};

struct host_status {
  std::vector<tenant_status> tenants = {};     ///< sorted
  std::vector<library_status> libraries = {};  ///< live ones and zombies
  std::uint64_t libraries_closed = 0;          ///< proven unmapped since the start
  cache_status cache = {};
  reload_counts reloads = {};
  blocking_status blocking = {};
  warm_up_status warm_up = {};
  std::vector<rollout_status> rollouts = {};  ///< the last of each plugin, sorted
};

}  // namespace tenon
