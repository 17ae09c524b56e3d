#include "platform/entry_frame.hpp"

#include "platform/platform_shell.hpp"

#include <atomic>

namespace tenon {
namespace {

constinit thread_local entry_frame* innermost = nullptr;
constinit std::atomic<std::uint64_t> foreign_calls{0};

}  // namespace

std::uint64_t foreign_service_calls() noexcept { return foreign_calls.load(std::memory_order_relaxed); }

entry_frame::entry_frame(platform_shell& shell, const char* what, tenon_token blocking) noexcept
    : shell_(shell),
      blocking_(blocking),
      outer_(std::exchange(innermost, this)),
      recorded_(shell.environment().entries.get(), shell.label(), what) {}

entry_frame::~entry_frame() { leave_plugin(); }

entry_frame* entry_frame::of(const tenon_ctx* ctx) noexcept {
  auto* found = innermost;
  if (found != nullptr && found->shell_.context() == ctx) return found;
  foreign_calls.fetch_add(1, std::memory_order_relaxed);
  return nullptr;
}

tenon_status entry_frame::start(operation_ptr started, tenon_op* id) {
  if (shell_.closing()) return TENON_E_CLOSING;
  const auto given = shell_.operations().insert(started);
  if (given == 0) return TENON_E_LIMIT;
  started_.push_back({given, std::move(started)});
  *id = given;
  return TENON_OK;
}

void entry_frame::queue(open_call_ptr answered) noexcept {
  auto* const added = answered.get();
  (last_ == nullptr ? first_ : last_->next) = std::move(answered);
  last_ = added;
}

void entry_frame::leave_plugin() noexcept {
  if (!current_) return;
  recorded_.leave();
  innermost = outer_;
  current_ = false;
}

void entry_frame::launch() {
  if (started_.empty()) return;
  const auto staying = shell_.stay();
  // What an entry started that came back after the end stays in the table, and is completed with CLOSING: there may be
  // no executor any more to run it on.
  if (shell_.closing()) return started_.clear();
  for (auto& started : started_) started.held->launch(shell_.shared_from_this(), started.id);
  started_.clear();
}

void entry_frame::deliver() noexcept {
  while (first_) {
    auto answered = std::move(first_);
    first_ = std::move(answered->next);
    answered->on_stop.reset();
    answered->done(std::move(*answered->outcome));
  }
  last_ = nullptr;
}

}  // namespace tenon
