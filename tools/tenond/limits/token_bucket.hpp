#pragma once

#include <tenon/clock.hpp>

#include <cstdint>

namespace tenon::tenond {

/// How often something may happen.
struct rate {
  double per_second = 0;  ///< on average; 0: as often as it likes
  double burst = 1;       ///< at once, after a pause; at least 1

  bool is_limit() const noexcept { return per_second > 0; }
  friend bool operator==(const rate&, const rate&) = default;
};

/// A token bucket: it begins full, with a burst of tokens, and gets new ones at its rate until it is full again.
///
/// Lifetime    A value.
/// Threads     One at a time.
class token_bucket {
 public:
  token_bucket(rate allowed, steady_time now) noexcept : allowed_(allowed), tokens_(allowed.burst), as_of_(now) {}

  /// Takes a token. False: there is none, and nothing was taken.
  bool take(steady_time now) noexcept;

  bool has_token(steady_time now) noexcept;

  /// Seconds until there is a token, rounded up: 1 to 3600, as AdCP wants a retry_after.
  std::uint32_t retry_after_s(steady_time now) noexcept;

  /// From now on another rate. Tokens that are there stay, as far as the new burst has room for them.
  void change(rate allowed, steady_time now) noexcept;

  const rate& allowed() const noexcept { return allowed_; }

 private:
  void refill(steady_time now) noexcept;

  rate allowed_;
  double tokens_;
  steady_time as_of_;
};

}  // namespace tenon::tenond
