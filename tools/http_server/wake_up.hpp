#pragma once

#include <tenon/unique_function.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution_context.hpp>

#include <utility>

namespace tenon::http {

class wake_up_registry;

/// What a coroutine waits for until somebody wakes it, as for a timer that never expires. But who wakes it resumes it
/// at once, and not by another turn of the executor.
///
/// Lifetime    Not longer than the executor's context, which destroys who still waits when it ends.
/// Threads     The executor's strand alone. Who waits keeps the context busy by itself, as every co_spawn()ed coroutine
///             does.
/// Errors      None: whoever waits looks for what has happened, for it may be woken for another reason.
class wake_up {
 public:
  explicit wake_up(const boost::asio::any_io_executor& executor);
  wake_up(const wake_up&) = delete;
  wake_up& operator=(const wake_up&) = delete;
  ~wake_up();

  /// Completes as `void()`. One may wait at a time.
  template <typename Token>
  auto async_wait(Token&& token) {
    return boost::asio::async_initiate<Token, void()>(
        [this](auto handler) { waiting_ = unique_function<void()>(std::move(handler)); }, token);
  }

  /// Runs who waits, if anybody does, on this stack.
  void wake() {
    if (auto waiting = std::exchange(waiting_, {})) waiting();
  }

 private:
  friend wake_up_registry;

  wake_up_registry& registry_;
  unique_function<void()> waiting_;
};

}  // namespace tenon::http
