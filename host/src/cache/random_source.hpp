#pragma once

#include <atomic>
#include <cstdint>

namespace tenon {

/// Where jitter comes from. No source of secrets.
///
/// Threads     Any, concurrently.
class random_source {
 public:
  random_source() = default;
  random_source(const random_source&) = delete;
  random_source& operator=(const random_source&) = delete;
  virtual ~random_source() = default;

  virtual double uniform() noexcept = 0;  ///< from [0, 1)
};

/// The generator of G. Steele, D. Lea and C. Flood, "Fast splittable pseudorandom number generators" (2014),
/// SplitMix64: a counter and a mixing function, so threads need no lock.
class splitmix_source final : public random_source {
 public:
  explicit splitmix_source(std::uint64_t seed) noexcept : state_(seed) {}

  double uniform() noexcept override {
    auto mixed = state_.fetch_add(0x9E3779B97F4A7C15, std::memory_order_relaxed);
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    mixed ^= mixed >> 31;
    return static_cast<double>(mixed >> 11) * 0x1p-53;
  }

 private:
  std::atomic<std::uint64_t> state_;
};

}  // namespace tenon
