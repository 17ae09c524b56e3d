#pragma once

#include <tenon/clock.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace tenon::tenond {

/// What is kept of one call, or of one attempt to sign in. Never more of a request or an answer than the ids here, and
/// nothing of a token. What is empty is left out.
struct audit_entry {
  std::string_view event = "call";  ///< or "authentication"; a constant
  std::string request_id = {};      ///< as the log and plugins have it for tracing
  std::string tenant = {};
  std::string principal = {};
  std::string task = {};
  std::string account_id = {};
  std::string outcome =
      {};  ///< "completed", "submitted", "replayed", an AdCP error code, or what the edge refused it for
  std::string idempotency_key = {};
  std::string media_buy_id = {};
  std::string task_id = {};
  std::string remote = {};                ///< address of the other end
  std::chrono::microseconds latency{-1};  ///< until there was an answer; below 0: none
};

/// Entries of one outcome and principal that were counted and not written.
struct audit_summary {
  std::string outcome;
  std::string principal;
  std::uint64_t count = 0;
  wall_time since;  ///< of the first of them
};

/// One JSON object with the line break behind it, in ASCII and UTF-8 whatever the values hold: control characters are
/// escaped, bytes that are no UTF-8 become U+FFFD, and a value that is too long ends in "…".
std::string audit_line(const audit_entry& entry, wall_time now);
std::string audit_line(const audit_summary& summary, wall_time now);

}  // namespace tenon::tenond
