#pragma once

#include "base/thrown.hpp"
#include "cache/build_queue.hpp"
#include "cache/cache_drain.hpp"
#include "cache/cache_scheduler.hpp"
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
/// that lost to an invalidate or a replace serves those who wait for it and is never kept. Who joined it before gets its
/// outcome, who comes after starts another. All who wait are released at once, each with a lease of its own that was
/// taken before anybody could take the value out. Who leaves early detaches himself alone; when the last has left the
/// build is told to stop, nobody joins it any more, and what it still makes is not kept.
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

  static std::shared_ptr<loading_cache> make(const clock& time, std::shared_ptr<cache_scheduler> scheduler,
                                             std::shared_ptr<random_source> random, builder build,
                                             loading_options options) {
    auto made = std::shared_ptr<loading_cache>(new loading_cache(time, std::move(scheduler), std::move(random),
                                                                 std::move(build), std::move(options)));
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

  /// Drops the tenant's value, forgets its failure and outdates its builds: no get that starts later sees anything whose
  /// build started before. Unknown tenants are fine.
  void invalidate(std::string_view tenant) noexcept {
    std::shared_ptr<flight> disowned[2];
    const std::lock_guard lock(mutex_);
    cache_.invalidate(tenant);
    forget(tenant, disowned);
  }
  void invalidate() noexcept {  ///< all of them
    flights joinable, refreshing;
    const std::lock_guard lock(mutex_);
    cache_.invalidate();
    joinable.swap(joinable_);
    refreshing.swap(refreshing_);
    failed_refreshes_.clear();
    failures_.forget();
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

  /// Refuses requests, answers who waits, tells builds to stop, drops every value, and waits for the leases. `done` on the
  /// scheduler: with nobody when all are back, or after `patience` with those who are left.
  void shut_down(std::chrono::nanoseconds patience, unique_function<void(std::vector<cache_holder>)> done);

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

  loading_cache(const clock& time, std::shared_ptr<cache_scheduler> scheduler, std::shared_ptr<random_source> random,
                builder build, loading_options options)
      : time_(time),
        scheduler_(std::move(scheduler)),
        random_(std::move(random)),
        build_(std::move(build)),
        options_(std::move(options)),
        drain_(std::make_shared<cache_drain<loading_cache>>(scheduler_)),
        cache_(options_.size, time, [drain = drain_] { drain->wake(); }, !options_.listeners.empty()),
        failures_(options_.failures),
        queue_(options_.max_builds, options_.max_queued_builds) {}

  friend cache_drain<loading_cache>;

  bool coalesces() const noexcept { return options_.cold_start == cold_start::coalesce; }
  bool backs_off() const noexcept { return options_.on_failure == on_failure::backoff; }

  boarding board(const std::string& tenant, handler& waiter) {
    std::optional<result<lease>> ready;
    boarding seat;
    {
      const std::lock_guard lock(mutex_);
      const auto now = time_.steady_now();
      if (closed_) {
        ready.emplace(shutting_down());
      } else if (auto found = coalesces() ? cache_.find_again(tenant, now) : lease()) {
        ready.emplace(std::move(found));  // another build landed between this request's miss and its coming here
      } else {
        ++counts_.misses;
        if (const auto at = joinable_.find(tenant); at != joinable_.end()) {
          seat = {at->second, at->second->seat(waiter), false};
          ++counts_.coalesced;
          return seat;
        }
        failure_table::attempt tries = 0;
        if (auto failed = backs_off() ? failures_.stands(tenant, now, tries) : std::nullopt) {
          ++counts_.failed_fast;
          ready.emplace(stale_or(tenant, *std::move(failed), now));
        } else {
          seat = take_off(tenant, waiter, tries, now);
          if (!seat.on) ready.emplace(stale_or(tenant, too_many_builds(queue_.running(), queue_.waiting()), now));
        }
      }
    }
    if (ready) answer(std::move(waiter), *std::move(ready));
    return seat;
  }

  /// A new build with this waiter; none if there are too many. [lock]
  boarding take_off(const std::string& tenant, handler& waiter, failure_table::attempt tries, steady_time now) {
    boarding seat;
    std::shared_ptr<flight> made;
    const auto give_up = [&]() noexcept {
      if (made) {
        if (auto back = made->leave(seat.number)) waiter = *std::move(back);
      }
      failures_.undecided(tenant, tries);
    };
    try {
      made = std::make_shared<flight>(this->shared_from_this(), cache_.begin_build(tenant), 0, now);
      made->attempt = tries;
      seat.number = made->seat(waiter);
      const auto entered = enter(made, coalesces() ? &joinable_ : nullptr);
      if (entered == queue_answer::full) {
        give_up();
        ++counts_.refused;
        return seat;
      }
      seat.starts = entered == queue_answer::starts;
    } catch (...) {
      give_up();
      throw;
    }
    seat.on = std::move(made);
    return seat;
  }

  /// Takes a build into the books, and into `among` if others may find it there. [lock]
  queue_answer enter(const std::shared_ptr<flight>& made, flights* among) {
    const auto place = under_way_.insert(made).first;
    try {
      if (among != nullptr) among->insert_or_assign(made->tenant(), made);
      const auto entered = queue_.enter(made);
      if (entered != queue_answer::full) return entered;
    } catch (...) {
      if (among != nullptr) close(made);
      under_way_.erase(place);
      throw;
    }
    close(made);
    under_way_.erase(place);
    return queue_answer::full;
  }

  /// Whose turn it is; nobody may want it any more.
  void start(const std::shared_ptr<flight>& on) noexcept try {
    built_handler done = landing(on);
    auto spare = done.spare();
    try {
      if (!begin(on)) return abandon(on);
      build_(on->tenant(), on->stop.get_token(), std::move(done));
    } catch (...) {
      spare(error_of_current_exception("the factory"));
    }
  } catch (...) {  // no memory: the landing has told who waits, or is abandoned
  }

  bool begin(const std::shared_ptr<flight>& on) {
    const auto limit = options_.build_timeout;
    const std::lock_guard lock(mutex_);
    if (on->unwanted) return false;
    on->begun = time_.steady_now();
    if (limit == limit.zero()) return true;
    on->deadline = scheduler_->after(limit, [weak = std::weak_ptr(on), limit] {
      const auto late = weak.lock();
      if (!late) return;
      try {
        late->owner->land(late, build_timed_out(late->tenant(), limit), true);
      } catch (...) {  // no memory to say so
        late->owner->abandon(late);
      }
      late->stop.request_stop();
    });
    return true;
  }

  /// A build has ended, with what is in `built`, once: what comes later comes too late.
  void land(const std::shared_ptr<flight>& ended, result<Value> built, bool timed_out = false) noexcept try {
    const auto now = time_.steady_now();
    typename Cache::prepared fresh = prepare(*ended, built, now);
    std::vector<typename flight::waiter> told;
    std::vector<result<lease>> outcomes;
    std::shared_ptr<flight> next;
    std::shared_ptr<void> deadline;
    {
      const std::lock_guard lock(mutex_);
      if (!std::exchange(ended->landed, true)) {
        deadline = std::move(ended->deadline);
        told = ended->take_waiting();
        counts_.timed_out += timed_out ? 1 : 0;
        try {
          outcomes = fresh ? keep(*ended, fresh, told.size(), now) : fail(*ended, built.error(), told.size(), now);
        } catch (...) {  // no memory
          outcomes.clear();
        }
        next = leave_books(ended);
      }
    }
    for (std::size_t i = 0; i < told.size(); ++i) {
      if (i < outcomes.size())
        answer(std::move(told[i].done), std::move(outcomes[i]));
      else
        answer_with(std::move(told[i].done), [&] { return not_kept(ended->tenant()); });
    }
    if (next) start_later(next);
    if (fresh) destroy_later(std::move(fresh));
    arm_expiry();
    drain_->wake_at_end();
  } catch (...) {  // no memory, and nothing was changed
    abandon(ended);
  }

  /// A build has ended: the one whose turn it is. [lock]
  std::shared_ptr<flight> leave_books(const std::shared_ptr<flight>& ended) noexcept {
    failures_.undecided(ended->tenant(), ended->attempt);
    close(ended);
    under_way_.erase(ended);
    return queue_.ended();
  }

  /// What was built, ready to be stored; null, and an error in `built`, if there is nothing.
  typename Cache::prepared prepare(const flight& of, result<Value>& built, steady_time now) {
    if (!built) return nullptr;
    try {
      return cache_.prepare(of.tenant(), std::move(*built), life_of(options_.freshness, of.begun, now, *random_));
    } catch (const std::bad_alloc&) {
      built = not_kept(of.tenant());
      return nullptr;
    }
  }

  /// A build worked: one lease for each who waits. [lock]
  std::vector<result<lease>> keep(const flight& ended, typename Cache::prepared& fresh, std::size_t waiting,
                                  steady_time now) {
    std::vector<result<lease>> outcomes;
    ++counts_.built;
    counts_.build_time += now - ended.begun;
    counts_.longest_build = std::max(counts_.longest_build, now - ended.begun);
    if (ended.unwanted) {
      ++counts_.discarded;
      return outcomes;
    }
    outcomes.reserve(waiting);
    auto stored = cache_.store(ended.ticket, std::move(fresh), waiting, ended.refreshes);
    for (auto& each : stored.leases) outcomes.emplace_back(std::move(each));
    if (!stored.kept) {
      ++counts_.discarded;
      return outcomes;
    }
    failures_.forget(ended.tenant());
    if (const auto at = failed_refreshes_.find(ended.tenant()); at != failed_refreshes_.end())
      failed_refreshes_.erase(at);
    if (ended.outdated) cache_.mark_stale(ended.tenant());
    return outcomes;
  }

  /// A build failed: the same for all who wait. [lock]
  std::vector<result<lease>> fail(const flight& ended, error failure, std::size_t waiting, steady_time now) {
    ++counts_.failed;
    std::vector<result<lease>> outcomes;
    if (ended.refreshes != 0) {
      put_off_refresh(ended, now);
      return outcomes;
    }
    if (backs_off() && !ended.unwanted && ended.ticket.current())
      failure = failures_.record(ended.tenant(), std::move(failure), ended.attempt, now, *random_);
    outcomes.reserve(waiting);
    while (outcomes.size() < waiting) outcomes.push_back(stale_or(ended.tenant(), failure, now));
    return outcomes;
  }

  /// An expired value that may still serve, or the failure. That there is no such tenant is no failure to find out. [lock]
  result<lease> stale_or(const std::string& tenant, error failure, steady_time now) {
    if (options_.freshness.stale_if_error > std::chrono::nanoseconds::zero() &&
        classify(failure) != failure_class::not_found) {
      if (auto old = cache_.find_stale(tenant, now)) {
        ++counts_.served_stale;
        return old;
      }
    }
    return failure;
  }

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
      scheduler_->post([waiter = std::move(waiter), outcome = std::move(outcome)]() mutable {
        waiter(std::move(outcome));
      });
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
  const std::shared_ptr<cache_scheduler> scheduler_;
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
  unique_function<void(std::vector<cache_holder>)> at_end_;
};

}  // namespace tenon

#include "cache/loading_upkeep.ipp"
