#pragma once

#include <tenon/sdk/detail/activity.hpp>
#include <tenon/sdk/error.hpp>
#include <tenon/sdk/task.hpp>
#include <tenon/sdk/time.hpp>

#include <chrono>

namespace tenon::sdk::detail {

/// Who is told when a time is over, unless somebody stops the alarm before.
class woken_by_alarm {
 public:
  virtual void ring() noexcept = 0;

 protected:
  ~woken_by_alarm() = default;
};

/// A timer beside a wait. Deletes itself once the host has completed the timer, which it always does.
class alarm final : public activity {
 public:
  /// Stopped by whoever set it, at the latest when `sleeper` goes.
  static alarm* set(run_queue& queue, timer_service timers, std::chrono::nanoseconds delay, woken_by_alarm& sleeper) {
    return new alarm(queue, timers, delay, sleeper);
  }

  /// `sleeper` is told nothing any more. Not to be used afterwards.
  void stop() noexcept {
    sleeper_ = nullptr;
    cancel();
  }

 private:
  alarm(run_queue& queue, timer_service timers, std::chrono::nanoseconds delay, woken_by_alarm& sleeper)
      : activity(queue), sleeper_(&sleeper), sleeping_(sleep(timers, delay)) {
    sleeping_.start(*this);
  }

  static task<bool> sleep(timer_service timers, std::chrono::nanoseconds delay) {
    co_await timers.sleep(delay);
    co_return true;
  }

  /// A host without a timer to give rings at once: nobody waits for longer than it said.
  void finished() noexcept override {
    if (sleeper_ != nullptr) sleeper_->ring();
    delete this;
  }

  woken_by_alarm* sleeper_;
  task<bool> sleeping_;
};

}  // namespace tenon::sdk::detail
