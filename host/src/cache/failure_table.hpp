#pragma once

#include "cache/random_source.hpp"

#include <tenon/clock.hpp>
#include <tenon/error.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tenon {

/// What a failed build says about the next one.
enum class failure_class : std::uint8_t {
  not_found,  ///< there is no such tenant: asked again after half a minute
  transient,  ///< a passing reason: tried again after a while, which grows
  broken,     ///< a wrong configuration: fails until something is changed
  passing,    ///< of this request alone, as a cancellation: says nothing
};

failure_class classify(const error& failure) noexcept;

/// The tenants whose last build failed, so that the next request need not find out again. A table of its own, as names
/// that nobody has must not push platforms out; when it is full, the tenant whose failure is the oldest is forgotten.
///
/// A transient failure stands for a while that doubles with every one in a row (see back_off()). When it is over, one
/// request may try, and the others are refused until that is decided.
///
/// Threads     One at a time, under the owner's lock.
/// Cost        O(log n). Memory: `size` errors at most.
class failure_table {
 public:
  explicit failure_table(std::size_t size) : size_(size) {}

  /// The one try that a failure allows when its time is over. 0: a build that nothing stood against.
  using attempt = std::uint64_t;

  /// Why a build need not be tried now: the failure, with the time to wait if that makes sense. Nothing: try; whoever
  /// is told so owes a record(), a forget() or an undecided() with what `tries` is then.
  std::optional<error> stands(std::string_view tenant, steady_time now, attempt& tries);

  /// Takes down that a build failed, and returns the error for those who waited for it. Of builds that ran side by side
  /// the first to fail counts: the others say nothing new, so they change nothing.
  error record(const std::string& tenant, error failure, attempt tried, steady_time now, random_source& random);

  /// The try has ended, whatever came of it. If that was not told, another one may try.
  void undecided(std::string_view tenant, attempt tried) noexcept;

  /// A build worked, or something was changed.
  void forget(std::string_view tenant) noexcept;
  void forget() noexcept;

  std::size_t size() const noexcept { return index_.size(); }

 private:
  struct line {
    std::string tenant;
    error failure;
    failure_class kind;
    unsigned in_a_row;
    steady_time until;
    attempt trying;  ///< who is; 0: nobody
  };
  using lines = std::list<line>;

  /// A failure, with the time that is left of what stands.
  static error told(const line& standing, error failure, steady_time now);

  const std::size_t size_;
  attempt attempts_ = 0;
  lines lines_;  ///< the oldest failure first
  std::map<std::string_view, lines::iterator, std::less<>> index_;
};

}  // namespace tenon
