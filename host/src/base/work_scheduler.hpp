#pragma once

#include <tenon/unique_function.hpp>

#include <chrono>
#include <memory>

namespace tenon {

/// What a part without a thread of its own, such as a cache, runs its work on.
///
/// Threads     Any, concurrently. Called below locks, so neither function runs work itself.
class work_scheduler {
 public:
  work_scheduler() = default;
  work_scheduler(const work_scheduler&) = delete;
  work_scheduler& operator=(const work_scheduler&) = delete;
  virtual ~work_scheduler() = default;

  /// Runs `work` soon, once, on some thread, never inside this call.
  virtual void post(unique_function<void()> work) = 0;

  /// Runs `work` once after `delay`, unless what is returned goes before: who drops it may still be overtaken by work
  /// that has begun.
  [[nodiscard]] virtual std::shared_ptr<void> after(std::chrono::nanoseconds delay, unique_function<void()> work) = 0;
};

}  // namespace tenon
