#pragma once

#include "catalog/call_limits.hpp"

#include <tenon/clock.hpp>
#include <tenon/status.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace tenon {

/// Refuses calls that would most likely fail, so that they cost neither their callers nor the ad server the time of
/// trying (the pattern is Nygard's, "Release It!").
///
/// *Closed*, it counts outcomes over a sliding window. When the window holds enough calls and enough of them failed it
/// *opens*: nobody is let in for a while. Then it is *half open*: one probe at a time; as many successes as the policy
/// says, one after the other, close it; a failure opens it again, for twice as long.
///
/// Threads     One at a time. Time is given to it, and does not go back.
/// Cost        Constant; no allocation.
class circuit_breaker {
 public:
  using phase = tenant_calls::breaker;
  enum class outcome : std::uint8_t {
    success,
    failure,
    neither,  ///< says nothing about the tenant: the caller gave up, say
  };

  /// What was decided about one call; goes back with its outcome.
  struct admission {
    bool admitted = true;
    bool probe = false;
    std::uint64_t era = 0;                   ///< what began before the breaker turned says nothing after it
    std::chrono::nanoseconds retry_after{};  ///< if refused: how long at least
  };

  explicit circuit_breaker(const breaker_policy& policy) : policy_(policy) {}

  admission admit(steady_time now) noexcept;

  /// The end of a call that was admitted, once. True: the breaker opened or closed by it.
  bool ended(const admission& call, outcome how, steady_time now) noexcept;

  /// From now on; what was counted stays. A policy that never opens closes it.
  void set_policy(const breaker_policy& policy) noexcept;

  /// What served has been replaced: what failed before says nothing of what comes.
  void renew() noexcept { close(); }

  phase current(steady_time now) const noexcept;
  std::uint64_t opened() const noexcept { return openings_; }  ///< how often, probes that failed included

 private:
  static constexpr std::size_t slices = 10;  ///< of the window
  struct slice {
    std::int64_t number = 0;  ///< since the clock's epoch
    std::uint32_t calls = 0;
    std::uint32_t failures = 0;
  };

  void count(bool failed, steady_time now) noexcept;
  bool too_many_failures(steady_time now) const noexcept;
  void open(steady_time now, std::chrono::nanoseconds length) noexcept;
  void close() noexcept;
  std::int64_t slice_number(steady_time now) const noexcept;

  breaker_policy policy_;
  std::array<slice, slices> window_{};
  bool tripped_ = false;                 ///< open or half open
  steady_time open_until_{};             ///< half open from then on
  std::chrono::nanoseconds open_for_{};  ///< the length of the last opening
  std::uint64_t openings_ = 0;
  std::uint64_t eras_ = 0;
  std::uint32_t succeeded_probes_ = 0;
  bool probing_ = false;
};

}  // namespace tenon
