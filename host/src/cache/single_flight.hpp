#pragma once

#include <tenon/unique_function.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace tenon {

/// Who waits for which build. One build may serve many waiters; each may leave before it lands.
///
/// A build belongs to the generation its ticket was taken in (`Ticket::current()`). Who joins while the
/// ticket is current gets that build, whatever happens to the ticket later; who comes after an invalidate
/// starts a new one. No waiter is the leader in any other sense than that its arrival started the build: a
/// build is told to stop only when the last of its waiters has left, and from then on nobody joins it.
///
/// This class calls no waiter: it hands them out, all at once, for the caller to call outside every lock.
///
/// Threads     Any, concurrently.
/// Cost        One lock to join, one to leave, one to land. Nothing is kept of a build that has landed.
template <class Outcome, class Ticket>
class single_flight {
 public:
  using waiter = unique_function<void(Outcome)>;

  /// One build under way.
  class flight {
   public:
    flight(std::string key, Ticket ticket) : key_(std::move(key)), ticket_(std::move(ticket)) {}

    const std::string& key() const noexcept { return key_; }
    const Ticket& ticket() const noexcept { return ticket_; }
    std::stop_token stop() const noexcept { return stop_.get_token(); }  ///< fires when the last waiter has left

   private:
    friend single_flight;
    const std::string key_;
    const Ticket ticket_;
    std::stop_source stop_;
    std::uint64_t next_seat_ = 0;
    std::vector<std::pair<std::uint64_t, waiter>> waiting_;
  };

  struct boarding {
    std::shared_ptr<flight> on;
    std::uint64_t seat;  ///< for leave()
    bool starts;         ///< this arrival must start the build
  };

  single_flight() = default;
  single_flight(const single_flight&) = delete;
  single_flight& operator=(const single_flight&) = delete;

  /// Waits for the build of `key` that is under way, or for a new one whose ticket `begin()` takes.
  template <class Begin>
  boarding join(const std::string& key, waiter who, Begin begin) {
    std::shared_ptr<flight> outdated;  // destroyed after the lock is released
    const std::lock_guard lock(mutex_);
    auto& running = running_[key];
    const bool starts = running == nullptr || !running->ticket_.current();
    if (starts) outdated = std::exchange(running, std::make_shared<flight>(key, begin()));
    return seat(running, std::move(who), starts);
  }

  /// Waits alone for a build of its own, which nobody joins.
  boarding board_alone(std::string key, Ticket ticket, waiter who) {
    const auto alone = std::make_shared<flight>(std::move(key), std::move(ticket));
    const std::lock_guard lock(mutex_);
    return seat(alone, std::move(who), true);
  }

  /// Gives up a seat. The waiter, unless the build has landed.
  std::optional<waiter> leave(const std::shared_ptr<flight>& from, std::uint64_t seat) {
    std::optional<waiter> left;
    bool last = false;
    {
      const std::lock_guard lock(mutex_);
      const auto at = std::ranges::find(from->waiting_, seat, &std::pair<std::uint64_t, waiter>::first);
      if (at == from->waiting_.end()) return std::nullopt;
      left = std::move(at->second);
      from->waiting_.erase(at);
      last = from->waiting_.empty();
      if (last) close(from);
    }
    if (last) from->stop_.request_stop();
    return left;
  }

  /// Ends a build: all who wait for it now. Empty if it has ended before.
  std::vector<waiter> land(const std::shared_ptr<flight>& landed) {
    std::vector<waiter> released;
    const std::lock_guard lock(mutex_);
    close(landed);
    for (auto& [seat, who] : landed->waiting_) released.push_back(std::move(who));
    landed->waiting_.clear();
    return released;
  }

  /// Builds that somebody can still join.
  std::size_t running() const {
    const std::lock_guard lock(mutex_);
    return running_.size();
  }

 private:
  static boarding seat(const std::shared_ptr<flight>& on, waiter who, bool starts) {
    on->waiting_.emplace_back(on->next_seat_, std::move(who));
    return boarding{on, on->next_seat_++, starts};
  }

  void close(const std::shared_ptr<flight>& ended) {
    if (const auto at = running_.find(ended->key_); at != running_.end() && at->second == ended) running_.erase(at);
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<flight>, std::less<>> running_;
};

}  // namespace tenon
