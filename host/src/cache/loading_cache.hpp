#pragma once

#include "base/thrown.hpp"
#include "base/work_scheduler.hpp"
#include "cache/build_queue.hpp"
#include "cache/cache_drain.hpp"
#include "cache/failure_table.hpp"
#include "cache/freshness.hpp"
#include "cache/loading_errors.hpp"
#include "cache/loading_flight.hpp"
#include "cache/loading_options.hpp"
#include "cache/platform_cache.hpp"
#include "cache/random_source.hpp"

#include <tenon/clock.hpp>
#include <tenon/error.hpp>
#include <tenon/unique_function.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon {

/// A cache that builds what it does not have. find() is for hits; get() waits for a build, its own or a shared one.
///
/// A build carries a ticket of the cache from before the builder is asked until its outcome is handed out, so a build
/// that lost to an invalidate or a replace serves those who wait for it and is never kept. Who joined it before gets
/// its outcome, who comes after starts another. All who wait are released at once, each with a lease of its own that
/// was taken before anybody could take the value out. Who leaves early detaches himself alone; when the last has left
/// the build is told to stop, nobody joins it any more, and what it still makes is not kept.
///
/// Clock, scheduler and randomness are given; there is no thread and no I/O. The builder, handlers, listeners and
/// destructors of values run outside every lock: builder and destructors on the scheduler or on the thread of the call
/// that needs them, handlers and listeners on the scheduler alone.
///
/// Lifetime    Builds in flight hold it; the clock outlives it. While a value has an end, a timer is pending.
/// Threads     Any, concurrently. Lock order: this, then platform_cache, then the lease domain.
/// Errors      Of get(): by handler, the builder's unchanged, or those of loading_errors.hpp; std::bad_alloc by
///             exception, when there is no memory to wait.
/// Cost        A hit: that of platform_cache, and a look at the coarse clock. A miss: allocations, some locks.
template <class Value, class Cache = platform_cache<Value>>
class loading_cache : public std::enable_shared_from_this<loading_cache<Value, Cache>> {
  using ticket_type = typename Cache::build_ticket;

 public:
  using lease = typename Cache::lease;
  using flight = loading_flight<loading_cache, ticket_type, lease>;
  using handler = typename flight::handler;
  using built_handler = unique_function<void(result<Value>)>;
  /// Starts a build. The handler exactly once, inside or later, on any thread; the token fires when nobody waits for it
  /// any more. What it throws is the outcome, unless it has been told one.
  using builder = std::function<void(const std::string& tenant, std::stop_token stop, built_handler done)>;

  static std::shared_ptr<loading_cache> make(const clock& time, std::shared_ptr<work_scheduler> scheduler,
                                             std::shared_ptr<random_source> random, builder build,
                                             loading_options options) {
    auto made = std::shared_ptr<loading_cache>(
        new loading_cache(time, std::move(scheduler), std::move(random), std::move(build), std::move(options)));
    made->drain_->owned_by(made);
    return made;
  }
  loading_cache(const loading_cache&) = delete;
  loading_cache& operator=(const loading_cache&) = delete;

  /// The tenant's value if it is fresh, else an empty lease. If its refresh is due, that is started.
  lease find(std::string_view tenant) {
    auto found = cache_.find(tenant, time_.coarse_now());
    if (found && found.refresh_due()) [[unlikely]]
      refresh(tenant, found.generation());
    return found;
  }

  /// The same for who only looks: it is no use of the value, and starts nothing.
  lease peek(std::string_view tenant) { return cache_.find_again(tenant, time_.steady_now(), false); }

  /// The tenant's value, built if need be. `done` exactly once, on the scheduler.
  void get(std::string tenant, std::stop_token stop, handler done) {
    if (stop.stop_requested()) return answer(std::move(done), request_cancelled());
    auto leaving = std::make_shared<departure>();
    handler waiter = [leaving, done = std::move(done)](result<lease> got) mutable { done(std::move(got)); };
    const auto seat = board(tenant, waiter);
    if (!seat.on) return;
    // The waiter may be answered and gone before the callback is in place: `leaving` is held here as well.
    if (stop.stop_possible()) leaving->callback.emplace(std::move(stop), leave{seat.on, seat.number});
    if (seat.starts) start(seat.on);
  }

  /// Drops the tenant's value, forgets its failure and outdates its builds: no get that starts later sees anything
  /// whose build started before. Unknown tenants are fine.
  void invalidate(std::string_view tenant) noexcept {
    std::shared_ptr<flight> disowned[2];
    const std::lock_guard lock(mutex_);
    cache_.invalidate(tenant);
    forget(tenant, disowned);
    drain_->wake();
  }
  void invalidate() noexcept {  ///< all of them
    flights joinable, refreshing;
    const std::lock_guard lock(mutex_);
    cache_.invalidate();
    joinable.swap(joinable_);
    refreshing.swap(refreshing_);
    failed_refreshes_.clear();
    failures_.forget();
    drain_->wake();
  }

