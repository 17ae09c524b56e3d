#pragma once

#include "base/work_scheduler.hpp"
#include "manual_clock.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <utility>

namespace tenon::testing {

/// A scheduler that runs when a test says so, on the test's thread, and whose timers go by a clock turned by hand.
class manual_scheduler final : public work_scheduler {
 public:
  explicit manual_scheduler(manual_clock& time) : time_(time) {}

  void post(unique_function<void()> work) override { posted_.push_back(std::move(work)); }

  std::shared_ptr<void> after(std::chrono::nanoseconds delay, unique_function<void()> work) override {
    auto armed = std::make_shared<unique_function<void()>>(std::move(work));
    timers_.emplace(time_.steady_now() + delay, armed);
    return armed;
  }

  /// Runs what is posted, and what that posts.
  void run() {
    while (!posted_.empty()) {
      auto work = std::move(posted_.front());
      posted_.pop_front();
      work();
    }
  }

  /// Turns the clock, and stops for every timer on the way.
  void advance(std::chrono::nanoseconds by) {
    const auto until = time_.steady_now() + by;
    run();
    while (!timers_.empty() && timers_.begin()->first <= until) {
      const auto due = timers_.begin()->first;
      const auto armed = timers_.begin()->second.lock();
      timers_.erase(timers_.begin());
      if (!armed) continue;
      if (due > time_.steady_now()) time_.advance(due - time_.steady_now());
      (*armed)();
      run();
    }
    time_.advance(until - time_.steady_now());
  }

  /// Timers that somebody still waits for.
  std::size_t timers() const {
    std::size_t armed = 0;
    for (const auto& [due, work] : timers_) armed += work.expired() ? 0 : 1;
    return armed;
  }

 private:
  manual_clock& time_;
  std::deque<unique_function<void()>> posted_;
  std::multimap<steady_time, std::weak_ptr<unique_function<void()>>> timers_;
};

}  // namespace tenon::testing
