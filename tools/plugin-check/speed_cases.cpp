// What a host waits for: the look at the bytes, and the constructors that run under the dynamic loader's lock.
#include "bytes.hpp"
#include "session.hpp"

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace tenon::plugin_check {
namespace {

std::uint64_t microseconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

/// The fastest of some runs: the others were slowed down by somebody else.
template <class Work>
std::uint64_t fastest_us(clockid_t clock, int runs, Work work) {
  auto best = std::numeric_limits<std::uint64_t>::max();
  for (int i = 0; i < runs; ++i) {
    const auto started = microseconds_of(clock);
    work();
    best = std::min(best, microseconds_of(clock) - started);
  }
  return best;
}

outcome judge(std::string_view what, std::uint64_t found_us, std::uint64_t allowed_ms, std::string advice) {
  const auto allowed_us = allowed_ms * 1000;
  auto made = found_us <= allowed_us ? passed()
                                     : failed(std::string(what) + " take " + std::to_string(found_us / 1000) +
                                                  " ms, allowed are " + std::to_string(allowed_us / 1000),
                                              std::move(advice));
  made.figures = {{"us", found_us}, {"allowed_us", allowed_us}};
  return made;
}

outcome scan(workbench& bench) {
  // It only computes, on this thread: a machine that is busy elsewhere says nothing of the plugin.
  const auto found = fastest_us(CLOCK_THREAD_CPUTIME_ID, 5, [&] {
    const auto checked = check_candidate(read_candidate(bench.copies.front()), bench.policy);
    if (!checked) throw verdict_reached{as_told(checked.error().operator_detail)};
  });
  return judge("in processor time, reading, hashing and checking it", found, 100 * sanitizer_factor(),
               "make it smaller: strip it, link fewer libraries into it");
}

outcome constructors(workbench& bench) {
  // Rationale: no sanitizer factor. The budget is the operator's, and code that waits waits as long under one.
  std::size_t next = 0;
  const auto found = fastest_us(CLOCK_MONOTONIC, 2, [&] { const generation loaded(bench, bench.copies[next++]); });
  return judge("its static constructors", found, bench.constructor_budget_ms,
               "do that work in init() or create(): the dynamic loader's lock is held meanwhile");
}

}  // namespace

std::vector<check_case> speed_cases() {
  return {
      {"speed",
       "scan",
       "the gate is done with it within 100 ms of processor time (ten times that under a sanitizer)",
       {},
       scan},
      {"speed", "constructors", "loading it takes no longer than a host allows", {"abi.load"}, constructors},
  };
}

}  // namespace tenon::plugin_check
