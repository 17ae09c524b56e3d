#include "platform/turn_limiter.hpp"

#include <algorithm>
#include <utility>

namespace tenon {

std::shared_ptr<turn_limiter> turn_limiter::make(const clock& time, std::shared_ptr<work_scheduler> later) {
  return std::shared_ptr<turn_limiter>(new turn_limiter(time, std::move(later)));
}

/// When somebody who comes after turns that are paid for at `paid` has its own.
steady_time turn_limiter::turn_after(steady_time paid, const bucket& of, const wish& what, steady_time now) {
  const auto saved = what.interval * (std::max<std::uint32_t>(what.burst, 1) - 1);
  return std::max({paid - saved, of.held, now});
}

/// Gives everybody who waits a turn anew, in order. Who would wait too long leaves the queue.
void turn_limiter::plan(bucket& of, steady_time now, std::vector<told>& refused) {
  of.planned = of.paid;
  auto before = now;  // nobody goes before those that came earlier, whatever they save up
  for (auto at = of.queue.begin(); at != of.queue.end();) {
    at->turn = std::max(before, turn_after(of.planned, of, at->what, now));
    if (at->turn > at->until) {
      refused.push_back({std::move(at->done), false, at->turn - now});
      at = of.queue.erase(at);
      continue;
    }
    of.planned = std::max(of.planned, at->turn) + at->what.interval;
    before = at->turn;
    ++at;
  }
}

turn_limiter::ticket turn_limiter::acquire(wish what, handler done) {
  what.interval = std::clamp<std::chrono::nanoseconds>(what.interval, std::chrono::nanoseconds(0), longest);
  // A bucket that saves up hours of turns has no limit worth the name; and the product must not overflow.
  what.burst = std::clamp<std::uint32_t>(what.burst, 1, 10'000);
  what.max_wait = std::clamp<std::chrono::nanoseconds>(what.max_wait, std::chrono::nanoseconds(0), longest * 24);
  std::chrono::nanoseconds wait{0};
  {
    const std::lock_guard lock(mutex_);
    const auto now = time_.steady_now();
    if (buckets_.size() >= forget_at_) forget_idle(now);
    const auto name = what.bucket;
    auto& of = buckets_[name];
    const bool first = of.queue.empty();
    if (first) of.planned = of.paid;
    auto turn = turn_after(of.planned, of, what, now);
    if (!first) turn = std::max(turn, of.queue.back().turn);
    wait = turn - now;
    const auto until = what.since.value_or(now) + what.max_wait;
    if (wait > std::chrono::nanoseconds(0) && turn <= until) {
      of.planned = std::max(of.planned, turn) + what.interval;
      const auto id = ++last_id_;
      of.queue.push_back({id, std::move(what), until, turn, std::move(done)});
      arm(name, of, now);
      return {nullptr, [weak = weak_from_this(), name, id](void*) {
                if (const auto self = weak.lock()) self->leave(name, id);
              }};
    }
    if (wait == std::chrono::nanoseconds(0)) of.paid = std::max(of.paid, now) + what.interval;
  }
  done(wait == std::chrono::nanoseconds(0), wait);
  return nullptr;
}

void turn_limiter::hold(const std::string& name, std::chrono::nanoseconds delay) {
  delay = std::clamp<std::chrono::nanoseconds>(delay, std::chrono::nanoseconds(0), longest);
  std::vector<told> refused;
  {
    const std::lock_guard lock(mutex_);
    const auto now = time_.steady_now();
    auto& of = buckets_[name];
    of.held = std::max(of.held, now + delay);
    plan(of, now, refused);
    arm(name, of, now);
  }
  for (auto& each : refused) each.done(each.granted, each.wait);
}

/// Lets those go whose turn has come. Timers are a little late, which costs no turn; one that is late by more, after a
/// machine slept or a thread was held up, must not let all go at once whose turns have passed meanwhile.
void turn_limiter::serve(const std::string& name) {
  std::vector<told> ready;
  std::vector<told> refused;
  {
    const std::lock_guard lock(mutex_);
    const auto at = buckets_.find(name);
    if (at == buckets_.end()) return;
    auto& of = at->second;
    const auto now = time_.steady_now();
    bool behind = false;
    while (!of.queue.empty() && of.queue.front().turn <= now) {
      auto& next = of.queue.front();
      if (turn_after(of.paid, of, next.what, now) > now) break;
      const auto in_time = std::max(of.paid, next.turn);
      const auto paid = std::max(in_time, now - next.what.interval / 4);
      behind = behind || paid > in_time;
      of.paid = paid + next.what.interval;
      ready.push_back({std::move(next.done), true, std::chrono::nanoseconds(0)});
      of.queue.pop_front();
    }
    if (behind) plan(of, now, refused);
    of.armed = steady_time{};
    arm(name, of, now);
  }
  for (auto& each : ready) each.done(each.granted, each.wait);
  for (auto& each : refused) each.done(each.granted, each.wait);
}

/// Has the first of the queue served at its turn.
void turn_limiter::arm(const std::string& name, bucket& of, steady_time now) {
  if (of.queue.empty()) {
    of.timer.reset();
    of.armed = steady_time{};
    return;
  }
  const auto turn = of.queue.front().turn;
  if (of.timer && of.armed == turn) return;
  of.armed = turn;
  of.timer = later_->after(turn - now, [weak = weak_from_this(), name] {
    if (const auto self = weak.lock()) self->serve(name);
  });
}

void turn_limiter::leave(const std::string& name, std::uint64_t id) {
  handler unused;  // goes after the lock
  std::vector<told> refused;
  {
    const std::lock_guard lock(mutex_);
    const auto at = buckets_.find(name);
    if (at == buckets_.end()) return;
    auto& of = at->second;
    const auto found = std::ranges::find(of.queue, id, &waiter::id);
    if (found == of.queue.end()) return;
    unused = std::move(found->done);
    of.queue.erase(found);
    const auto now = time_.steady_now();
    plan(of, now, refused);  // turns only come earlier by it
    arm(name, of, now);
  }
  for (auto& each : refused) each.done(each.granted, each.wait);
}

void turn_limiter::forget_idle(steady_time now) {
  std::erase_if(buckets_, [now](const auto& each) {
    return each.second.queue.empty() && each.second.paid <= now && each.second.held <= now;
  });
  forget_at_ = std::max<std::size_t>(64, buckets_.size() * 2);
}

std::size_t turn_limiter::buckets() const {
  const std::lock_guard lock(mutex_);
  const auto now = time_.steady_now();
  return static_cast<std::size_t>(std::ranges::count_if(buckets_, [now](const auto& each) {
    return !each.second.queue.empty() || each.second.paid > now || each.second.held > now;
  }));
}

}  // namespace tenon
