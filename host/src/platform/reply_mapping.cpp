#include "platform/reply_mapping.hpp"

#include "base/release.hpp"
#include "platform/known_members.hpp"
#include "platform/plain_text.hpp"
#include "platform/secret_reader.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>

namespace tenon {
namespace {

constexpr std::size_t max_message = 1024;
constexpr std::size_t max_field = 256;
constexpr std::size_t max_details = 16 * 1024;
constexpr std::size_t max_operator_detail = 4096;
constexpr std::size_t max_code = 64;

/// What it means when a plugin gives a status and nothing else.
struct meaning {
  tenon_status status;
  std::string_view name;
  std::string_view call_code;
  std::string_view create_code;
};

constexpr meaning meanings[] = {
    {TENON_OK, "TENON_OK", "INTERNAL_ERROR", "INTERNAL_ERROR"},
    {TENON_E_FAILED, "TENON_E_FAILED", "INTERNAL_ERROR", "CONFIGURATION_ERROR"},
    {TENON_E_CANCELLED, "TENON_E_CANCELLED", "SERVICE_UNAVAILABLE", "SERVICE_UNAVAILABLE"},
    {TENON_E_TIMEOUT, "TENON_E_TIMEOUT", "SERVICE_UNAVAILABLE", "SERVICE_UNAVAILABLE"},
    {TENON_E_IO, "TENON_E_IO", "SERVICE_UNAVAILABLE", "SERVICE_UNAVAILABLE"},
    {TENON_E_INVALID, "TENON_E_INVALID", "INVALID_REQUEST", "CONFIGURATION_ERROR"},
    {TENON_E_UNSUPPORTED, "TENON_E_UNSUPPORTED", "UNSUPPORTED_FEATURE", "CONFIGURATION_ERROR"},
    {TENON_E_CLOSING, "TENON_E_CLOSING", "SERVICE_UNAVAILABLE", "SERVICE_UNAVAILABLE"},
    {TENON_E_LIMIT, "TENON_E_LIMIT", "SERVICE_UNAVAILABLE", "SERVICE_UNAVAILABLE"},
    {TENON_E_DENIED, "TENON_E_DENIED", "PERMISSION_DENIED", "CONFIGURATION_ERROR"},
    {TENON_E_CONFLICT, "TENON_E_CONFLICT", "CONFLICT", "SERVICE_UNAVAILABLE"},
};

const meaning& meaning_of(tenon_status status) noexcept {
  for (const auto& known : meanings) {
    if (known.status == status) return known;
  }
  return meanings[TENON_E_FAILED];
}

std::string default_message(std::string_view code) {
  if (code == "SERVICE_UNAVAILABLE") return "The service is not available at the moment.";
  if (code == "INVALID_REQUEST") return "The request is not valid.";
  if (code == "UNSUPPORTED_FEATURE") return "This account does not support the request.";
  if (code == "PERMISSION_DENIED") return "The request is not permitted.";
  if (code == "CONFLICT") return "Something else has changed meanwhile what the request is about.";
  if (code == "CONFIGURATION_ERROR") return account_misconfigured({}).message;
  if (code == "INTERNAL_ERROR") return "The request could not be handled.";
  return "The request failed.";
}

bool is_code(std::string_view text) noexcept {
  if (text.empty() || text.size() > max_code || text[0] < 'A' || text[0] > 'Z') return false;
  return std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool looks_like_object(std::string_view body) noexcept {
  constexpr std::string_view space = " \t\r\n";
  const auto first = body.find_first_not_of(space);
  const auto last = body.find_last_not_of(space);
  return first != std::string_view::npos && first != last && body[first] == '{' && body[last] == '}';
}

bool is_object(std::string_view text) {
  boost::json::error_code failed;
  const auto parsed = boost::json::parse(text, failed);
  return !failed && parsed.is_object();
}

error map_error(const tenon_reply& answer, std::string_view derived_code, const secret_reader* secrets) {
  const auto shown = [&](tenon_str text) {
    return secrets ? secrets->without_secrets(view_of(text)) : std::string(view_of(text));
  };
  const auto given = view_of(answer.code);
  const auto code = is_code(given) ? given : derived_code;
  error mapped = make_error(code, scrubbed(shown(answer.message), max_message),
                            scrubbed(shown(answer.operator_detail), max_operator_detail));
  if (mapped.message.empty()) mapped.message = default_message(code);
  if (answer.recovery == TENON_RECOVERY_TERMINAL) mapped.recover = recovery::terminal;
  if (answer.recovery == TENON_RECOVERY_CORRECTABLE) mapped.recover = recovery::correctable;
  if (answer.recovery == TENON_RECOVERY_TRANSIENT) mapped.recover = recovery::transient;
  mapped.by_plugin = true;
  mapped.field = scrubbed(shown(answer.field), max_field);
  mapped.suggestion = scrubbed(shown(answer.suggestion), max_message);
  if (answer.retry_after_s != 0) mapped.retry_after_s = std::min<std::uint32_t>(answer.retry_after_s, 3600);
  auto details = shown(answer.details);
  if (!details.empty() && details.size() <= max_details && is_object(details)) mapped.details = std::move(details);
  if (mapped.operator_detail.empty()) mapped.operator_detail = "the plugin answered " + describe(answer.status);
  return mapped;
}

error not_an_object(std::string_view found) {
  auto made = make_error("INTERNAL_ERROR", default_message("INTERNAL_ERROR"),
                         "the plugin completed a call with " + std::to_string(found.size()) +
                             " bytes that are not a JSON object in UTF-8; fix the plugin");
  made.by_plugin = true;
  return made;
}

error refused(tenon_status status, std::string_view code, std::string_view function) {
  auto made = make_error(code, default_message(code),
                         "the plugin's " + std::string(function) + "() returned " + describe(status));
  made.by_plugin = true;
  return made;
}

}  // namespace

result<reply> map_reply(const tenon_reply& answer, const secret_reader* secrets) {
  const auto known = known_members(answer);
  if (known.status != TENON_OK) return map_error(known, meaning_of(known.status).call_code, secrets);
  const auto body = view_of(known.body);
  if (!looks_like_object(body) || !is_utf8(body)) return not_an_object(body);
  return reply{std::string(body)};
}

result<reply> map_ready(const tenon_reply& answer, const secret_reader* secrets) {
  const auto known = known_members(answer);
  if (known.status != TENON_OK) return map_error(known, meaning_of(known.status).create_code, secrets);
  return reply{};
}

error map_refusal(tenon_status status) { return refused(status, meaning_of(status).call_code, "call"); }

error map_create_refusal(tenon_status status) { return refused(status, meaning_of(status).create_code, "create"); }

std::string describe(tenon_status status) {
  const auto& found = meaning_of(status);
  const auto number = " (" + std::to_string(status) + ")";
  return (found.status == status ? std::string(found.name) : std::string("an unknown status")) + number;
}

error answer_timed_out() {
  return make_error("SERVICE_UNAVAILABLE", "The ad server did not answer in time.",
                    "expected the plugin to complete the call before its deadline, it did not");
}

error answer_stopped() {
  return make_error("SERVICE_UNAVAILABLE", "The request was cancelled.", "the caller asked for the end of the call");
}

error answer_closing() {
  return make_error("SERVICE_UNAVAILABLE", "The service is not available at the moment.",
                    "the platform was retired before the call was answered");
}

error answer_no_instance() {
  return make_error("INTERNAL_ERROR", default_message("INTERNAL_ERROR"),
                    "the plugin's create() succeeded and gave no instance: expected *out to be set; fix the plugin");
}

}  // namespace tenon
