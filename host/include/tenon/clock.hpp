#pragma once

#include <chrono>

namespace tenon {

using steady_time = std::chrono::steady_clock::time_point;
using wall_time = std::chrono::system_clock::time_point;

/// Where time comes from. Injected everywhere, so that tests turn it by hand.
///
/// Threads     Any.
class clock {
 public:
  constexpr clock() = default;
  clock(const clock&) = delete;
  clock& operator=(const clock&) = delete;
  constexpr virtual ~clock() = default;

  virtual steady_time steady_now() const noexcept = 0;
  /// The steady time as of the last few milliseconds, never ahead of it: for paths where reading the clock would be
  /// most of the cost.
  virtual steady_time coarse_now() const noexcept { return steady_now(); }
  virtual wall_time wall_now() const noexcept = 0;
};

/// The machine's clocks. Immortal.
const clock& system_clock() noexcept;

}  // namespace tenon
