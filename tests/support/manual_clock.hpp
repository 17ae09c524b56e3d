#pragma once

#include <tenon/clock.hpp>

#include <atomic>

namespace tenon::testing {

/// A clock that a test turns by hand. Steady and wall time start at a fixed instant and move together.
///
/// Threads     Any.
class manual_clock final : public clock {
 public:
  steady_time steady_now() const noexcept override { return steady_time(elapsed()); }
  wall_time wall_now() const noexcept override {
    return wall_time(std::chrono::duration_cast<wall_time::duration>(std::chrono::seconds(1'700'000'000) + elapsed()));
  }

  void advance(std::chrono::nanoseconds by) noexcept { elapsed_ns_.fetch_add(by.count()); }

 private:
  std::chrono::nanoseconds elapsed() const noexcept { return std::chrono::nanoseconds(elapsed_ns_.load()); }

  std::atomic<std::int64_t> elapsed_ns_{3'600'000'000'000};
};

}  // namespace tenon::testing
