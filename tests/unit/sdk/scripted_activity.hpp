#pragma once

#include <tenon/sdk/error.hpp>
#include <tenon/sdk/task.hpp>

#include <coroutine>
#include <utility>

namespace tenon::sdk::testing {

/// Runs a task without a plugin: the root of an activity that the test drives and may destroy at any moment.
template <class T>
class scripted_activity final : public detail::activity {
 public:
  scripted_activity(detail::run_queue& queue, task<T> root) : activity(queue), root_(std::move(root)) {
    root_.start(*this);
    queue.drain();
  }
  ~scripted_activity() override = default;

  bool done() const noexcept { return done_; }
  T take() { return root_.take(); }

 private:
  void finished() noexcept override { done_ = true; }

  task<T> root_;
  bool done_ = false;
};

/// An operation that ends when the test says so.
class manual_event {
 public:
  class awaiter final : public detail::suspension {
   public:
    explicit awaiter(manual_event& event) noexcept : event_(event) {}
    awaiter(const awaiter&) = delete;
    awaiter& operator=(const awaiter&) = delete;
    ~awaiter() {
      if (event_.waiting_ == this) event_.waiting_ = nullptr;
    }

    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> waiting) noexcept {
      activity_ = &waiting.promise().current_activity();
      event_.waiting_ = this;
      activity_->suspend(waiting, *this);
    }
    void await_resume() const {
      if (activity_->cancelled()) throw cancelled();
    }
    void interrupt() noexcept override { activity_->wake(); }

   private:
    friend class manual_event;
    manual_event& event_;
    detail::activity* activity_ = nullptr;
  };

  awaiter wait() noexcept { return awaiter(*this); }

  bool awaited() const noexcept { return waiting_ != nullptr; }

  void fire() {
    detail::activity& woken = *std::exchange(waiting_, nullptr)->activity_;
    woken.wake();
    woken.queue().drain();
  }

 private:
  awaiter* waiting_ = nullptr;
};

}  // namespace tenon::sdk::testing
