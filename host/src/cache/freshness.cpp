#include "cache/freshness.hpp"

#include <algorithm>
#include <cmath>

namespace tenon {
namespace {

using std::chrono::nanoseconds;
using seconds = std::chrono::duration<double>;

/// The instant so long after another, or the last there is.
steady_time later(steady_time from, nanoseconds by) {
  return by > steady_time::max() - from ? steady_time::max() : from + by;
}

nanoseconds part_of(nanoseconds whole, double part) {
  // The largest double below 2^63: what is longer than the clock's range is its range.
  constexpr double longest = 9223372036854774784.0;
  return nanoseconds(
      static_cast<nanoseconds::rep>(std::clamp(static_cast<double>(whole.count()) * part, 0.0, longest)));
}

}  // namespace

lifetime life_of(const freshness_options& options, steady_time begun, steady_time now, random_source& random) {
  if (options.time_to_live == nanoseconds::zero()) return {};
  auto lives = options.time_to_live;
  if (options.jitter > 0) lives -= part_of(lives, options.jitter * random.uniform());
  lifetime life;
  life.expires_at = later(options.from_build_start ? begun : now, lives);
  life.gone_at = later(life.expires_at, options.stale_if_error);
  life.refresh_at = life.expires_at;
  if (options.refresh_beta > 0) {
    const double exponential = -std::log1p(-random.uniform());
    const auto lead = std::max(options.refresh_min_lead, part_of(now - begun, options.refresh_beta * exponential));
    life.refresh_at = std::max(now, lead < life.expires_at - now ? life.expires_at - lead : now);
  }
  return life;
}

nanoseconds back_off(unsigned failures, random_source& random) {
  constexpr unsigned doublings = 6;  // 64 s is beyond the limit
  const auto whole = seconds(std::min(60.0, std::ldexp(1.0, static_cast<int>(std::min(failures, doublings + 1)) - 1)));
  return std::chrono::duration_cast<nanoseconds>(whole * (0.8 + 0.4 * random.uniform()));
}

}  // namespace tenon