  /// The next request tries to build, whatever failed before.
  void forget_failure(std::string_view tenant) noexcept {
    const std::lock_guard lock(mutex_);
    failures_.forget(tenant);
  }

  /// Puts a value of one's own in the place of the tenant's, and outdates its builds; false if there is none.
  bool replace(std::string_view tenant, Value value) {
    const auto now = time_.steady_now();
    auto fresh = cache_.prepare(tenant, std::move(value), life_of(options_.freshness, now, now, *random_));
    std::shared_ptr<flight> disowned[2];
    {
      const std::lock_guard lock(mutex_);
      if (!cache_.replace(tenant, std::move(fresh))) return false;
      forget(tenant, disowned);
    }
    arm_expiry();
    return true;
  }

  /// Serves on, and refreshes now; false if there is no value. What is being built may have been read before: the next
  /// hit on it refreshes it once more.
  bool mark_stale(std::string_view tenant) {
    std::uint64_t generation = 0;
    {
      const std::lock_guard lock(mutex_);
      generation = cache_.mark_stale(tenant);
      for (const auto& each : under_way_) each->outdated |= each->tenant() == tenant;
    }
    if (generation != 0) refresh(tenant, generation);
    return generation != 0;
  }

  /// For who builds elsewhere: a ticket from before the build, then what was built. Whether it was kept.
  ticket_type begin_build(const std::string& tenant) { return cache_.begin_build(tenant); }
  bool publish(const ticket_type& ticket, Value value) {
    const auto now = time_.steady_now();
    auto fresh = cache_.prepare(ticket.tenant(), std::move(value), life_of(options_.freshness, now, now, *random_));
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || !cache_.store(ticket, std::move(fresh)).kept) return false;
      failures_.forget(ticket.tenant());
    }
    arm_expiry();
    return true;
  }

  /// Destroys, on this thread, what has left the cache and nobody leases, instead of leaving it to the scheduler.
  void dispose() noexcept { cache_.dispose(); }

  /// Refuses requests, answers who waits, tells builds to stop, drops every value, and waits for the leases. `done` on
  /// the scheduler: with nothing when all are back, or after `patience` with what is left. Once; after
  /// std::bad_alloc nothing has begun.
  void shut_down(std::chrono::nanoseconds patience, unique_function<void(cache_remains)> done);

  std::vector<std::string> tenants() const { return cache_.tenants(time_.steady_now()); }
  cache_report report() const { return cache_.report(time_.steady_now()); }
  loading_counts counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }
  std::size_t remembered_failures() const {
    const std::lock_guard lock(mutex_);
    return failures_.size();
  }

 private:
  using flights = std::map<std::string, std::shared_ptr<flight>, std::less<>>;
  using queue_answer = typename build_queue<flight>::answer;

  struct boarding {
    std::shared_ptr<flight> on;  ///< null: the waiter has been answered
    std::uint64_t number = 0;
    bool starts = false;
  };
  struct leave {
    std::shared_ptr<flight> from;
    std::uint64_t seat;
    void operator()() const { from->owner->leave_flight(from, seat); }
  };
  /// A waiter's way out. The waiter holds it, so that the callback goes when the waiter has been answered.
  struct departure {
    std::optional<std::stop_callback<leave>> callback;
  };
  /// What a builder calls when a build has ended. If it loses it, the build has ended too.
  class landing {
   public:
    explicit landing(std::shared_ptr<flight> ended) : ended_(std::move(ended)) {}
    landing(landing&&) noexcept = default;
    landing& operator=(landing&&) = delete;
    ~landing() {
      if (!ended_) return;
      try {
        (*this)(builder_lost_handler(ended_->tenant()));
      } catch (...) {  // no memory to say so
        if (ended_) ended_->owner->abandon(ended_);
      }
    }
    void operator()(result<Value> built) {
      if (const auto ended = std::exchange(ended_, nullptr)) ended->owner->land(ended, std::move(built));
    }

   private:
    std::shared_ptr<flight> ended_;
  };

  loading_cache(const clock& time, std::shared_ptr<work_scheduler> scheduler, std::shared_ptr<random_source> random,
                builder build, loading_options options)
      : time_(time),
        scheduler_(std::move(scheduler)),
        random_(std::move(random)),
        build_(std::move(build)),
        options_(std::move(options)),
        drain_(std::make_shared<cache_drain<loading_cache>>(scheduler_)),
        cache_(
            options_.size, time, [drain = drain_] { drain->wake(); }, !options_.listeners.empty()),
        failures_(options_.failures),
        queue_(options_.max_builds, options_.max_queued_builds) {}

  friend cache_drain<loading_cache>;

  bool coalesces() const noexcept { return options_.cold_start == cold_start::coalesce; }
  bool backs_off() const noexcept { return options_.on_failure == on_failure::backoff; }

  boarding board(const std::string& tenant, handler& waiter);
  boarding take_off(const std::string& tenant, handler& waiter, failure_table::attempt tries, steady_time now);
  queue_answer enter(const std::shared_ptr<flight>& made, flights* among);
  void start(const std::shared_ptr<flight>& on) noexcept;
  bool begin(const std::shared_ptr<flight>& on);
  void land(const std::shared_ptr<flight>& ended, result<Value> built, bool timed_out = false) noexcept;
  typename Cache::prepared prepare(const flight& of, result<Value>& built, steady_time now);
  std::shared_ptr<flight> leave_books(const std::shared_ptr<flight>& ended) noexcept;
  std::vector<result<lease>> keep(const flight& ended, typename Cache::prepared& fresh, std::size_t waiting,
                                  steady_time now);
  std::vector<result<lease>> fail(const flight& ended, error failure, std::size_t waiting, steady_time now);
  result<lease> stale_or(const std::string& tenant, error failure, steady_time now);
  void abandon(const std::shared_ptr<flight>& lost) noexcept;
  void start_later(const std::shared_ptr<flight>& next) noexcept;
  void destroy_later(typename Cache::prepared late) noexcept;
  void leave_flight(const std::shared_ptr<flight>& from, std::uint64_t seat);
  void refresh(std::string_view tenant, std::uint64_t generation) noexcept;
  void put_off_refresh(const flight& failed, steady_time now);  // [lock]

  /// Nobody finds it any more. [lock]
  void close(const std::shared_ptr<flight>& ended) noexcept {
    for (auto* const among : {&joinable_, &refreshing_}) {
      if (const auto at = among->find(ended->tenant()); at != among->end() && at->second == ended) among->erase(at);
    }
  }

  /// A build that has not started never will. [lock]
  void withdraw(const std::shared_ptr<flight>& from) noexcept {
    if (!queue_.withdraw(from)) return;
    from->landed = true;
    under_way_.erase(from);
  }

  /// Everything about a tenant but its value. What may go with it goes when the lock is released. [lock]
  void forget(std::string_view tenant, std::shared_ptr<flight> (&disowned)[2]) noexcept {
    std::size_t slot = 0;
    for (auto* const among : {&joinable_, &refreshing_}) {
      auto& kept = disowned[slot++];
      if (const auto at = among->find(tenant); at != among->end()) {
        kept = std::move(at->second);
        among->erase(at);
      }
    }
    if (const auto at = failed_refreshes_.find(tenant); at != failed_refreshes_.end()) failed_refreshes_.erase(at);
    failures_.forget(tenant);
  }

  /// Posted, so that a thread which ends a build, or cancels a request, does not run the calls of all who waited.
  /// When there is no memory for that, it hears so at once.
  void answer(handler waiter, result<lease> outcome) noexcept {
    auto spare = waiter.spare();
    try {
      scheduler_->post(
          [waiter = std::move(waiter), outcome = std::move(outcome)]() mutable { waiter(std::move(outcome)); });
    } catch (...) {
      try {
        spare(out_of_memory());
      } catch (...) {  // its own affair
      }
    }
  }
  template <class Make>
  void answer_with(handler waiter, Make make) noexcept {
    error failure = out_of_memory();
    try {
      failure = make();
    } catch (...) {  // no memory to say more
    }
    answer(std::move(waiter), std::move(failure));
  }

  void arm_expiry();
  void on_expiry();
  void drain() noexcept;
  void end(bool given_up) noexcept;

  const clock& time_;
  const std::shared_ptr<work_scheduler> scheduler_;
  const std::shared_ptr<random_source> random_;
  const builder build_;
  const loading_options options_;
  const std::shared_ptr<cache_drain<loading_cache>> drain_;
  Cache cache_;

  mutable std::mutex mutex_;
  flights joinable_;
  flights refreshing_;
  std::set<std::shared_ptr<flight>> under_way_;
  std::map<std::string, unsigned, std::less<>> failed_refreshes_;  ///< in a row
  failure_table failures_;
  build_queue<flight> queue_;
  loading_counts counts_;
  std::shared_ptr<void> expiry_;
  steady_time expiry_for_{};
  bool closed_ = false;
  std::shared_ptr<void> give_up_;
  unique_function<void(cache_remains)> at_end_;
};

}  // namespace tenon

#include "cache/loading_builds.ipp"
#include "cache/loading_upkeep.ipp"
