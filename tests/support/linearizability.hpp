#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <vector>

namespace tenon::testing {

/// One operation of a history, with what it returned, and when it was called and had returned on a clock that all
/// threads share.
template <class Operation>
struct timed {
  Operation operation;
  std::uint64_t called;
  std::uint64_t returned;
};

/// The clock of a history: no two readings are the same, and a later one is greater.
class history_clock {
 public:
  std::uint64_t tick() noexcept { return ++now_; }

 private:
  std::atomic<std::uint64_t> now_{0};
};

/// Whether a history of operations that overlapped is one that a single thread could have seen: whether they can be put
/// in an order in which each returns what it did, and none comes before one that had returned when it was called.
///
/// Source      J. M. Wing and C. Gong, Testing and Verifying Concurrent Objects (1993), with the memory of places that
///             led nowhere of G. Lowe, Testing for Linearizability (2017).
/// Model       A state that compares, made by default, and `bool apply(Operation)`: takes the step, and says whether it
///             may return what it did; false leaves the state for nobody to look at.
/// Cost        Exponential in what overlaps, at worst; linear for what follows one after the other. At most 64
/// operations.
template <class State, class Operation>
class linearizability {
 public:
  static constexpr std::size_t longest = 64;

  static bool holds(const std::vector<timed<Operation>>& history) {
    linearizability search(history);
    return search.from(State(), 0);
  }

 private:
  explicit linearizability(const std::vector<timed<Operation>>& history)
      : history_(history),
        all_(history.size() == longest ? ~std::uint64_t{0} : (std::uint64_t{1} << history.size()) - 1) {}

  /// Whether what is not in `done` can follow on `state`.
  bool from(const State& state, std::uint64_t done) {
    if (done == all_) return true;
    if (!seen_.emplace(done, state).second) return false;
    const auto first_end = first_return(done);
    for (std::uint64_t left = all_ & ~done; left != 0; left &= left - 1) {
      const auto at = static_cast<std::size_t>(std::countr_zero(left));
      if (history_[at].called > first_end) continue;  // somebody who has not had his turn had returned before
      State next = state;
      if (next.apply(history_[at].operation) && from(next, done | std::uint64_t{1} << at)) return true;
    }
    return false;
  }

  std::uint64_t first_return(std::uint64_t done) const {
    auto first = std::numeric_limits<std::uint64_t>::max();
    for (std::uint64_t left = all_ & ~done; left != 0; left &= left - 1)
      first = std::min(first, history_[static_cast<std::size_t>(std::countr_zero(left))].returned);
    return first;
  }

  const std::vector<timed<Operation>>& history_;
  const std::uint64_t all_;
  std::set<std::pair<std::uint64_t, State>> seen_;
};

}  // namespace tenon::testing
