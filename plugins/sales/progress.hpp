#pragma once

#include "retry.hpp"

#include <tenon/sdk/context.hpp>

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

}  // namespace tenon::sales
