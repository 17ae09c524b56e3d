#pragma once

#include "sandbox/call.hpp"

#include <cstdint>

/// What flights would have come to by now: deterministic functions of the stored fields and of the time.
///
/// A flight delivers evenly from its start to its end while it and its campaign are active and it has an active ad, and
/// stands still while paused. One click comes with 400 impressions.
namespace tenon::sandbox::kevel {

struct delivery {
  std::int64_t impressions = 0;
  std::int64_t clicks = 0;
  double revenue = 0;
};

/// From the flight's start to `at`.
delivery delivered(const kevel_network& network, const record& flight, sys_seconds at);
delivery delivered_between(const kevel_network& network, const record& flight, sys_seconds from, sys_seconds to);

/// 0 pending, 1 healthy, 4 finished, 5 undelivered.
int delivery_status(const kevel_network& network, const record& flight, sys_seconds now);

}  // namespace tenon::sandbox::kevel
