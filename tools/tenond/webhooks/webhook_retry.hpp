#pragma once

#include "platform/http_client.hpp"

#include <tenon/clock.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace tenon::tenond {

/// How long, how often and with what pauses a webhook is tried.
struct retry_rules {
  std::chrono::milliseconds base{1'000};      ///< the longest pause after the first try; twice that after each
  std::chrono::milliseconds cap{900'000};     ///< the longest pause
  std::chrono::seconds longest_asked{3'600};  ///< of what a receiver asks for by Retry-After
  std::uint32_t most_tries = 100;
  std::chrono::seconds give_up_after{86'400};  ///< since the event
};

/// What a try means for the next.
struct webhook_verdict {
  enum class next : std::uint8_t { delivered, again, give_up };
  next what = next::delivered;
  std::chrono::nanoseconds pause{0};  ///< before the try `again`
  std::string trouble = {};           ///< for the operator; repeats no text of the receiver
};

/// 2xx is delivered. 5xx, 408, 425, 429, no connection and no answer are tried again, after a pause between nothing and
/// a longest one that doubles with every try (full jitter: receivers that come back are not met by all at once), but
/// not before a Retry-After that is no longer than the rules permit. Everything else is final: redirects, which nobody
/// follows, other statuses, and a host of which no address may be reached.
///
/// `tries` has been made, this one included; `age` is the event's; `random` is in [0, 1).
///
/// Threads     Any. Pure.
/// Source      RFC 9110, 10.2.3 (Retry-After).
webhook_verdict judge(const http_result& outcome, std::uint32_t tries, std::chrono::nanoseconds age, wall_time now,
                      double random, const retry_rules& rules);

}  // namespace tenon::tenond
