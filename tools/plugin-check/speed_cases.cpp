// What a host waits for: the look at the bytes, and the constructors that run under the dynamic loader's lock.
#include "bytes.hpp"
#include "session.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

namespace tenon::plugin_check {
namespace {

using clock_type = std::chrono::steady_clock;

/// The fastest of some runs: the others were slowed down by somebody else.
template <class Work>
std::uint64_t fastest_us(int runs, Work work) {
  auto best = std::numeric_limits<std::uint64_t>::max();
  for (int i = 0; i < runs; ++i) {
    const auto started = clock_type::now();
    work();
    const auto took = (clock_type::now() - started) / std::chrono::microseconds(1);
    best = std::min(best, static_cast<std::uint64_t>(took));
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
  const auto found = fastest_us(5, [&] {
    const auto checked = check_candidate(read_candidate(bench.copies.front()), bench.policy);
    if (!checked) throw verdict_reached{as_told(checked.error().operator_detail)};
  });
  return judge("reading, hashing and checking it", found, 100 * sanitizer_factor(),
               "make it smaller: strip it, link fewer libraries into it");
}

outcome constructors(workbench& bench) {
  // Rationale: no sanitizer factor. The budget is the operator's, and code that waits waits as long under one.
  std::size_t next = 0;
  const auto found = fastest_us(2, [&] { const generation loaded(bench, bench.copies[next++]); });
  return judge("its static constructors", found, bench.constructor_budget_ms,
               "do that work in init() or create(): the dynamic loader's lock is held meanwhile");
}

}  // namespace

std::vector<check_case> speed_cases() {
  return {
      {"speed", "scan", "the gate is done with it within 100 ms (ten times that under a sanitizer)", {}, scan},
      {"speed", "constructors", "loading it takes no longer than a host allows", {"abi.load"}, constructors},
  };
}

}  // namespace tenon::plugin_check
