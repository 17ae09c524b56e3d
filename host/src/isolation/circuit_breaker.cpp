#include "isolation/circuit_breaker.hpp"

#include <algorithm>

namespace tenon {

circuit_breaker::admission circuit_breaker::admit(steady_time now) noexcept {
  if (!tripped_) return {.era = eras_};
  if (now < open_until_) return {.admitted = false, .era = eras_, .retry_after = open_until_ - now};
  // How long the probe takes nobody knows; as long as the first opening is a fair guess.
  if (probing_) return {.admitted = false, .era = eras_, .retry_after = policy_.open};
  probing_ = true;
  return {.probe = true, .era = eras_};
}

bool circuit_breaker::ended(const admission& call, outcome how, steady_time now) noexcept {
  if (call.era != eras_) return false;
  if (!call.probe) {
    if (tripped_ || how == outcome::neither) return false;
    count(how == outcome::failure, now);
    if (how != outcome::failure || !too_many_failures(now)) return false;
    open(now, policy_.open);
    return true;
  }
  probing_ = false;
  if (!tripped_ || how == outcome::neither) return false;
  if (how == outcome::failure) {
    open(now, std::min<std::chrono::nanoseconds>(open_for_ * 2, policy_.longest_open));
    return false;  // it has not been closed in between
  }
  if (++succeeded_probes_ < policy_.probes) return false;
  close();
  return true;
}

void circuit_breaker::set_policy(const breaker_policy& policy) noexcept {
  if (policy.window != policy_.window) window_ = {};  // slices of another length
  policy_ = policy;
  if (policy_.failure_ratio <= 0) close();
}

circuit_breaker::phase circuit_breaker::current(steady_time now) const noexcept {
  if (!tripped_) return phase::closed;
  return now < open_until_ ? phase::open : phase::half_open;
}

std::int64_t circuit_breaker::slice_number(steady_time now) const noexcept {
  const auto length = std::max<std::int64_t>(std::chrono::nanoseconds(policy_.window).count() / slices, 1);
  return std::chrono::nanoseconds(now.time_since_epoch()).count() / length;
}

void circuit_breaker::count(bool failed, steady_time now) noexcept {
  const auto number = slice_number(now);
  auto& at = window_[static_cast<std::size_t>(number) % slices];
  if (at.number != number) at = {.number = number};
  ++at.calls;
  at.failures += failed ? 1 : 0;
}

bool circuit_breaker::too_many_failures(steady_time now) const noexcept {
  if (policy_.failure_ratio <= 0) return false;
  const auto newest = slice_number(now);
  std::uint64_t calls = 0;
  std::uint64_t failures = 0;
  for (const auto& at : window_) {
    if (at.number + static_cast<std::int64_t>(slices) <= newest) continue;
    calls += at.calls;
    failures += at.failures;
  }
  return calls >= policy_.min_calls &&
         static_cast<double>(failures) >= policy_.failure_ratio * static_cast<double>(calls);
}

void circuit_breaker::open(steady_time now, std::chrono::nanoseconds length) noexcept {
  tripped_ = true;
  ++openings_;
  ++eras_;
  open_for_ = length;
  open_until_ = now + length;
  succeeded_probes_ = 0;
  probing_ = false;
}

void circuit_breaker::close() noexcept {
  ++eras_;
  tripped_ = false;
  probing_ = false;
  window_ = {};
}

}  // namespace tenon
