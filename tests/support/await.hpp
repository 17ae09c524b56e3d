#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

namespace tenon::testing {

/// Long enough for the slowest machine under a sanitizer; nothing waits this long unless it is broken.
inline constexpr std::chrono::seconds patience{30};

/// The value of a future that must become ready.
template <class Value>
Value await(std::future<Value> coming) {
  REQUIRE_MESSAGE(coming.wait_for(patience) == std::future_status::ready, "expected an answer, found none in time");
  return coming.get();
}

/// Whether a condition that another thread brings about becomes true in time.
template <class Condition>
bool eventually(Condition condition) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (!condition() && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
  return condition();
}

/// A count that one thread raises and another waits for.
class tally {
 public:
  void raise() {
    const std::lock_guard lock(mutex_);
    ++count_;
    raised_.notify_all();
  }

  int count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }

  /// False when it did not come that far in time.
  bool reaches(int wanted) const {
    std::unique_lock lock(mutex_);
    return raised_.wait_for(lock, patience, [&] { return count_ >= wanted; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable raised_;
  int count_ = 0;
};

}  // namespace tenon::testing
