// The end of a platform: the steps that a retirement takes, and what remains to be done without one.
#include "platform/platform_shell.hpp"
#include "platform/reply_mapping.hpp"

#include <utility>

namespace tenon {

bool platform_shell::watch_calls(unique_function<void()> drained) {
  drained_ = std::move(drained);
  return tokens_.watch_empty();
}

void platform_shell::cancel_everything() {
  for (const auto token : tokens_.open_tokens()) cancel_call(token);
  for (const auto& open : operations_.all()) open.held->cancel();
}

void platform_shell::answer_everything() {
  for (const auto token : tokens_.open_tokens()) settle(token, answer_closing());
}

void platform_shell::close_gate(unique_function<void()> empty) {
  closing_.store(true);
  gate_.close(std::move(empty));
}

std::string platform_shell::last_entry() const {
  const auto* const what = entered_.load(std::memory_order_relaxed);
  const auto since = std::chrono::nanoseconds(environment_->time->steady_now().time_since_epoch().count() -
                                              entered_at_.load(std::memory_order_relaxed));
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  return std::string(what ? what : "an entry that is returning") + " for " + std::to_string(age) + " ms";
}

void platform_shell::destroy_on_loader(platform_ticket ticket) {
  auto work = [ticket = std::move(ticket), self = shared_from_this()]() mutable {
    self->destroy();
    // Before the ticket: whoever waits for it may then end the executor, which the shell's timers and strands need.
    self.reset();
    [[maybe_unused]] const auto ended = std::move(ticket);
  };
  // Without a loader nothing is unmapped any more, and any thread will do.
  if (!environment_->loader->post(std::move(work))) destroy();
}

/// [loader] Nobody is inside and nobody can enter. Each function of the plugin runs below a frame of its own, so that
/// it may still log and is refused new operations.
void platform_shell::destroy() noexcept {
  closing_.store(true);
  for (auto& open : operations_.take_all()) {
    open.held->cancel();
    entry_frame frame(*this, "the completion of an operation");
    open.held->close(open.id);
    frame.leave_plugin();
    frame.deliver();
  }
  if (auto* const instance = instance_.exchange(nullptr)) {
    entry_frame frame(*this, "destroy()");
    library_->entry().destroy(instance);
    frame.leave_plugin();
    frame.deliver();
  }
  destroyed_ = true;
  let_store_go();
  secrets_.reset();
  library_.reset();
}

/// No call is open and none is accepted: nothing asks for the deadlines or the control strand any more.
void platform_shell::leave_executor() noexcept {
  const auto waited = stay();
  deadlines_.reset();
  control_.reset();
}

/// What belongs to the executor's context must go before it does. Calls that are still open are dropped, as Asio drops
/// handlers.
void platform_shell::forget_executor() noexcept {
  tokens_.sweep(steady_time::max());
  deadlines_.reset();
  serial_.reset();
  control_.reset();
}

}  // namespace tenon
