#pragma once

#include "limits/token_bucket.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace tenon::tenond {

/// How often each principal may ask: a token bucket for each.
///
/// Lifetime    Borrows the clock.
/// Threads     Any, concurrently.
/// Cost        A lock, the clock and a look into a map. Memory grows with the principals of the configuration alone.
class principal_limits {
 public:
  using rates = std::map<std::string, rate, std::less<>>;

  struct refusal {
    rate allowed;
    std::uint32_t retry_after_s;  ///< 1 to 3600
  };

  explicit principal_limits(const clock& time) : time_(time) {}

  /// From now on these limits. Who had one keeps the tokens that are left; who is not named has none.
  void assign(const rates& now);

  /// One request of this principal. Nothing: it may pass.
  std::optional<refusal> take(std::string_view principal);

  std::uint64_t refused() const noexcept { return refused_; }  ///< since the start

 private:
  const clock& time_;
  std::mutex mutex_;
  std::map<std::string, token_bucket, std::less<>> buckets_;
  std::atomic<std::uint64_t> refused_ = 0;
};

}  // namespace tenon::tenond
