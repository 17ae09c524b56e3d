// What a loading_cache does beside building: leaving, refreshing, the timer of expiry, the drain, the end. Included by
// loading_cache.hpp.
#pragma once

namespace tenon {

/// A build ends without an outcome, as there is no memory for one, or as nobody wants it. The books are kept.
template <class Value, class Cache>
void loading_cache<Value, Cache>::abandon(const std::shared_ptr<flight>& lost) noexcept {
  std::vector<typename flight::waiter> dropped;
  std::shared_ptr<flight> next;
  std::shared_ptr<void> deadline;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(lost->landed, true)) return;
    dropped = lost->take_waiting();
    deadline = std::move(lost->deadline);
    next = leave_books(lost);
  }
  for (auto& each : dropped) answer(std::move(each.done), out_of_memory());
  if (next) start_later(next);
}

template <class Value, class Cache>
void loading_cache<Value, Cache>::start_later(const std::shared_ptr<flight>& next) noexcept {
  try {
    scheduler_->post([next] { next->owner->start(next); });
  } catch (...) {
    abandon(next);
  }
}

/// What came too late, or is not wanted any more, is destroyed where values are.
template <class Value, class Cache>
void loading_cache<Value, Cache>::destroy_later(typename Cache::prepared late) noexcept {
  try {
    scheduler_->post([late = std::move(late)] {});
  } catch (...) {  // or here
  }
}

template <class Value, class Cache>
void loading_cache<Value, Cache>::leave_flight(const std::shared_ptr<flight>& from, std::uint64_t seat) {
  std::optional<handler> left;
  bool last = false;
  {
    const std::lock_guard lock(mutex_);
    left = from->leave(seat);
    last = left && from->waiting() == 0;
    if (last) {
      from->unwanted = true;
      close(from);
      failures_.undecided(from->tenant(), from->attempt);
      withdraw(from);
    }
  }
  if (last) from->stop.request_stop();
  if (left) answer_with(*std::move(left), request_cancelled);
}

/// A hit never fails because its refresh cannot be started.
template <class Value, class Cache>
void loading_cache<Value, Cache>::refresh(std::string_view tenant, std::uint64_t generation) noexcept try {
  std::shared_ptr<flight> made;
  {
    const std::lock_guard lock(mutex_);
    const auto at = refreshing_.find(tenant);
    if (closed_) return;
    const auto now = time_.steady_now();
    cache_.postpone_refresh(tenant, generation, steady_time::max());  // one hit starts it, not every one
    if (at != refreshing_.end() && at->second->refreshes == generation) return;
    made = std::make_shared<flight>(this->shared_from_this(), cache_.begin_build(std::string(tenant)), generation, now);
    const auto entered = enter(made, &refreshing_);
    if (entered == queue_answer::full) return cache_.postpone_refresh(tenant, generation, now + back_off(1, *random_));
    ++counts_.refreshes;
    if (entered == queue_answer::waits) return;
  }
  start_later(made);
} catch (...) {  // no memory: the value serves to its end
}

/// [lock]
template <class Value, class Cache>
void loading_cache<Value, Cache>::put_off_refresh(const flight& failed, steady_time now) {
  if (failed_refreshes_.size() >= options_.failures) failed_refreshes_.clear();
  const auto in_a_row = ++failed_refreshes_[failed.tenant()];
  cache_.postpone_refresh(failed.tenant(), failed.refreshes, now + back_off(in_a_row, *random_));
}

template <class Value, class Cache>
void loading_cache<Value, Cache>::arm_expiry() try {
  using namespace std::chrono_literals;
  // Wakes at least this often while something is kept: an embedder's clock and the timer's may drift, and time points
  // do not overflow.
  constexpr std::chrono::nanoseconds longest_sleep = 1h;
  // Expiry is strictly after its instant, and timers are no finer than this.
  constexpr std::chrono::nanoseconds timer_grain = 1ms;
  std::shared_ptr<void> replaced;
  const std::lock_guard lock(mutex_);
  const auto next = cache_.next_expiry();
  if (!next || closed_ || (expiry_ && expiry_for_ <= *next)) return;
  const auto now = time_.steady_now();
  const auto sleep = *next > now ? *next - now : std::chrono::nanoseconds::zero();
  replaced = std::exchange(
      expiry_, scheduler_->after(std::min(sleep, longest_sleep) + timer_grain, [weak = this->weak_from_this()] {
        if (const auto self = weak.lock()) self->on_expiry();
      }));
  expiry_for_ = std::min(*next, now + longest_sleep);
} catch (...) {  // no memory: the next store arms it; until then, what has expired is not found
}

template <class Value, class Cache>
void loading_cache<Value, Cache>::on_expiry() {
  std::shared_ptr<void> fired;
  {
    const std::lock_guard lock(mutex_);
    fired = std::exchange(expiry_, nullptr);
  }
  cache_.purge_expired(time_.steady_now());
  arm_expiry();
}

template <class Value, class Cache>
void loading_cache<Value, Cache>::drain() noexcept {
  cache_.dispose();
  if (!options_.listeners.empty()) {
    for (const auto& event : cache_.take_events()) {
      for (const auto& listener : options_.listeners) {
        try {
          listener(event);
        } catch (...) {  // its own affair
        }
      }
    }
  }
  end(false);
}

template <class Value, class Cache>
void loading_cache<Value, Cache>::shut_down(std::chrono::nanoseconds patience,
                                            unique_function<void(cache_remains)> done) {
  std::vector<std::shared_ptr<flight>> stopped;
  std::vector<std::vector<typename flight::waiter>> told;
  std::shared_ptr<void> expiry;
  {
    const std::lock_guard lock(mutex_);
    // What may throw comes first: a shutdown begins or it does not.
    stopped.assign(under_way_.begin(), under_way_.end());
    told.reserve(stopped.size());
    give_up_ = scheduler_->after(patience, [weak = this->weak_from_this()] {
      if (const auto self = weak.lock()) self->end(true);
    });
    closed_ = true;
    expiry = std::exchange(expiry_, nullptr);
    at_end_ = std::move(done);
    for (const auto& each : stopped) {
      told.push_back(each->take_waiting());
      each->unwanted = true;
      withdraw(each);
    }
  }
  for (const auto& each : stopped) each->stop.request_stop();
  for (auto& waiting : told) {
    for (auto& each : waiting) answer_with(std::move(each.done), shutting_down);
  }
  invalidate();
  drain_->wake();
}

/// Tells the end if it has come: nobody builds, nobody holds a lease, or nobody waits for them any longer.
template <class Value, class Cache>
void loading_cache<Value, Cache>::end(bool given_up) noexcept try {
  unique_function<void(cache_remains)> told;
  cache_remains left;
  std::shared_ptr<void> timer;
  {
    const std::lock_guard lock(mutex_);
    if (!closed_ || !at_end_) return;
    left.holders = cache_.report(time_.steady_now()).holders;
    for (const auto& each : under_way_) left.building.push_back(each->tenant());
    if (!given_up && !left.empty()) return;
    told = std::exchange(at_end_, {});
    timer = std::exchange(give_up_, nullptr);
  }
  std::ranges::sort(left.building);
  told(std::move(left));
} catch (...) {  // no memory to name who is left: the next lease that comes back looks again, or the deadline does
}

}  // namespace tenon
