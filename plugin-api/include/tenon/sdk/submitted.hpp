#pragma once

#include <chrono>
#include <string>
#include <utility>

namespace tenon::sdk {

/// How a task ends that is not over ("task/1" among the manifest's services): thrown from a mutating task, it has the
/// buyer answered that the task is submitted. The host calls the same task again later, with the same request and with
/// what `resume` says in call.resume(), on a platform of the tenant as it is then, until it returns an answer or throws
/// an error that does not pass. After a week it calls once more, with call.last(): what cannot be finished then is to
/// be undone. Of one idempotency key one call is made at a time.
///
///     throw sdk::submitted("order-7", std::chrono::seconds(30), "The ad server is still forecasting.");
///
/// *Rationale:* it derives from nothing, so a `catch (const std::exception&)` that falls back to a default does not
/// swallow it.
class submitted {
 public:
  /// `resume`: not empty, 64 KiB at most. `delay`: when to go on at the earliest.
  submitted(std::string resume, std::chrono::nanoseconds delay, std::string message = {})
      : resume_(std::move(resume)), message_(std::move(message)), delay_(delay) {}

  const std::string& resume() const noexcept { return resume_; }
  const std::string& message() const noexcept { return message_; }  ///< for the buyer
  std::chrono::nanoseconds delay() const noexcept { return delay_; }

 private:
  std::string resume_;
  std::string message_;
  std::chrono::nanoseconds delay_;
};

}  // namespace tenon::sdk
