// timer/1
#include "platform/platform_shell.hpp"
#include "platform/services.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <mutex>

namespace tenon {
namespace asio = boost::asio;
namespace {

class timer_operation final : public operation, public std::enable_shared_from_this<timer_operation> {
 public:
  timer_operation(std::chrono::nanoseconds delay, tenon_timer_fn done, void* user)
      : delay_(delay), done_(done), user_(user) {}

  void launch(const std::shared_ptr<platform_shell>& shell, tenon_op id) override {
    const std::lock_guard lock(mutex_);
    if (cancelled_) {
      status_ = TENON_E_CANCELLED;
      return shell->post_delivery(id);
    }
    // The timer belongs to its own wait: it goes with the executor's context, however long this operation is kept.
    auto timer = std::make_shared<asio::steady_timer>(shell->environment().executor, delay_);
    timer_ = timer;
    auto& waiting = *timer;
    waiting.async_wait([self = shared_from_this(), weak = std::weak_ptr(shell), timer = std::move(timer),
                        id](const boost::system::error_code& failed) {
      self->status_ = failed ? TENON_E_CANCELLED : TENON_OK;
      if (const auto still_there = weak.lock()) still_there->post_delivery(id);
    });
  }

  void cancel() noexcept override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (const auto timer = timer_.lock()) timer->cancel();
  }

  void deliver(tenon_op id) noexcept override { done_(user_, id, status_); }
  void close(tenon_op id) noexcept override { done_(user_, id, TENON_E_CLOSING); }

 private:
  const std::chrono::nanoseconds delay_;
  const tenon_timer_fn done_;
  void* const user_;
  std::mutex mutex_;
  bool cancelled_ = false;
  std::weak_ptr<asio::steady_timer> timer_;
  tenon_status status_ = TENON_OK;  ///< written before the delivery is posted, read by it
};

tenon_status start(tenon_ctx* ctx, std::uint64_t delay_ns, tenon_timer_fn done, void* user, tenon_op* op) noexcept {
  constexpr std::chrono::nanoseconds longest = std::chrono::hours(24 * 365);
  auto* const frame = entry_frame::of(ctx);
  if (frame == nullptr || done == nullptr || op == nullptr) return TENON_E_INVALID;
  const auto delay = std::min<std::uint64_t>(delay_ns, static_cast<std::uint64_t>(longest.count()));
  return frame->start(std::make_shared<timer_operation>(std::chrono::nanoseconds(delay), done, user), op);
}

}  // namespace

const tenon_timer_1 timer_service = {.start = &start};

}  // namespace tenon
