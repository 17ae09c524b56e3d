#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

namespace tenon {

/// Which builds run, and which wait for that: first come, first served.
///
/// Threads     One at a time, under the owner's lock.
template <class Build>
class build_queue {
 public:
  enum class answer { starts, waits, full };

  build_queue(std::size_t most_running, std::size_t most_waiting)
      : most_running_(most_running), most_waiting_(most_waiting) {}

  /// Of `starts`, whoever asked owes an ended().
  answer enter(const std::shared_ptr<Build>& build) {
    if (running_ < most_running_) {
      ++running_;
      return answer::starts;
    }
    if (waiting_.size() >= most_waiting_) return answer::full;
    waiting_.push_back(build);
    return answer::waits;
  }

  /// Nobody wants it any more. False: it has started.
  bool withdraw(const std::shared_ptr<Build>& build) noexcept { return std::erase(waiting_, build) > 0; }

  /// A build has ended: the one that may start now, if there is one.
  std::shared_ptr<Build> ended() noexcept {
    if (waiting_.empty()) {
      --running_;
      return nullptr;
    }
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    return next;
  }

  std::size_t running() const noexcept { return running_; }
  std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  const std::size_t most_running_;
  const std::size_t most_waiting_;
  std::size_t running_ = 0;
  std::deque<std::shared_ptr<Build>> waiting_;
};

}  // namespace tenon
