#pragma once

#include <coroutine>
#include <utility>

namespace tenon::sdk::detail {

class activity;

/// What a coroutine is suspended on.
class suspension {
 public:
  /// Asks for an early end. The coroutine is woken, now or soon, and its await throws sdk::cancelled.
  virtual void interrupt() noexcept = 0;

 protected:
  ~suspension() = default;
};

/// The activities of one platform that can go on, in the order in which they were woken.
///
/// Every entry of the ABI ends by draining the queue, so no activity ever runs on top of another one's stack.
///
/// Threads     One at a time: the platform's entries are serial.
class run_queue {
 public:
  run_queue() = default;
  run_queue(const run_queue&) = delete;
  run_queue& operator=(const run_queue&) = delete;

  void push(activity& woken) noexcept;
  void remove(activity& gone) noexcept;

  /// Runs until nothing is ready. Below another drain() it does nothing: that one goes on.
  void drain() noexcept;

 private:
  activity* first_ = nullptr;
  activity* last_ = nullptr;
  bool draining_ = false;
};

/// One chain of coroutines that await each other, from its root task to the operation it waits for: a create, a call,
/// or the operation of a single_flight. At any moment one of its coroutines runs or all are suspended.
///
/// *Rationale:* a coroutine never resumes another one. It names who is next and returns to run(), which resumes that
/// one: the stack stays flat with any compiler and optimisation, however many awaits complete at once, and no frame
/// goes while code of it is below.
class activity {
 public:
  explicit activity(run_queue& queue) noexcept : queue_(queue) {}
  activity(const activity&) = delete;
  activity& operator=(const activity&) = delete;

  /// Begins with `root`, at the next drain.
  void start(std::coroutine_handle<> root) noexcept {
    next_ = root;
    queue_.push(*this);
  }

  /// From the running coroutine: it suspends and `next` goes on at once.
  void proceed(std::coroutine_handle<> next) noexcept { next_ = next; }

  /// From the running coroutine: it suspends until wake(). `on` lives until then.
  void suspend(std::coroutine_handle<> waiting, suspension& on) noexcept {
    waiting_ = waiting;
    on_ = &on;
  }

  /// What it waited for has happened: it goes on at the next drain.
  void wake() noexcept {
    on_ = nullptr;
    next_ = std::exchange(waiting_, nullptr);
    queue_.push(*this);
  }

  /// The root has reached its end.
  void finish() noexcept { finished_ = true; }

  /// Nobody wants the outcome any more: this await and all later ones throw sdk::cancelled.
  void cancel() noexcept {
    cancelled_ = true;
    if (on_ != nullptr) on_->interrupt();
  }
  bool cancelled() const noexcept { return cancelled_; }

  run_queue& queue() const noexcept { return queue_; }

 protected:
  virtual ~activity() { queue_.remove(*this); }

  /// The root has ended. Called at the bottom of the stack, so the activity may delete itself.
  virtual void finished() noexcept = 0;

 private:
  friend class run_queue;

  void run() noexcept {
    while (next_) std::exchange(next_, nullptr).resume();
    if (finished_) finished();
  }

  run_queue& queue_;
  std::coroutine_handle<> next_;
  std::coroutine_handle<> waiting_;
  suspension* on_ = nullptr;
  activity* behind_ = nullptr;
  bool queued_ = false;
  bool finished_ = false;
  bool cancelled_ = false;
};

inline void run_queue::push(activity& woken) noexcept {
  if (woken.queued_) return;
  woken.queued_ = true;
  woken.behind_ = nullptr;
  (last_ == nullptr ? first_ : last_->behind_) = &woken;
  last_ = &woken;
}

inline void run_queue::remove(activity& gone) noexcept {
  if (!gone.queued_) return;
  activity* before = nullptr;
  for (activity* at = first_; at != &gone; at = at->behind_) before = at;
  (before == nullptr ? first_ : before->behind_) = gone.behind_;
  if (last_ == &gone) last_ = before;
  gone.queued_ = false;
}

inline void run_queue::drain() noexcept {
  if (draining_) return;
  draining_ = true;
  while (first_ != nullptr) {
    activity& ready = *first_;
    remove(ready);
    ready.run();
  }
  draining_ = false;
}

}  // namespace tenon::sdk::detail
