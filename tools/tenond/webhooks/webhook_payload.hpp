#pragma once

#include "webhooks/webhook_target.hpp"

#include <tenon/clock.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What is sent: pure functions.
namespace tenon::tenond {

/// What a webhook is about. A value.
struct webhook_subject {
  std::string tenant;
  std::string principal;
  std::string task_type;     ///< AdCP tool name, one that has_webhooks()
  std::string task_id = {};  ///< of a submitted task; empty: there is none, and one is made up, as the payload needs it

  /// What tells this event from others of its principal: the idempotency key of the request, say. An event of the same
  /// name gets the same idempotency key and task id, also after a crash, so that a receiver that was told twice knows.
  /// Empty: the task id, and with neither it is an event of its own.
  std::string name = {};
};

/// How it ended.
struct webhook_outcome {
  std::string status;        ///< "completed" or "failed"
  std::string message = {};  ///< for people; empty: none
  std::string result = {};   ///< JSON object: the task's response, or failure_result(); empty: none
};

/// Whether the release lets webhooks tell of this task (enums/task-type.json); receivers refuse others.
bool has_webhooks(std::string_view task) noexcept;

/// The `result` of a failed task, of the error as AdCP has it (JSON).
std::string failure_result(std::string_view error_json);

/// The idempotency key of an event: an HMAC of whose it is, of which task and what it is called, so that only who has
/// the secret can make or guess it. Nothing: OpenSSL refused, or the secret is empty.
std::optional<std::string> webhook_key(std::string_view secret, const webhook_subject& subject);

/// The body, as it is sent on every try. The timestamp in it is that of the event. A result that is no JSON object, or
/// would make the body larger than `largest`, is left away: the receiver can ask for it, and had better hear of the
/// end than not.
///
/// Source      AdCP 3.0.6, core/mcp-webhook-payload.json; `token` is where the official SDK puts it.
std::string webhook_body(const webhook_target& target, const webhook_subject& subject, const webhook_outcome& outcome,
                         std::string_view idempotency_key, wall_time when, std::size_t largest);

/// The headers of one try. The HMAC is made of the seconds of this try and the body, "1700000000.{...}": receivers
/// refuse what is older than five minutes.
std::vector<std::pair<std::string, std::string>> webhook_headers(webhook_scheme scheme, std::string_view credentials,
                                                                 std::string_view body, wall_time now);

}  // namespace tenon::tenond
