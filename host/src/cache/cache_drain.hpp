#pragma once

#include "base/work_scheduler.hpp"

#include <atomic>
#include <memory>
#include <utility>

namespace tenon {

/// Runs an owner's drain() on its scheduler after every wake(), one run at a time: who wakes while it runs makes it run
/// once more. A wake may come when the owner has gone.
///
/// Threads     wake(): any, below any lock.
template <class Owner>
class cache_drain : public std::enable_shared_from_this<cache_drain<Owner>> {
 public:
  explicit cache_drain(std::shared_ptr<work_scheduler> scheduler) : scheduler_(std::move(scheduler)) {}

  /// Before the first wake().
  void owned_by(const std::shared_ptr<Owner>& owner) { owner_ = owner; }

  void wake() noexcept {
    if (state_.exchange(asked_again) != idle) return;
    try {
      scheduler_->post([self = this->shared_from_this()] { self->run(); });
    } catch (...) {  // no memory: the next wake tries again
      state_ = idle;
    }
  }

 private:
  enum : int { idle, running, asked_again };

  void run() {
    for (int seen = asked_again; seen == asked_again;) {
      state_ = running;
      if (const auto owner = owner_.lock()) owner->drain();
      seen = running;
      if (state_.compare_exchange_strong(seen, idle)) return;
    }
  }

  const std::shared_ptr<work_scheduler> scheduler_;
  std::weak_ptr<Owner> owner_;
  std::atomic<int> state_{idle};
};

}  // namespace tenon
