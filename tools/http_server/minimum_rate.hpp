#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace tenon::http {

/// How far a peer lags behind a minimum rate of taking what is written for it. Time that a writer waits adds to the
/// lag, and only bytes that are taken reduce it: who reads a little now and then does not catch up, and who reads fast
/// gains nothing in advance.
///
/// Threads     One at a time.
class minimum_rate {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::size_t bytes_per_second = 16u << 10;

  void write_begins(time_point now) noexcept { since_ = now - lag_; }
  void write_ends(time_point now) noexcept { lag_ = now - since_; }

  /// While a write goes on.
  void taken(std::size_t bytes, time_point now) noexcept {
    const std::chrono::duration<double> worth(static_cast<double>(bytes) / bytes_per_second);
    since_ = std::min(now, since_ + std::chrono::duration_cast<time_point::duration>(worth));
  }

  /// While a write goes on: the lag is the time from then to now.
  time_point since() const noexcept { return since_; }

 private:
  time_point since_;
  time_point::duration lag_{0};
};

}  // namespace tenon::http
