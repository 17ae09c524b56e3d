// How a loading_cache builds: who boards which build, when it starts, how it lands. Included by loading_cache.hpp.
#pragma once

namespace tenon {

template <class Value, class Cache>
auto loading_cache<Value, Cache>::board(const std::string& tenant, handler& waiter) -> boarding {
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
template <class Value, class Cache>
auto loading_cache<Value, Cache>::take_off(const std::string& tenant, handler& waiter, failure_table::attempt tries,
                                           steady_time now) -> boarding {
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
template <class Value, class Cache>
auto loading_cache<Value, Cache>::enter(const std::shared_ptr<flight>& made, flights* among) -> queue_answer {
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
template <class Value, class Cache>
void loading_cache<Value, Cache>::start(const std::shared_ptr<flight>& on) noexcept try {
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

template <class Value, class Cache>
bool loading_cache<Value, Cache>::begin(const std::shared_ptr<flight>& on) {
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
template <class Value, class Cache>
void loading_cache<Value, Cache>::land(const std::shared_ptr<flight>& ended, result<Value> built,
                                       bool timed_out) noexcept try {
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
  drain_->wake();  // also for what there was no memory to wake it for
} catch (...) {    // no memory, and nothing was changed
  abandon(ended);
}

/// A build has ended: the one whose turn it is. [lock]
template <class Value, class Cache>
auto loading_cache<Value, Cache>::leave_books(const std::shared_ptr<flight>& ended) noexcept
    -> std::shared_ptr<flight> {
  failures_.undecided(ended->tenant(), ended->attempt);
  close(ended);
  under_way_.erase(ended);
  return queue_.ended();
}

/// What was built, ready to be stored; null, and an error in `built`, if there is nothing.
template <class Value, class Cache>
typename Cache::prepared loading_cache<Value, Cache>::prepare(const flight& of, result<Value>& built, steady_time now) {
  if (!built) return nullptr;
  try {
    return cache_.prepare(of.tenant(), std::move(*built), life_of(options_.freshness, of.begun, now, *random_));
  } catch (const std::bad_alloc&) {
    built = not_kept(of.tenant());
    return nullptr;
  }
}

/// A build worked: one lease for each who waits. [lock]
template <class Value, class Cache>
auto loading_cache<Value, Cache>::keep(const flight& ended, typename Cache::prepared& fresh, std::size_t waiting,
                                       steady_time now) -> std::vector<result<lease>> {
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
template <class Value, class Cache>
auto loading_cache<Value, Cache>::fail(const flight& ended, error failure, std::size_t waiting, steady_time now)
    -> std::vector<result<lease>> {
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

/// An expired value that may still serve, or the failure; the latter if it is that there is no such tenant. [lock]
template <class Value, class Cache>
auto loading_cache<Value, Cache>::stale_or(const std::string& tenant, error failure, steady_time now) -> result<lease> {
  if (options_.freshness.stale_if_error > std::chrono::nanoseconds::zero() &&
      classify(failure) != failure_class::not_found) {
    if (auto old = cache_.find_stale(tenant, now)) {
      ++counts_.served_stale;
      return old;
    }
  }
  return failure;
}

}  // namespace tenon
