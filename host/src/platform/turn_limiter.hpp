#pragma once

#include "base/work_scheduler.hpp"

#include <tenon/clock.hpp>
#include <tenon/unique_function.hpp>

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

/// Turns of buckets, in order of arrival: how all who talk to one upstream account stay within its quota together.
///
/// A bucket gives a turn when its last ones were long enough ago: the generic cell rate algorithm (ITU-T I.371), whose
/// whole state is the moment at which all turns so far would be paid for. Each turn pays its own interval, so those
/// who know different rates of one account wait as long as each of them must.
///
/// Who would wait longer than it wants to is refused at once, with the time that it would have been; who waits knows
/// that its turn comes in time, unless the bucket is held.
///
/// Lifetime    Ends with those that wait untold. Tickets may outlive it.
/// Threads     Any, concurrently. Handlers run below acquire(), hold(), the end of a ticket or on the scheduler, never
///             below a lock.
/// Cost        A map lookup below one mutex; a hold and a ticket that is given back look at all who wait for the
/// bucket.
class turn_limiter : public std::enable_shared_from_this<turn_limiter> {
 public:
  static constexpr std::chrono::nanoseconds longest = std::chrono::hours(1);  ///< of an interval and of a hold

  struct wish {
    std::string bucket;
    std::chrono::nanoseconds interval{0};  ///< from this turn to the next
    std::uint32_t burst = 1;               ///< turns that may be saved up
    std::chrono::nanoseconds max_wait{0};
    std::optional<steady_time> since = {};  ///< when it was wished for, from where max_wait counts; none: now
  };

  /// `granted`: go. Else the turn would have come in `wait`, and nothing was taken. Must not throw.
  using handler = unique_function<void(bool granted, std::chrono::nanoseconds wait)>;

  /// A place in the queue: who lets it go before its turn gives the turn to those behind, and is not told.
  using ticket = std::shared_ptr<void>;

  static std::shared_ptr<turn_limiter> make(const clock& time, std::shared_ptr<work_scheduler> later);

  /// `done` once, before or after this returns.
  [[nodiscard]] ticket acquire(wish what, handler done);

  /// No turn of the bucket for `delay` from now. Refuses those that would then wait too long.
  void hold(const std::string& bucket, std::chrono::nanoseconds delay);

  std::size_t buckets() const;  ///< that have a memory: a turn that is not paid for, a hold or somebody who waits

 private:
  struct waiter {
    std::uint64_t id;
    wish what;
    steady_time until;  ///< of its patience
    steady_time turn;
    handler done;
  };
  struct bucket {
    steady_time paid{};     ///< when all turns given so far are paid for
    steady_time planned{};  ///< the same, with those that wait
    steady_time held{};
    std::list<waiter> queue;
    std::shared_ptr<void> timer;
    steady_time armed{};
  };
  using bucket_map = std::map<std::string, bucket, std::less<>>;
  struct told {
    handler done;
    bool granted;
    std::chrono::nanoseconds wait;
  };

  turn_limiter(const clock& time, std::shared_ptr<work_scheduler> later) : time_(time), later_(std::move(later)) {}

  static steady_time turn_after(steady_time paid, const bucket& of, const wish& what, steady_time now);
  void plan(bucket& of, steady_time now, std::vector<told>& refused);
  void serve(const std::string& name);
  void arm(const std::string& name, bucket& of, steady_time now);
  void leave(const std::string& name, std::uint64_t id);
  void forget_idle(steady_time now);

  const clock& time_;
  const std::shared_ptr<work_scheduler> later_;
  mutable std::mutex mutex_;
  bucket_map buckets_;
  std::size_t forget_at_ = 64;  ///< so many buckets are a reason to look for those without a memory
  std::uint64_t last_id_ = 0;
};

}  // namespace tenon
