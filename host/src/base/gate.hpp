#pragma once

#include <tenon/unique_function.hpp>

#include <cstdint>
#include <mutex>
#include <utility>

namespace tenon {

/// Counts who is inside; once closed nobody enters, and whoever closed it is told when the last one has left.
///
/// Threads     Any, concurrently.
class gate {
 public:
  /// False once the gate is closed.
  bool enter() {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    ++inside_;
    return true;
  }

  void leave() {
    unique_function<void()> told;
    {
      const std::lock_guard lock(mutex_);
      if (--inside_ == 0 && closed_) told = std::move(on_empty_);
    }
    if (told) told();
  }

  /// `on_empty` is called once: here if nobody is inside, else by the last leave(). Closing again replaces the one to
  /// be told.
  void close(unique_function<void()> on_empty) {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      if (inside_ != 0) {
        on_empty_ = std::move(on_empty);
        return;
      }
    }
    on_empty();
  }

  std::uint64_t inside() const {
    const std::lock_guard lock(mutex_);
    return inside_;
  }

 private:
  mutable std::mutex mutex_;
  std::uint64_t inside_ = 0;
  bool closed_ = false;
  unique_function<void()> on_empty_;
};

}  // namespace tenon
