#include "webhooks/webhook_payload.hpp"

#include "base/operator_text.hpp"
#include "platform/signature.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <chrono>

namespace tenon::tenond {
namespace {

namespace json = boost::json;

struct task_type {
  std::string_view name;
  std::string_view protocol;  ///< of enums/adcp-protocol.json, which has fewer than the manifest
};

constexpr std::array task_types = {
    task_type{"acquire_rights", "brand"},
    task_type{"activate_signal", "signals"},
    task_type{"create_media_buy", "media-buy"},
    task_type{"create_property_list", "governance"},
    task_type{"delete_property_list", "governance"},
    task_type{"get_account_financials", "media-buy"},
    task_type{"get_brand_identity", "brand"},
    task_type{"get_creative_delivery", "creative"},
    task_type{"get_property_list", "governance"},
    task_type{"get_rights", "brand"},
    task_type{"get_signals", "signals"},
    task_type{"list_property_lists", "governance"},
    task_type{"log_event", "media-buy"},
    task_type{"sync_accounts", "media-buy"},
    task_type{"sync_audiences", "media-buy"},
    task_type{"sync_catalogs", "media-buy"},
    task_type{"sync_creatives", "creative"},
    task_type{"sync_event_sources", "media-buy"},
    task_type{"update_media_buy", "media-buy"},
    task_type{"update_property_list", "governance"},
};

const task_type* find_type(std::string_view name) noexcept {
  const auto* const found = std::ranges::find(task_types, name, &task_type::name);
  return found == task_types.end() ? nullptr : found;
}

bool is_object(std::string_view text) {
  boost::system::error_code failed;
  const auto parsed = json::parse(json::string_view(text.data(), text.size()), failed);
  return !failed && parsed.is_object();
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string made;
  made.reserve(2 * bytes.size());
  for (const unsigned char each : bytes) {
    made += digits[each >> 4];
    made += digits[each & 15u];
  }
  return made;
}

/// So that no two lists of parts have one text.
void append_part(std::string& to, std::string_view part) {
  to += std::to_string(part.size());
  to += ':';
  to += part;
}

}  // namespace

bool has_webhooks(std::string_view task) noexcept { return find_type(task) != nullptr; }

std::string failure_result(std::string_view error_json) { return "{\"errors\":[" + std::string(error_json) + "]}"; }

std::optional<std::string> webhook_key(std::string_view secret, const webhook_subject& subject) {
  const bool named = !subject.name.empty();
  std::string text;
  append_part(text, subject.tenant);
  append_part(text, subject.principal);
  append_part(text, subject.task_type);
  append_part(text, named ? "name" : "task");
  append_part(text, named ? subject.name : subject.task_id);
  const auto mac = sign_hs256(secret, text);
  if (!mac) return std::nullopt;
  return "whk_" + hex(*mac).substr(0, 40);
}

std::string webhook_body(const webhook_target& target, const webhook_subject& subject, const webhook_outcome& outcome,
                         std::string_view idempotency_key, wall_time when, std::size_t largest) {
  json::object head;
  const auto say = [&head](std::string_view name, std::string_view value) {
    if (!value.empty()) head.emplace(name, json::string_view(value.data(), value.size()));
  };
  say("idempotency_key", idempotency_key);
  say("operation_id", target.operation_id);
  say("task_id", subject.task_id);
  say("task_type", subject.task_type);
  if (const auto* const type = find_type(subject.task_type)) say("protocol", type->protocol);
  say("status", outcome.status);
  say("timestamp", utc_text(when));
  say("message", outcome.message);
  say("token", target.token);
  auto body = json::serialize(head);
  // Spliced as it is: what a parser makes of its numbers need not be what it says.
  constexpr std::string_view member = ",\"result\":";
  if (!outcome.result.empty() && body.size() + member.size() + outcome.result.size() <= largest &&
      is_object(outcome.result)) {
    body.pop_back();
    body.append(member).append(outcome.result).append("}");
  }
  return body;
}

std::vector<std::pair<std::string, std::string>> webhook_headers(webhook_scheme scheme, std::string_view credentials,
                                                                 std::string_view body, wall_time now) {
  std::vector<std::pair<std::string, std::string>> made{{"Content-Type", "application/json"}};
  if (scheme == webhook_scheme::bearer) made.emplace_back("Authorization", "Bearer " + std::string(credentials));
  if (scheme == webhook_scheme::hmac_sha256) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    const auto stamp = std::to_string(seconds);
    const auto signature = sign_hs256(credentials, stamp + '.' + std::string(body));
    made.emplace_back("X-ADCP-Timestamp", stamp);
    made.emplace_back("X-ADCP-Signature", "sha256=" + hex(signature.value_or("")));
  }
  return made;
}

}  // namespace tenon::tenond
