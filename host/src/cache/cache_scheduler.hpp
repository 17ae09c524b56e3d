#pragma once

#include <tenon/unique_function.hpp>

#include <chrono>
#include <memory>

namespace tenon {

/// What a cache runs its work on: it has no thread of its own.
///
/// Threads     Any, concurrently. Called below the cache's locks, so neither function runs work itself.
class cache_scheduler {
 public:
  cache_scheduler() = default;
  cache_scheduler(const cache_scheduler&) = delete;
  cache_scheduler& operator=(const cache_scheduler&) = delete;
  virtual ~cache_scheduler() = default;

  /// Runs `work` soon, once, on some thread, never inside this call.
  virtual void post(unique_function<void()> work) = 0;

  /// Runs `work` once after `delay`, unless what is returned goes before: who drops it may still be overtaken by work
  /// that has begun.
  [[nodiscard]] virtual std::shared_ptr<void> after(std::chrono::nanoseconds delay, unique_function<void()> work) = 0;
};

}  // namespace tenon
