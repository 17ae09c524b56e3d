#pragma once

#include <tenon/sdk/detail/activity.hpp>
#include <tenon/sdk/detail/host_link.hpp>

#include <coroutine>
#include <memory>

namespace tenon::sdk::detail {

class operation_awaiter;

/// The `user` of a started operation: on the heap from the start to the completion, which always comes. The coroutine
/// that waits may be destroyed earlier; then nobody is told.
struct operation {
  operation_awaiter* awaiter;
  tenon_op id = 0;

  explicit operation(operation_awaiter& waiting) noexcept : awaiter(&waiting) {}
};

/// Awaits one operation of the host. Derived classes start it and keep its result.
class operation_awaiter : public suspension {
 public:
  operation_awaiter(const operation_awaiter&) = delete;
  operation_awaiter& operator=(const operation_awaiter&) = delete;

  bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> waiting) {
    activity_ = &waiting.promise().current_activity();
    status_ = TENON_E_CANCELLED;
    if (activity_->cancelled()) return false;
    auto made = std::make_unique<operation>(*this);
    status_ = start(made.get(), &made->id);
    refused_ = status_ != TENON_OK;
    if (refused_) return false;
    operation_ = made.release();
    activity_->suspend(waiting, *this);
    return true;
  }

  void interrupt() noexcept final { link_.host().cancel(link_.ctx(), operation_->id); }

 protected:
  explicit operation_awaiter(host_link link) noexcept : link_(link) {}

  ~operation_awaiter() {
    if (operation_ == nullptr) return;
    operation_->awaiter = nullptr;
    interrupt();
  }

  virtual tenon_status start(void* user, tenon_op* id) = 0;

  /// What a completion does with `user`: who waits for it, or null. The awaiter calls wake() when it has kept the
  /// result.
  template <class Awaiter>
  static Awaiter* complete(void* user, tenon_status status) noexcept {
    const std::unique_ptr<operation> done(static_cast<operation*>(user));
    if (done->awaiter == nullptr) return nullptr;
    done->awaiter->operation_ = nullptr;
    done->awaiter->status_ = status;
    return static_cast<Awaiter*>(done->awaiter);
  }

  /// Resumes the coroutine; this awaiter may be gone afterwards.
  void wake() noexcept {
    activity& woken = *activity_;
    run_queue& queue = woken.queue();
    woken.wake();
    queue.drain();
  }

  void throw_if_cancelled() const {
    if (status_ == TENON_E_CANCELLED || status_ == TENON_E_CLOSING || activity_->cancelled()) throw cancelled();
  }

  host_link link() const noexcept { return link_; }
  tenon_status status() const noexcept { return status_; }
  bool refused() const noexcept { return refused_; }
  void fail(tenon_status status) noexcept { status_ = status; }

 private:
  host_link link_;
  activity* activity_ = nullptr;
  operation* operation_ = nullptr;
  tenon_status status_ = TENON_OK;
  bool refused_ = false;
};

}  // namespace tenon::sdk::detail
