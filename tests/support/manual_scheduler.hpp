#pragma once

#include "base/work_scheduler.hpp"
#include "manual_clock.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace tenon::testing {

/// A scheduler that runs when a test says so, on the test's thread, and whose timers go by a clock turned by hand. Work
/// may be given from any thread.
class manual_scheduler final : public work_scheduler {
 public:
  explicit manual_scheduler(manual_clock& time) : time_(time) {}

  void post(unique_function<void()> work) override {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
  }

  std::shared_ptr<void> after(std::chrono::nanoseconds delay, unique_function<void()> work) override {
    auto armed = std::make_shared<unique_function<void()>>(std::move(work));
    const std::lock_guard lock(mutex_);
    timers_.emplace(time_.steady_now() + delay, armed);
    return armed;
  }

  /// Runs what is posted, and what that posts.
  void run() {
    while (auto work = next_posted()) (*work)();
  }

  /// Turns the clock, and stops for every timer on the way.
  void advance(std::chrono::nanoseconds by) {
    const auto until = time_.steady_now() + by;
    run();
    while (const auto next = next_due(until)) {
      const auto armed = next->second.lock();
      if (!armed) continue;
      if (next->first > time_.steady_now()) time_.advance(next->first - time_.steady_now());
      (*armed)();
      run();
    }
    time_.advance(until - time_.steady_now());
  }

  /// Timers that somebody still waits for.
  std::size_t timers() const {
    const std::lock_guard lock(mutex_);
    std::size_t armed = 0;
    for (const auto& [due, work] : timers_) armed += work.expired() ? 0 : 1;
    return armed;
  }

 private:
  using timer_map = std::multimap<steady_time, std::weak_ptr<unique_function<void()>>>;

  std::optional<unique_function<void()>> next_posted() {
    const std::lock_guard lock(mutex_);
    if (posted_.empty()) return std::nullopt;
    auto work = std::move(posted_.front());
    posted_.pop_front();
    return work;
  }

  std::optional<timer_map::value_type> next_due(steady_time until) {
    const std::lock_guard lock(mutex_);
    if (timers_.empty() || timers_.begin()->first > until) return std::nullopt;
    const timer_map::value_type next = *timers_.begin();
    timers_.erase(timers_.begin());
    return next;
  }

  manual_clock& time_;
  mutable std::mutex mutex_;
  std::deque<unique_function<void()>> posted_;
  timer_map timers_;
};

}  // namespace tenon::testing
