#pragma once

#include <tenon/sdk/detail/activity.hpp>

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

namespace tenon::sdk {

template <class T>
class task;

namespace detail {

/// Ends a task: whoever awaits it goes on, or its activity is finished.
class task_end {
 public:
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
    ended.promise().end();
  }
  void await_resume() const noexcept {}
};

class task_promise_base {
 public:
  std::suspend_always initial_suspend() const noexcept { return {}; }
  task_end final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }

  void run_under(activity& on, std::coroutine_handle<> continuation) noexcept {
    activity_ = &on;
    continuation_ = continuation;
  }
  void end() noexcept {
    if (continuation_) {
      activity_->proceed(continuation_);
    } else {
      activity_->finish();
    }
  }
  activity& current_activity() const noexcept { return *activity_; }

 protected:
  void rethrow() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  activity* activity_ = nullptr;
  std::coroutine_handle<> continuation_;
  std::exception_ptr exception_;
};

template <class T>
class task_promise final : public task_promise_base {
 public:
  task<T> get_return_object() noexcept;
  void return_value(T value) { value_.emplace(std::move(value)); }
  T take() {
    rethrow();
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class task_promise<void> final : public task_promise_base {
 public:
  task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const { rethrow(); }
};

}  // namespace detail

/// A coroutine that produces a T, or throws.
///
/// It starts when it is awaited, not before; a task that nobody awaits never runs. Await it once, from another task.
///
/// With g++ 12, name what a co_await statement needs before the statement: no aggregates, capturing lambdas or `?:` as
/// temporaries in it.
///
/// Lifetime    Takes its parameters by value: a reference in them must outlive the task.
/// Ownership   Move-only. Destroying a suspended task destroys its frame and those of the tasks it awaits.
/// Threads     Those of its platform, one at a time. It may go on on another thread after each await.
/// Errors      What it throws is thrown by the co_await. sdk::cancelled passes through everything.
template <class T = void>
class [[nodiscard]] task {
 public:
  using promise_type = detail::task_promise<T>;

  explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  task(task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    std::swap(frame_, other.frame_);
    return *this;
  }
  ~task() {
    if (frame_) frame_.destroy();
  }

  class awaiter {
   public:
    explicit awaiter(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> waiting) const noexcept {
      detail::activity& on = waiting.promise().current_activity();
      frame_.promise().run_under(on, waiting);
      on.proceed(frame_);
    }
    T await_resume() const { return frame_.promise().take(); }

   private:
    std::coroutine_handle<promise_type> frame_;
  };

  awaiter operator co_await() && noexcept { return awaiter(frame_); }

  /// For the root of an activity: begins it, and takes its outcome when the activity has finished.
  void start(detail::activity& on) noexcept {
    frame_.promise().run_under(on, nullptr);
    on.start(frame_);
  }
  T take() { return frame_.promise().take(); }

 private:
  std::coroutine_handle<promise_type> frame_;
};

template <class T>
task<T> detail::task_promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<task_promise>::from_promise(*this));
}

inline task<void> detail::task_promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
}

}  // namespace tenon::sdk
