#pragma once

#include <tenon/sdk/detail/alarm.hpp>
#include <tenon/sdk/error.hpp>
#include <tenon/sdk/task.hpp>
#include <tenon/sdk/time.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace tenon::sdk {

/// Lets several tasks of a platform share one operation in progress, such as the refresh of an access token:
///
///     std::string token = co_await refresh_.join(fetch_token());
///
/// The first to join starts the task it brings; whoever joins before that ends waits for the same outcome, and the task
/// it brought is dropped unstarted. The outcome is not kept: the next join starts anew.
///
/// The operation belongs to none of its waiters: when one is cancelled, or has no time left (join_for), it goes on for
/// the others.
///
/// Lifetime    A member of the platform, or of what the platform owns.
/// Threads     Those of its platform, one at a time.
/// Errors      What the operation throws, every waiter gets. SERVICE_UNAVAILABLE for who has no time left.
template <class T>
class single_flight {
  class flight;

 public:
  single_flight() = default;
  single_flight(const single_flight&) = delete;
  single_flight& operator=(const single_flight&) = delete;

  bool running() const noexcept { return flight_ != nullptr; }

  class joiner final : public detail::suspension, private detail::woken_by_alarm {
   public:
    joiner(single_flight& joined, task<T> operation) noexcept : joined_(joined), operation_(std::move(operation)) {}
    joiner(single_flight& joined, task<T> operation, timer_service timers, std::chrono::nanoseconds longest) noexcept
        : joined_(joined), operation_(std::move(operation)), timers_(timers), longest_(longest) {}
    joiner(const joiner&) = delete;
    joiner& operator=(const joiner&) = delete;
    ~joiner() { leave(); }

    bool await_ready() const noexcept { return false; }

    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> waiting) {
      activity_ = &waiting.promise().current_activity();
      if (activity_->cancelled()) return false;
      joined_.flight_or_new(activity_->queue(), operation_).waiting().push_back(this);
      listed_ = true;
      if (timers_) alarm_ = detail::alarm::set(activity_->queue(), *timers_, longest_, *this);
      activity_->suspend(waiting, *this);
      return true;
    }

    T await_resume() const {
      if (activity_->cancelled()) throw cancelled();
      if (late_) throw errors::service_unavailable("What others wait for as well was not over in time");
      if (!outcome_) throw cancelled();
      if (outcome_->exception) std::rethrow_exception(outcome_->exception);
      return *outcome_->value;
    }

    void interrupt() noexcept override {
      leave();
      activity_->wake();
    }

   private:
    friend class single_flight;

    void leave() noexcept {
      if (listed_) std::erase(joined_.flight_->waiting(), this);
      listed_ = false;
      if (alarm_ != nullptr) std::exchange(alarm_, nullptr)->stop();
    }

    void ring() noexcept override {
      alarm_ = nullptr;
      late_ = true;
      leave();
      activity_->wake();
    }

    /// The operation is over.
    void tell(const std::shared_ptr<const typename flight::outcome>& what) noexcept {
      outcome_ = what;
      listed_ = false;
      leave();
      activity_->wake();
    }

    single_flight& joined_;
    task<T> operation_;
    detail::activity* activity_ = nullptr;
    std::shared_ptr<const typename flight::outcome> outcome_;
    std::optional<timer_service> timers_;
    std::chrono::nanoseconds longest_{0};
    detail::alarm* alarm_ = nullptr;
    bool listed_ = false;
    bool late_ = false;
  };

  /// `co_await` it.
  joiner join(task<T> operation) noexcept { return joiner(*this, std::move(operation)); }

  /// The same for who can wait no longer than that.
  joiner join_for(task<T> operation, timer_service timers, std::chrono::nanoseconds longest) noexcept {
    return joiner(*this, std::move(operation), timers, longest);
  }

 private:
  class flight final : public detail::activity {
   public:
    struct outcome {
      std::optional<T> value;
      std::exception_ptr exception;
    };

    flight(single_flight& owner, detail::run_queue& queue, task<T> operation)
        : activity(queue), owner_(owner), operation_(std::move(operation)) {
      operation_.start(*this);
    }
    ~flight() override {
      for (joiner* one : waiting_) one->listed_ = false;
    }
    std::vector<joiner*>& waiting() noexcept { return waiting_; }

   private:
    void finished() noexcept override {
      const std::unique_ptr<flight> self = std::move(owner_.flight_);
      auto shared = std::make_shared<outcome>();
      try {
        shared->value.emplace(operation_.take());
      } catch (...) {
        shared->exception = std::current_exception();
      }
      for (joiner* one : std::exchange(waiting_, {})) one->tell(shared);
    }

    single_flight& owner_;
    task<T> operation_;
    std::vector<joiner*> waiting_;
  };

  flight& flight_or_new(detail::run_queue& queue, task<T>& operation) {
    if (!flight_) flight_ = std::make_unique<flight>(*this, queue, std::move(operation));
    return *flight_;
  }

  std::unique_ptr<flight> flight_;
};

}  // namespace tenon::sdk
