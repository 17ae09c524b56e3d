#pragma once

#include "base/work_scheduler.hpp"
#include "catalog/call_limits.hpp"
#include "isolation/circuit_breaker.hpp"

#include <tenon/call.hpp>
#include <tenon/clock.hpp>
#include <tenon/status.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace spdlog {
class logger;
}

namespace tenon {

/// What all bulkheads of a host share. The clock outlives them.
struct bulkhead_environment {
  const clock* time = nullptr;
  std::shared_ptr<work_scheduler> work;
  std::shared_ptr<spdlog::logger> logger;
  std::chrono::milliseconds call_timeout{60'000};          ///< of tasks whose tenant has no shorter one
  std::function<void(call_request, reply_handler)> start;  ///< begins a call that was let through
};

/// Keeps one tenant's calls within its limits, so that whatever its buyers, its plugin or its ad server do costs no
/// other tenant anything (the pattern is Nygard's, "Release It!"): so many run, so many wait in order of arrival, and
/// the rest are told at once when to come back. Its breaker refuses all of them while most fail anyway.
///
/// Answers     RATE_LIMITED, with retry_after, to who is one too many; SERVICE_UNAVAILABLE, with retry_after, to who
///             comes while the breaker is open, or whose time ran out in the queue; INVALID_REQUEST to a request that
///             is too large for this tenant; INTERNAL_ERROR in the place of an answer that is.
/// Time        A call's deadline is set here, when it comes: what it waits for is part of it.
/// Lifetime    Shared by whoever calls and by the calls that are under way. close() before the scheduler goes.
/// Threads     Any, concurrently. Calls are started, and answered, without a lock.
/// Cost        Of a call that does not wait: two locks of the tenant's own, two allocations.
class bulkhead : public std::enable_shared_from_this<bulkhead> {
 public:
  bulkhead(std::string tenant, const call_limits& limits, std::shared_ptr<const bulkhead_environment> environment);
  bulkhead(const bulkhead&) = delete;
  bulkhead& operator=(const bulkhead&) = delete;
  ~bulkhead();

  /// `done` exactly once, here or later.
  void call(call_request request, reply_handler done);

  /// From now on. Calls that run or wait are not affected, but for who may go next.
  void set_limits(const call_limits& limits);

  /// The tenant has another platform: its breaker closes.
  void renew();

  /// Answers who waits, and lets nobody wait any more.
  void close();

  tenant_calls status() const;

 private:
  struct leave_queue {
    bulkhead* from;
    std::uint64_t place;
    void operator()() const noexcept;
  };
  struct admitted_call;
  struct waiting_call {
    call_request request;
    reply_handler done;
    bool impatient;  ///< its caller gives it less time than the tenant would
    std::optional<std::stop_callback<leave_queue>> on_stop = {};
  };
  using queue = std::map<std::uint64_t, std::unique_ptr<waiting_call>>;  // by place
  /// Who has left the queue: to be started, or to be told why not.
  struct leaving_call {
    std::unique_ptr<waiting_call> call;
    circuit_breaker::admission admission = {};
    std::optional<error> refusal = {};
  };

  error one_too_many() const;
  error broken(const circuit_breaker::admission& refused) const;
  std::unique_ptr<waiting_call> take(queue::iterator at);
  void wait_in_line(std::uint64_t place, std::unique_ptr<waiting_call> call);
  void run(call_request request, reply_handler done, bool impatient, const circuit_breaker::admission& admission);
  void end(const admitted_call& call, result<reply>& outcome);
  std::vector<leaving_call> take_next(steady_time now);
  void go_on(std::vector<leaving_call> leaving);
  void leave(std::uint64_t place) noexcept;
  void expire();
  void arm(steady_time now, steady_time deadline);

  const std::string tenant_;
  const std::shared_ptr<const bulkhead_environment> environment_;
  mutable std::mutex mutex_;
  call_limits limits_;
  circuit_breaker breaker_;
  queue waiting_;
  std::uint64_t next_place_ = 0;
  std::shared_ptr<void> timer_;  ///< none while nobody waits
  steady_time armed_for_{};
  bool closed_ = false;
  std::uint32_t running_ = 0;
  std::uint64_t open_bytes_ = 0;
  std::chrono::nanoseconds usual_time_{};  ///< of a call, as of late
  tenant_calls counts_;                    ///< what only grows
};

}  // namespace tenon
