#pragma once

#include "dates.hpp"

#include <tenon/sdk/context.hpp>
#include <tenon/sdk/task.hpp>

namespace tenon::sales {

/// Reads a Retry-After header: seconds, or an HTTP date. Negative, past and malformed are nullopt.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view text, instant now);

/// How long to wait before the attempt after `attempt` (0 = the first): full jitter under an exponential bound of 0.25
/// s to 5 s. `chance` is uniform in [0, 1).
std::chrono::milliseconds backoff(int attempt, double chance);

/// Whether an exchange may be repeated: what was never sent and what was refused with 429 always, what failed (5xx, no
/// answer, a success that is no JSON object) only if it reads. A write of unknown outcome is for the caller to look up.
bool may_repeat(sdk::http_response const& response, bool reads);

/// True if an exchange that wrote may have taken effect although no success was answered.
bool may_have_taken_effect(sdk::http_response const& response);

using deadline = std::optional<std::chrono::steady_clock::time_point>;

/// Until when a handshake may go on waiting between attempts: 2 seconds from now. Everybody who waits for a platform
/// waits for its handshake; after that they rather learn when to come back.
deadline handshake_deadline(sdk::platform_context const& context);

/// What a deadline ends.
enum class bounded {
  exchanges,  ///< an exchange that is under way, too
  waiting     ///< only the waiting between them: a slow server may answer later
};

/// HTTP with the retry policy above. A cheap value.
class patient_http {
 public:
  /// `limit`: the account's quota, which every attempt waits for; none: the server counts nothing of ours.
  explicit patient_http(sdk::platform_context context, std::optional<sdk::quota> limit = std::nullopt,
                        bounded by_deadline = bounded::exchanges)
      : context_(std::move(context)), limit_(std::move(limit)), by_deadline_(by_deadline) {}

  /// Sends until an answer stands, four attempts are spent or the deadline would pass while waiting. Honours
  /// Retry-After up to 16 seconds, and has everybody who uses the account honour it. Throws RATE_LIMITED when the
  /// deadline comes before the account's next turn: nothing was sent then.
  sdk::task<sdk::http_response> send(sdk::http_request request, deadline until) const;

 private:
  std::chrono::milliseconds pause_after(sdk::http_response const& response, int attempt) const;
  std::chrono::nanoseconds time_left(deadline until) const;

  sdk::platform_context context_;
  std::optional<sdk::quota> limit_;
  bounded by_deadline_;
};

}  // namespace tenon::sales
