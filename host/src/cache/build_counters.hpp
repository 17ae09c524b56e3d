#pragma once

#include "cache/keyed_hash.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tenon {

/// The generations that builds are started against: one counter per tenant with a build in flight, and one for all.
///
/// Invariant: a tenant has a counter if and only if it has a ticket, and every ticket points at its tenant's counter.
/// So a tenant without a counter has no build that an invalidate could outdate, and dropping the counter with the last
/// ticket forgets nothing.
///
/// Threads     One at a time, under the owner's lock.
class build_counters {
  struct counter {
    std::uint64_t generation = 0;
    std::size_t tickets = 0;
  };
  struct name_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept { return keyed(name); }
    keyed_hash keyed;
  };
  using counters = std::unordered_map<std::string, counter, name_hash, std::equal_to<>>;

 public:
  struct ticket {
    counters::pointer counter;
    std::uint64_t generation;
    std::uint64_t epoch;

    const std::string& tenant() const noexcept { return counter->first; }
  };

  explicit build_counters(keyed_hash hash) : counters_(0, name_hash{hash}) {}

  ticket begin(const std::string& tenant) {
    auto& mine = *counters_.try_emplace(tenant).first;
    ++mine.second.tickets;
    return {&mine, mine.second.generation, epoch_};
  }
  void end(const ticket& done) noexcept {
    if (--done.counter->second.tickets == 0) counters_.erase(counters_.find(done.counter->first));
  }

  bool current(const ticket& of) const noexcept {
    return of.generation == of.counter->second.generation && of.epoch == epoch_;
  }
  void outdate(std::string_view tenant) noexcept {
    if (const auto at = counters_.find(tenant); at != counters_.end()) ++at->second.generation;
  }
  void outdate_all() noexcept { ++epoch_; }

  std::size_t size() const noexcept { return counters_.size(); }

 private:
  counters counters_;
  std::uint64_t epoch_ = 0;
};

}  // namespace tenon
