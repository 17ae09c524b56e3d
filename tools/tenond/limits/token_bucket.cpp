#include "limits/token_bucket.hpp"

#include <algorithm>
#include <cmath>

namespace tenon::tenond {
namespace {

/// What sums of fractions may be off by: who waited as long as told is not refused for a billionth.
constexpr double almost_one = 1 - 1e-9;

constexpr double longest_wait_s = 3600;

}  // namespace

void token_bucket::refill(steady_time now) noexcept {
  if (now <= as_of_) return;
  // Unsigned, for the difference of two times may be more than a signed duration holds.
  const auto passed = static_cast<std::uint64_t>(now.time_since_epoch().count()) -
                      static_cast<std::uint64_t>(as_of_.time_since_epoch().count());
  constexpr double ticks_per_second = static_cast<double>(steady_time::period::den) / steady_time::period::num;
  tokens_ = std::min(allowed_.burst, tokens_ + static_cast<double>(passed) / ticks_per_second * allowed_.per_second);
  as_of_ = now;
}

bool token_bucket::has_token(steady_time now) noexcept {
  if (!allowed_.is_limit()) return true;
  refill(now);
  return tokens_ >= almost_one;
}

bool token_bucket::take(steady_time now) noexcept {
  if (!has_token(now)) return false;
  if (allowed_.is_limit()) tokens_ = std::max(0.0, tokens_ - 1);
  return true;
}

std::uint32_t token_bucket::retry_after_s(steady_time now) noexcept {
  if (has_token(now)) return 1;
  return static_cast<std::uint32_t>(
      std::clamp(std::ceil((almost_one - tokens_) / allowed_.per_second), 1.0, longest_wait_s));
}

void token_bucket::change(rate allowed, steady_time now) noexcept {
  refill(now);
  if (!allowed_.is_limit()) tokens_ = allowed.burst;
  allowed_ = allowed;
  tokens_ = std::min(tokens_, allowed_.burst);
  as_of_ = std::max(as_of_, now);
}

}  // namespace tenon::tenond
