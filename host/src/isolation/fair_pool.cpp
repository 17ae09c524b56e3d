#include "isolation/fair_pool.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

namespace tenon {
namespace {

using steady = std::chrono::steady_clock;

thread_local const void* pool_of_this_thread = nullptr;

}  // namespace

/// One owner's jobs. Guarded by the pool's lock, but for what is constant.
struct fair_pool::lane {
  fair_pool* const pool;
  const std::string owner;
  std::deque<unique_function<void()>> waiting = {};
  std::uint32_t running = 0;  ///< without those whose threads were replaced
  std::uint32_t replaced = 0;
  bool listed = false;
};

fair_pool::fair_pool(fair_pool_options options) : options_(std::move(options)) {
  const std::lock_guard lock(mutex_);
  for (std::uint32_t count = 0; count < options_.threads; ++count) add_worker();
  watcher_ = std::thread([this] { watch(); });
}

fair_pool::~fair_pool() {
  join();
  shutdown();  // what Asio's services keep for this context, such as strands, goes while the rest is there
}

fair_pool::executor_type fair_pool::executor_of(const std::string& owner) {
  const std::lock_guard lock(mutex_);
  auto& known = lanes_[owner];
  auto found = known.lock();
  if (!found) {
    found = std::make_shared<lane>(this, owner);
    known = found;
    std::erase_if(lanes_, [](const auto& each) { return each.second.expired(); });
  }
  return executor_type(std::move(found));
}

boost::asio::execution_context& fair_pool::executor_type::query(boost::asio::execution::context_t) const noexcept {
  return *lane_->pool;
}

void fair_pool::executor_type::submit(unique_function<void()> job) const { lane_->pool->submit(lane_, std::move(job)); }

void fair_pool::submit(const std::shared_ptr<lane>& owner, unique_function<void()> job) {
  const std::lock_guard lock(mutex_);
  if (ending_ && workers_.empty()) return;
  owner->waiting.push_back(std::move(job));
  ++waiting_;
  list(owner);
}

/// [lock] Puts an owner into the row of those whose turn comes, if it may have one.
void fair_pool::list(const std::shared_ptr<lane>& owner) {
  const auto limit = std::max<std::uint32_t>(options_.per_owner, 1);
  if (owner->listed || owner->waiting.empty() || owner->running >= limit) return;
  owner->listed = true;
  ready_.push_back(owner);
  work_or_end_.notify_one();
}

/// [lock]
void fair_pool::add_worker() {
  const auto added = workers_.emplace(workers_.end());
  added->thread = std::thread([this, added] { work(added); });
}

void fair_pool::work(workers::iterator self) {
  pool_of_this_thread = this;
  std::unique_lock lock(mutex_);
  while (!self->replaced) {
    work_or_end_.wait(lock, [this] { return !ready_.empty() || (ending_ && waiting_ == 0); });
    if (ready_.empty()) break;
    run_next(lock, *self);
  }
  ended_.splice(ended_.end(), workers_, self);
  if (workers_.empty()) all_ended_.notify_all();
  if (self->replaced) watch_or_end_.notify_one();  // who joins it
}

void fair_pool::run_next(std::unique_lock<std::mutex>& lock, worker& self) {
  auto owner = std::move(ready_.front());
  ready_.pop_front();
  owner->listed = false;
  auto job = std::move(owner->waiting.front());
  owner->waiting.pop_front();
  --waiting_;
  ++owner->running;
  list(owner);  // behind everybody else
  self.job_of = owner;
  self.begun = steady::now();
  lock.unlock();
  job();
  job = {};  // what it holds goes without the lock, too
  lock.lock();
  self.job_of = nullptr;
  --(self.replaced ? owner->replaced : owner->running);
  list(owner);
  if (ending_ && waiting_ == 0) work_or_end_.notify_all();
}

void fair_pool::watch() {
  std::unique_lock lock(mutex_);
  while (!ending_ || !workers_.empty()) {
    workers gone;
    gone.swap(ended_);
    if (!gone.empty()) {
      lock.unlock();
      for (auto& each : gone) each.thread.join();
      lock.lock();
      continue;
    }
    const auto next = replace_those_that_hang(lock);
    watch_or_end_.wait_until(lock, next);
  }
}

/// Returns when to look again: no thread that begins a job now can hang by then.
steady::time_point fair_pool::replace_those_that_hang(std::unique_lock<std::mutex>& lock) {
  const auto now = steady::now();
  auto next = now + options_.replace_after;
  std::vector<std::string> owners;
  for (auto& each : workers_) {
    if (!each.job_of || each.replaced) continue;
    const auto due = each.begun + options_.replace_after;
    if (due > now) {
      next = std::min(next, due);
      continue;
    }
    auto& owner = each.job_of;
    if (owner->replaced >= options_.replacements_per_owner) continue;
    each.replaced = true;
    --owner->running;
    ++owner->replaced;
    ++replacements_;
    owners.push_back(owner->owner);
    list(owner);
  }
  for (std::size_t count = 0; count < owners.size(); ++count) add_worker();
  if (options_.on_replaced && !owners.empty()) {
    lock.unlock();
    for (const auto& owner : owners) options_.on_replaced(owner);
    lock.lock();
  }
  return next;
}

void fair_pool::join() {
  {
    std::unique_lock lock(mutex_);
    ending_ = true;
    work_or_end_.notify_all();
    watch_or_end_.notify_all();
    all_ended_.wait(lock, [this] { return workers_.empty(); });
    watch_or_end_.notify_all();
  }
  static_cast<void>(watcher_.joinable() ? watcher_.join() : void());
  for (auto& each : ended_) each.thread.join();
  ended_.clear();
}

bool fair_pool::runs_in_this_thread() const noexcept { return pool_of_this_thread == this; }

blocking_status fair_pool::status() const {
  const std::lock_guard lock(mutex_);
  blocking_status made{
      .threads = static_cast<std::uint32_t>(workers_.size()), .waiting = waiting_, .replacements = replacements_};
  for (const auto& each : workers_) {
    made.running += each.job_of ? 1 : 0;
    made.replaced += each.job_of && each.replaced ? 1 : 0;
  }
  return made;
}

}  // namespace tenon
