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
/// undone: an attempt that ends for a reason that passes, or because nobody waits for it any more, is followed by
/// another, one that cannot succeed by its undoing, and the buyer is told the end and nothing before.
class progress {
 public:
  /// Of a buyer's call, or of one that the host goes on with. Throws INTERNAL_ERROR for bytes of another format.
  progress(sdk::platform_context const& context, sdk::call_context const& call);

  /// What stands in the ad server for the buyer's idempotency key.
  std::string const& key() const noexcept { return key_; }

  /// Who asked: see buyer_key().
  std::string const& buyer() const noexcept { return buyer_; }

  /// When the buyer asked: what was in time then stays so.
  instant asked_at() const noexcept { return asked_at_; }

  /// Whether an earlier attempt was submitted; whether the host gives it up after this one.
  bool resumed() const noexcept { return resumed_; }
  bool last() const noexcept { return last_; }

  /// The ad server has something of it, or may have, under this name; `made` is what it calls it, once that is known.
  void claim(std::string name, std::string made = {});
  bool claimed() const noexcept { return !name_.empty(); }
  std::string const& name() const noexcept { return name_; }
  std::string const& made() const noexcept { return made_; }

  /// The same of a change to what stands at that revision. An attempt that goes on may find it there, or written to by
  /// this change itself; else somebody has changed it since.
  void claim_at(std::string name, std::int64_t revision);
  std::int64_t revision() const noexcept { return revision_; }

  /// There is nothing left to finish or to undo: how this attempt ends is what the buyer is told.
  void release() noexcept { name_.clear(); }

  /// It cannot succeed for this reason, and what there is of it has to go.
  void undo(sdk::error const& reason);
  bool undoes() const noexcept { return !code_.empty(); }
  sdk::error reason() const;

  /// It cannot be undone: it stands, and has to be finished.
  void stands() noexcept { code_.clear(); }

  /// How the call ends that is not over: `why` says when to come back, and what the buyer reads.
  sdk::submitted later(sdk::error const& why) const;

 private:
  std::string key_;
  std::string buyer_;
  std::string name_;
  std::string made_;
  std::string code_;
  std::string message_;
  std::string field_;
  instant asked_at_;
  std::chrono::milliseconds first_delay_;  ///< setting resume_after_seconds
  std::int64_t revision_ = 0;
  std::uint32_t attempt_;
  bool resumed_;
  bool last_;
};

/// Whether the same may succeed later.
bool passes(sdk::error const& why);

/// What a failure says to a buyer: INTERNAL_ERROR for what is no error of a task, SERVICE_UNAVAILABLE for a
/// cancellation.
sdk::error error_in(std::exception_ptr const& failure);

/// Whether the attempt was stopped: by the caller, or since its platform goes.
bool is_cancellation(std::exception_ptr const& failure);

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
  } catch (...) {
    failure = std::current_exception();
  }
  settle(going, failure);
}

/// The same for what is made whole or not at all: `maker` also has discard(progress const*, deadline), a task of bool,
/// which takes away what there is of it. True: there is nothing of it any more. False: it stands, for a part of it is
/// such that it cannot be taken away.
template <class Maker>
sdk::task<json::object> make_in_attempts(Maker* maker, sdk::platform_context const* context, json::object request,
                                         sdk::call_context call) {
  auto const until = settle_by(*context, call);
  progress going(*context, call);
  std::exception_ptr failure;
  if (!going.undoes()) {
    try {
      co_return co_await maker->attempt(std::move(request), &going, until);
    } catch (...) {
      failure = std::current_exception();
    }
    auto const why = error_in(failure);
    if (!going.claimed() || is_cancellation(failure) || (passes(why) && !going.last())) {
      settle(going, failure);
    }
    going.undo(why);
  }
  std::exception_ptr unfinished;
  auto gone = false;
  try {
    gone = co_await maker->discard(&going, until);
  } catch (...) {
    unfinished = std::current_exception();
  }
  if (unfinished != nullptr) {
    auto const why = error_in(unfinished);
    context->log().warn("\"" + going.name() + "\" is not undone yet: " + why.operator_detail());
    throw going.later(why);
  }
  auto const why = going.reason();
  if (!gone) {
    // A buyer who is told that it failed books again, and pays twice.
    context->log().warn("\"" + going.name() + "\" stands, though not all of it could be done: " + why.message());
    going.stands();
    throw going.later(why);
  }
  if (failure != nullptr) {
    std::rethrow_exception(failure);
  }
  throw why;
}

}  // namespace tenon::sales
