#include "platform/retirement.hpp"

#include <spdlog/logger.h>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace tenon {
namespace asio = boost::asio;
namespace {

/// One platform's way out. Its steps run on the shell's control strand; only the gate tells from elsewhere.
///
/// Lifetime    Kept by its timer, by what it has posted, and in the end by the gate.
class retirement : public std::enable_shared_from_this<retirement> {
 public:
  retirement(std::shared_ptr<platform_shell> shell, std::chrono::milliseconds grace)
      : shell_(std::move(shell)),
        ticket_(shell_->environment().retiring),
        grace_(grace),
        timer_(std::in_place, shell_->environment().executor) {}

  void start() {
    // Weak: the shell keeps this callback.
    auto drained = [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->tell_drained();
    };
    if (shell_->watch_calls(std::move(drained))) return close_gate();
    wait(grace_);
  }

 private:
  enum class phase : std::uint8_t { grace, cancelling, closing, stranded, destroying };

  void wait(std::chrono::milliseconds time) {
    timer_->expires_after(time);
    timer_->async_wait(asio::bind_executor(shell_->control(), [self = shared_from_this(), waits_in = phase_.load()](
                                                                  const boost::system::error_code& failed) {
      if (!failed) self->on_timer(waits_in);
    }));
  }

  /// On the thread that answered the last call; it may come as late as after the library was given up.
  void tell_drained() {
    const std::lock_guard lock(mutex_);
    if (phase_ == phase::grace || phase_ == phase::cancelling)
      asio::post(shell_->control(), [self = shared_from_this()] { self->on_drained(); });
  }

  void on_drained() {
    if (phase_ == phase::grace || phase_ == phase::cancelling) close_gate();
  }

  /// `waited_in`: a timer that fired just before it was set anew has nothing to say.
  void on_timer(phase waited_in) {
    if (waited_in == phase::closing) return strand();
    if (waited_in != phase_) return;
    if (phase_ == phase::grace) return cancel();
    shell_->answer_everything();
    // Answering the last one reports the drain, which closes; a token that was claimed elsewhere meanwhile does the
    // same.
    if (phase_ == phase::cancelling) close_gate();
  }

  void cancel() {
    phase_ = phase::cancelling;
    shell_->cancel_everything();
    wait(shell_->environment().retire_hard);
  }

  void close_gate() {
    phase_ = phase::closing;
    wait(shell_->environment().retire_stuck);
    shell_->close_gate([self = shared_from_this()] { self->on_empty(); });
  }

  /// Nobody is inside any more. On any thread, possibly long after the library was given up.
  void on_empty() {
    phase was{};
    {
      const std::lock_guard lock(mutex_);
      was = phase_.exchange(phase::destroying);
    }
    // Before the ticket goes, after which the executor may; stranded, it may be gone already.
    if (was == phase::closing) asio::post(shell_->control(), [self = shared_from_this()] { self->timer_->cancel(); });
    shell_->destroy_on_loader(was == phase::stranded ? platform_ticket() : std::move(ticket_));
  }

  void strand() {
    std::shared_ptr<library> stuck;
    {
      // While the phase is `closing` nothing has been posted that takes the library away from the shell.
      const std::lock_guard lock(mutex_);
      if (phase_ != phase::closing) return;
      phase_ = phase::stranded;
      stuck = shell_->code();
    }
    const auto& environment = shell_->environment();
    auto reason =
        "tenant " + shell_->tenant() + ": a thread has been inside " + shell_->last_entry() + ", and still is " +
        std::to_string(environment.retire_stuck.count()) +
        " ms after its platform was closed: the code stays mapped; fix the plugin, which blocks or loops, and "
        "restart the host to get rid of it";
    environment.logger->error("[{} {}] {}", shell_->tenant(), shell_->image().name, reason);
    environment.loader->strand(std::move(stuck), std::move(reason));
    timer_.reset();
    shell_->leave_executor();
    [[maybe_unused]] const auto ended = std::move(ticket_);
  }

  const std::shared_ptr<platform_shell> shell_;
  platform_ticket ticket_;
  const std::chrono::milliseconds grace_;
  std::optional<asio::steady_timer> timer_;  ///< none: stranded
  std::mutex mutex_;                         ///< makes one step of giving the library up, or of leaving `closing`
  std::atomic<phase> phase_ = phase::grace;
};

}  // namespace

void retire(std::shared_ptr<platform_shell> shell, std::chrono::milliseconds grace) {
  const auto control = shell->control();
  auto begun = std::make_shared<retirement>(std::move(shell), grace);
  asio::post(control, [begun = std::move(begun)] { begun->start(); });
}

}  // namespace tenon
