#pragma once

#include "field.hpp"
#include "retry.hpp"

#include <tenon/sdk/context.hpp>
#include <tenon/sdk/task.hpp>

#include <cstdint>
#include <exception>
#include <string>

namespace tenon::sales {

/// How far a change of an ad server has come that may take more than one attempt: what task/1 keeps between them.
///
/// A change is claimed as soon as the ad server has something of it, or may have. From then on it is either finished or
/// undone: an attempt that ends for a reason that passes is followed by another, one that cannot succeed by its
/// undoing, and the buyer is told the end and nothing before.
class progress {
 public:
  /// Of a buyer's call, or of one that the host goes on with. Throws INTERNAL_ERROR for bytes of another format.
  progress(sdk::platform_context const& context, sdk::call_context const& call);

  /// What stands in the ad server for the buyer's idempotency key.
  std::string const& key() const noexcept { return key_; }

  /// When the buyer asked: what was in time then stays so.
  instant asked_at() const noexcept { return asked_at_; }

  /// Whether an earlier attempt was submitted.
  bool resumed() const noexcept { return resumed_; }

  /// The ad server has something of it, or may have, under this name; `made` is what it calls it, once that is known.
  void claim(std::string name, std::string made = {});
  bool claimed() const noexcept { return !name_.empty(); }
  std::string const& name() const noexcept { return name_; }
  std::string const& made() const noexcept { return made_; }

  /// It cannot succeed for this reason, and what there is of it has to go.
  void undo(sdk::error const& reason);
  bool undoes() const noexcept { return !code_.empty(); }
  sdk::error reason() const;

  /// How the call ends that is not over: `why` says when to come back, and what the buyer reads.
  sdk::submitted later(sdk::error const& why) const;

 private:
  std::string key_;
  std::string name_;
  std::string made_;
  std::string code_;
  std::string message_;
  std::string field_;
  instant asked_at_;
  std::chrono::milliseconds first_delay_;  ///< setting resume_after_seconds
  std::uint32_t attempt_;
  bool resumed_;
};

/// Whether the same may succeed later.
bool passes(sdk::error const& why);

/// The error in an exception_ptr that holds one.
sdk::error error_in(std::exception_ptr const& failure);

/// Throws what a change that ended with this failure ends its call with: the failure; or, when it is claimed and may
/// succeed later, that it is submitted.
[[noreturn]] void settle(progress const& going, std::exception_ptr const& failure);

/// Until when a change may wait for its ad server: a little ahead of the call's deadline, so that there is time left to
/// submit what is not over.
deadline settle_by(sdk::platform_context const& context, sdk::call_context const& call);

/// A change that is made in several writes and cannot be undone as a whole: `maker` has
/// attempt(request, progress*, deadline), a task of the answer. Borrowed: it outlives the task, as does the context.
template <class Maker>
sdk::task<json::object> change_in_attempts(Maker* maker, sdk::platform_context const* context, json::object request,
                                           sdk::call_context call) {
  auto const until = settle_by(*context, call);
  progress going(*context, call);
  std::exception_ptr failure;
  try {
    co_return co_await maker->attempt(std::move(request), &going, until);
  } catch (sdk::error const&) {
    failure = std::current_exception();
  }
  settle(going, failure);
}

/// The same for what is made whole or not at all: `maker` also has discard(progress const*, deadline), which takes away
/// what there is of it, and succeeds if there is nothing.
template <class Maker>
sdk::task<json::object> make_in_attempts(Maker* maker, sdk::platform_context const* context, json::object request,
                                         sdk::call_context call) {
  auto const until = settle_by(*context, call);
  progress going(*context, call);
  std::exception_ptr failure;
  if (!going.undoes()) {
    try {
      co_return co_await maker->attempt(std::move(request), &going, until);
    } catch (sdk::error const&) {
      failure = std::current_exception();
    }
    auto const why = error_in(failure);
    if (!going.claimed() || passes(why)) {
      settle(going, failure);
    }
    going.undo(why);
  }
  std::exception_ptr unfinished;
  try {
    co_await maker->discard(&going, until);
  } catch (sdk::error const&) {
    unfinished = std::current_exception();
  }
  if (unfinished != nullptr) {
    auto const why = error_in(unfinished);
    context->log().warn("\"" + going.name() + "\" is not undone yet: " + why.operator_detail());
    throw going.later(why);
  }
  if (failure != nullptr) {
    std::rethrow_exception(failure);
  }
  throw going.reason();
}

}  // namespace tenon::sales
