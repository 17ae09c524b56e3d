#pragma once

#include "base/work_scheduler.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace tenon::testing {

/// A scheduler with threads of its own, for tests of what many of them do at once. Timers go by the machine's clock. What
/// is posted before the end is run.
class thread_scheduler final : public work_scheduler {
 public:
  explicit thread_scheduler(std::size_t threads) {
    for (std::size_t each = 0; each < threads; ++each) threads_.emplace_back([this] { run(); });
  }
  ~thread_scheduler() override {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    changed_.notify_all();
    threads_.clear();
  }

  void post(unique_function<void()> work) override {
    {
      const std::lock_guard lock(mutex_);
      posted_.push_back(std::move(work));
    }
    changed_.notify_one();
  }

  std::shared_ptr<void> after(std::chrono::nanoseconds delay, unique_function<void()> work) override {
    auto armed = std::make_shared<unique_function<void()>>(std::move(work));
    {
      const std::lock_guard lock(mutex_);
      timers_.emplace(std::chrono::steady_clock::now() + delay, armed);
    }
    changed_.notify_one();
    return armed;
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      while (!timers_.empty() && timers_.begin()->first <= std::chrono::steady_clock::now()) {
        auto due = timers_.begin()->second.lock();
        timers_.erase(timers_.begin());
        if (due) posted_.push_back([due = std::move(due)] { (*due)(); });
      }
      if (!posted_.empty()) {
        auto work = std::move(posted_.front());
        posted_.pop_front();
        lock.unlock();
        work();
        work = {};
        lock.lock();
      } else if (ends_) {
        return;
      } else if (timers_.empty()) {
        changed_.wait(lock);
      } else {
        const auto next = timers_.begin()->first;
        changed_.wait_until(lock, next);
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<unique_function<void()>> posted_;
  std::multimap<std::chrono::steady_clock::time_point, std::weak_ptr<unique_function<void()>>> timers_;
  bool ends_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace tenon::testing
