#pragma once

#include "cache/cache_entry.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon {

/// A change of the cache. `removed` comes after the `stored` of the same generation, `disposed` after its `removed`; a
/// build that lost has no `stored`.
struct cache_event {
  enum class change : std::uint8_t {
    stored,
    removed,   ///< nobody finds it from here on
    disposed,  ///< its last lease has gone; its destructor runs next
  };

  change what;
  std::string tenant;
  std::uint64_t generation;
  removal cause;  ///< not of `stored`

  friend bool operator==(const cache_event&, const cache_event&) = default;
};

/// The changes that nobody has taken yet, in their order; nothing, if nobody asked for them.
///
/// Threads     One at a time, under the cache's lock.
class change_log {
 public:
  explicit change_log(bool wanted) noexcept : wanted_(wanted) {}

  bool wanted() const noexcept { return wanted_; }
  /// If memory is short, the change is left out.
  void note(cache_event::change what, std::string_view tenant, std::uint64_t generation, removal cause) noexcept;
  std::vector<cache_event> take() noexcept { return std::exchange(noted_, {}); }

 private:
  const bool wanted_;
  std::vector<cache_event> noted_;
};

/// A value that somebody leases.
struct cache_holder {
  std::string tenant;
  std::uint64_t generation;
  std::size_t leases;
  std::chrono::nanoseconds oldest_lease;  ///< its age
  bool retired;                           ///< it has left the cache, and waits for these leases
  std::chrono::nanoseconds retired_for;   ///< zero if it has not

  friend bool operator==(const cache_holder&, const cache_holder&) = default;
};

/// What a shutdown that waits no longer leaves behind.
struct cache_remains {
  std::vector<cache_holder> holders;
  std::vector<std::string> building;  ///< tenants whose builds have not ended, sorted

  bool empty() const noexcept { return holders.empty() && building.empty(); }
};

/// What the cache holds, and what is held of it.
struct cache_report {
  std::size_t size = 0;  ///< values that can be found, and expired ones that still wait for the timer
  std::array<std::uint64_t, removals> removed{};  ///< by cause, since the start
  std::vector<cache_holder> holders{};            ///< what is retired and held too long is a leak, or a call that hangs

  std::size_t leases() const noexcept;
  std::size_t pinned() const noexcept;  ///< retired values that are still leased
  std::chrono::nanoseconds oldest_lease() const noexcept;
  std::chrono::nanoseconds oldest_pinned() const noexcept;
};

}  // namespace tenon
