// limiter/1
#include "platform/known_members.hpp"
#include "platform/plain_text.hpp"
#include "platform/platform_shell.hpp"
#include "platform/services.hpp"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

namespace tenon {
namespace {

constexpr std::size_t longest_key = 128;

class turn_operation final : public operation, public std::enable_shared_from_this<turn_operation> {
 public:
  turn_operation(turn_limiter::wish what, tenon_turn_fn done, void* user)
      : what_(std::move(what)), done_(done), user_(user) {}

  void launch(const std::shared_ptr<platform_shell>& shell, tenon_op id) override {
    {
      const std::lock_guard lock(mutex_);
      shell_ = shell;
      id_ = id;
      launched_ = true;
      if (cancelled_) return finish(TENON_E_CANCELLED, {});
    }
    const auto turns = shell->environment().turns.lock();
    if (!turns) return;  // the host is going: CLOSING comes with the retirement
    auto place = turns->acquire(what_, [self = shared_from_this()](bool granted, std::chrono::nanoseconds wait) {
      self->finish(granted ? TENON_OK : TENON_E_LIMIT, wait);
    });
    const std::lock_guard lock(mutex_);
    if (!cancelled_) place_ = std::move(place);
  }

  void cancel() noexcept override {
    turn_limiter::ticket place;
    {
      const std::lock_guard lock(mutex_);
      cancelled_ = true;
      place = std::move(place_);
      if (!launched_) return;
    }
    place.reset();  // now its handler is called no more, or has been
    finish(TENON_E_CANCELLED, {});
  }

  void deliver(tenon_op id) noexcept override { done_(user_, id, status_, static_cast<std::uint64_t>(wait_.count())); }
  void close(tenon_op id) noexcept override { done_(user_, id, TENON_E_CLOSING, 0); }

 private:
  /// The first one counts.
  void finish(tenon_status status, std::chrono::nanoseconds wait) {
    if (finished_.exchange(true)) return;
    status_ = status;
    wait_ = wait;
    if (const auto still_there = shell_.lock()) still_there->post_delivery(id_);
  }

  const turn_limiter::wish what_;
  const tenon_turn_fn done_;
  void* const user_;
  std::weak_ptr<platform_shell> shell_;  ///< written by the launch, as is the id
  tenon_op id_ = 0;
  std::mutex mutex_;
  bool launched_ = false;
  bool cancelled_ = false;
  turn_limiter::ticket place_;
  std::atomic<bool> finished_ = false;
  tenon_status status_ = TENON_OK;  ///< written before the delivery is posted, read by it
  std::chrono::nanoseconds wait_{0};
};

/// Of the plugin's id: its versions share it, other plugins do not.
std::string bucket_of(const platform_shell& shell, tenon_str key) {
  return shell.image().manifest.id + "\n" + std::string(view_of(key));
}

bool is_key(tenon_str key) noexcept { return is_well_formed(key) && key.len > 0 && key.len <= longest_key; }

std::chrono::nanoseconds limited(std::uint64_t nanoseconds) noexcept {
  constexpr std::chrono::nanoseconds day = std::chrono::hours(24);
  return std::chrono::nanoseconds(std::min<std::uint64_t>(nanoseconds, static_cast<std::uint64_t>(day.count())));
}

tenon_status acquire(tenon_ctx* ctx, const tenon_turn* turn, tenon_turn_fn done, void* user, tenon_op* op) noexcept {
  auto* const frame = entry_frame::of(ctx);
  if (frame == nullptr || turn == nullptr || done == nullptr || op == nullptr) return TENON_E_INVALID;
  const auto known = known_members(*turn);
  if (!is_key(known.key)) return TENON_E_INVALID;
  // Its patience counts from here: of two who ask with one deadline, neither has more for being launched later.
  turn_limiter::wish what{.bucket = bucket_of(frame->shell(), known.key),
                          .interval = limited(known.interval_ns),
                          .burst = known.burst,
                          .max_wait = limited(known.max_wait_ns),
                          .since = frame->shell().environment().time->steady_now()};
  return frame->start(std::make_shared<turn_operation>(std::move(what), done, user), op);
}

tenon_status hold(tenon_ctx* ctx, tenon_str key, std::uint64_t delay_ns) noexcept {
  const auto* const frame = entry_frame::of(ctx);
  if (frame == nullptr || !is_key(key)) return TENON_E_INVALID;
  const auto turns = frame->shell().environment().turns.lock();
  if (!turns) return TENON_E_CLOSING;
  turns->hold(bucket_of(frame->shell(), key), limited(delay_ns));
  return TENON_OK;
}

}  // namespace

const tenon_limiter_1 limiter_service = {.acquire = &acquire, .hold = &hold};

}  // namespace tenon
