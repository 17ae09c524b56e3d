#pragma once

#include "cache/cache_entry.hpp"
#include "cache/random_source.hpp"

#include <tenon/clock.hpp>

#include <chrono>

namespace tenon {

/// How long values are served, and when they are refreshed.
struct freshness_options {
  std::chrono::nanoseconds time_to_live = std::chrono::hours(1);  ///< zero: for ever
  double jitter = 0;                                              ///< takes up to this part of the time to live off
  bool from_build_start = false;                ///< a value is as old as what its build read; else as its write
  double refresh_beta = 0;                      ///< of refresh_at(); 0: values are not refreshed ahead of their end
  std::chrono::nanoseconds refresh_min_lead{};  ///< no later than this before the end
  std::chrono::nanoseconds stale_if_error{};    ///< after its end a value may serve this long, while builds fail
};

/// The life of a value whose build took from `begun` to `now`. Jitter only shortens, so the time to live is a bound;
/// the ends of values that were built together spread.
///
/// With refresh_beta, a value is to be refreshed before its end by beta * (build time) * Exp(1), drawn once: the
/// distribution by which requests of a busy key would decide on their own (A. Vattani, F. Chierichetti and K.
/// Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015).
lifetime life_of(const freshness_options& options, steady_time begun, steady_time now, random_source& random);

/// How long to wait after the `failures`-th failure in a row, from 1: 1 s, doubled each time, at most 60 s, 20 % more
/// or less.
std::chrono::nanoseconds back_off(unsigned failures, random_source& random);

}  // namespace tenon
