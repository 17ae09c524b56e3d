// http/1
#include "platform/http_mapping.hpp"
#include "platform/platform_shell.hpp"
#include "platform/services.hpp"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace tenon {
namespace {

class http_operation final : public operation, public std::enable_shared_from_this<http_operation> {
 public:
  http_operation(http_exchange_request request, tenon_http_fn done, void* user)
      : request_(std::move(request)), done_(done), user_(user) {}

  void launch(const std::shared_ptr<platform_shell>& shell, tenon_op id) override {
    if (stop_.stop_requested()) {
      outcome_ = http_failure{.what = http_failure::kind::cancelled,
                              .phase = http_failure::progress::not_sent,
                              .message = "cancelled before it was sent"};
      return shell->post_delivery(id);
    }
    const auto client = shell->environment().http.lock();
    if (!client) {
      outcome_ = http_failure{.what = http_failure::kind::cancelled,
                              .phase = http_failure::progress::not_sent,
                              .message = "the host is going away"};
      return shell->post_delivery(id);
    }
    client->start(std::move(request_), stop_.get_token(),
                  [self = shared_from_this(), weak = std::weak_ptr(shell), id](http_result outcome) {
                    self->outcome_ = std::move(outcome);
                    if (const auto still_there = weak.lock()) still_there->post_delivery(id);
                  });
  }

  void cancel() noexcept override { stop_.request_stop(); }

  void deliver(tenon_op id) noexcept override { done_(user_, id, &http_answer(*outcome_).get()); }
  void close(tenon_op id) noexcept override { done_(user_, id, &http_answer(TENON_E_CLOSING).get()); }

 private:
  http_exchange_request request_;
  const tenon_http_fn done_;
  void* const user_;
  std::stop_source stop_;
  std::optional<http_result> outcome_;  ///< written before the delivery is posted, read by it
};

/// Where a blocking task's thread waits. Shared with the client, which may answer after the wait was given up.
struct rendezvous {
  std::mutex mutex;
  std::condition_variable arrived;
  std::optional<http_result> outcome;
  bool unwanted = false;

  /// Waits for the outcome; once nobody wants it, only as long as a client that runs needs to say how far it came.
  std::optional<http_result> meet(std::chrono::milliseconds longest, std::chrono::milliseconds last_words) {
    std::unique_lock lock(mutex);
    arrived.wait_for(lock, longest, [this] { return outcome.has_value() || unwanted; });
    if (!outcome) arrived.wait_for(lock, last_words, [this] { return outcome.has_value(); });
    return std::exchange(outcome, std::nullopt);
  }
};

tenon_status admit(const entry_frame* frame, const tenon_http_request* request, tenon_http_fn done,
                   http_exchange_request& exchange) {
  if (frame == nullptr || request == nullptr || done == nullptr) return TENON_E_INVALID;
  const auto& shell = frame->shell();
  if (shell.closing()) return TENON_E_CLOSING;
  const auto secrets = shell.secrets();
  if (secrets == nullptr) return TENON_E_UNSUPPORTED;
  exchange.share = {.owner = shell.tenant(), .limit = shell.environment().upstream_limit_of(shell.tenant())};
  return map_request(*request, shell.policy(), *secrets, exchange);
}

tenon_status start(tenon_ctx* ctx, const tenon_http_request* request, tenon_http_fn done, void* user,
                   tenon_op* op) noexcept {
  auto* const frame = entry_frame::of(ctx);
  if (op == nullptr || (frame != nullptr && frame->blocking_call() != 0)) return TENON_E_INVALID;
  http_exchange_request exchange;
  if (const auto status = admit(frame, request, done, exchange); status != TENON_OK) return status;
  return frame->start(std::make_shared<http_operation>(std::move(exchange), done, user), op);
}

tenon_status wait(tenon_ctx* ctx, const tenon_http_request* request, tenon_http_fn done, void* user) noexcept {
  // The client keeps the timeout and hears of the stop; these are for one whose executor has stopped.
  constexpr std::chrono::milliseconds patience{5'000};
  constexpr std::chrono::milliseconds last_words{500};
  const auto* const frame = entry_frame::of(ctx);
  if (frame == nullptr || frame->blocking_call() == 0) return TENON_E_INVALID;
  http_exchange_request exchange;
  if (const auto status = admit(frame, request, done, exchange); status != TENON_OK) return status;

  auto& shell = frame->shell();
  const auto client = shell.environment().http.lock();
  if (!client) return TENON_E_CLOSING;
  const blocking_waits::scope registered(shell.waits(), frame->blocking_call());
  // A call that ended before its wait was registered has nothing to wait for.
  if (!shell.wanted(frame->blocking_call())) shell.waits().stop(frame->blocking_call());
  const auto meeting = std::make_shared<rendezvous>();
  const auto longest = exchange.timeout + patience;
  client->start(std::move(exchange), registered.stop(), [meeting](http_result outcome) {
    const std::lock_guard lock(meeting->mutex);
    meeting->outcome = std::move(outcome);
    meeting->arrived.notify_one();
  });
  const std::stop_callback on_stop(registered.stop(), [meeting] {
    const std::lock_guard lock(meeting->mutex);
    meeting->unwanted = true;
    meeting->arrived.notify_one();
  });
  const auto outcome = meeting->meet(longest, last_words);
  done(user, 0, outcome ? &http_answer(*outcome).get() : &http_answer(TENON_E_TIMEOUT).get());
  return TENON_OK;
}

}  // namespace

const tenon_http_1 http_service = {.start = &start, .wait = &wait};

}  // namespace tenon
