#pragma once

#include <tenon/clock.hpp>
#include <tenon/error.hpp>
#include <tenon/unique_function.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace tenon {

/// One build under way, and who waits for it.
///
/// It keeps its owner alive, so whoever builds may drop it last; the owner lets go of it when it lands.
///
/// Threads     Members marked fixed: any. The rest: under the owner's lock.
template <class Owner, class Ticket, class Lease>
class loading_flight {
 public:
  using handler = unique_function<void(result<Lease>)>;
  struct waiter {
    std::uint64_t seat;
    handler done;
  };

  /// `over`: the generation that a refresh is to replace; 0: no refresh.
  loading_flight(std::shared_ptr<Owner> kept, Ticket taken, std::uint64_t over, steady_time now)
      : owner(std::move(kept)), ticket(std::move(taken)), refreshes(over), begun(now) {}

  const std::shared_ptr<Owner> owner;  ///< fixed; before the ticket, which goes first
  const Ticket ticket;                 ///< fixed
  const std::uint64_t refreshes;       ///< fixed
  std::stop_source stop;               ///< fixed; fires when nobody wants the outcome any more

  steady_time begun;  ///< when it started, or was put into the queue
  std::shared_ptr<void> deadline = nullptr;
  std::uint64_t attempt = 0;  ///< see failure_table
  bool unwanted = false;      ///< nobody joins it any more, and its outcome is not kept
  bool outdated = false;      ///< its tenant was marked stale meanwhile: what it makes is to be refreshed
  bool landed = false;        ///< whatever comes now comes too late

  const std::string& tenant() const noexcept { return ticket.tenant(); }

  /// Takes `who` over, unless there is no memory: its destructor is foreign, and not to run under the lock.
  std::uint64_t seat(handler& who) {
    waiting_.push_back({next_seat_, {}});
    waiting_.back().done = std::move(who);
    return next_seat_++;
  }
  std::optional<handler> leave(std::uint64_t seat) noexcept {
    const auto at = std::ranges::find(waiting_, seat, &waiter::seat);
    if (at == waiting_.end()) return std::nullopt;
    std::optional<handler> left(std::move(at->done));
    waiting_.erase(at);
    return left;
  }
  std::vector<waiter> take_waiting() noexcept { return std::exchange(waiting_, {}); }
  std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  std::vector<waiter> waiting_;
  std::uint64_t next_seat_ = 0;
};

}  // namespace tenon
