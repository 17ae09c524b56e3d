#include "envelope.hpp"

#include "base/operator_text.hpp"
#include "base/release.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace tenon::tenond {
namespace json = boost::json;
namespace {

constexpr std::int64_t served_major = 3;

bool usable_key(std::string_view key) {
  return key.size() >= 16 && key.size() <= 255 && std::ranges::all_of(key, [](unsigned char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
                  c == ':' || c == '-';
         });
}

std::string text_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

error wrong_account(std::string message) {
  auto made = make_error("INVALID_REQUEST", std::move(message));
  made.field = "account";
  made.suggestion = "Send {\"account_id\": ...} or {\"brand\": {\"domain\": ...}, \"operator\": ...}.";
  return made;
}

json::object error_body(const error& value, const json::storage_ptr& memory) {
  return json::object({{"adcp_error", error_object(value)}}, memory);
}

json::object body_of(const result<reply>& outcome, const json::storage_ptr& memory) {
  if (!outcome) return error_body(outcome.error(), memory);
  json::error_code malformed;
  auto parsed = json::parse(outcome->body, malformed, memory);
  if (!malformed && parsed.is_object()) return std::move(parsed.get_object());
  return error_body(make_error("INTERNAL_ERROR", "The answer could not be read."), memory);
}

bool has_failed(const json::object& body) {
  const auto* succeeded = body.if_contains("success");  // of comply_test_controller
  return body.contains("adcp_error") || (succeeded != nullptr && *succeeded == false);
}

json::object error_member(int code, std::string_view message) { return {{"code", code}, {"message", message}}; }

/// A JSON text as a JSON string. Whatever else would have to be escaped is escaped in the text already.
void append_quoted(std::string& into, std::string_view json_text) {
  into += '"';
  for (auto at = json_text.begin(); at != json_text.end();) {
    const auto end = std::find_if(at, json_text.end(), [](char c) { return c == '"' || c == '\\'; });
    into.append(at, end);
    if (end == json_text.end()) break;
    (into += '\\') += *end;
    at = end + 1;
  }
  into += '"';
}

std::string rpc_message(const json::value& id, std::string_view member, const json::object& content) {
  std::string made = R"({"jsonrpc":"2.0","id":)" + json::serialize(id);
  return made.append(",\"").append(member).append("\":").append(json::serialize(content)).append("}");
}

}  // namespace

std::string rpc_result(const json::value& id, const json::object& result) { return rpc_message(id, "result", result); }

std::string rpc_error(const json::value& id, int code, std::string_view message) {
  return rpc_message(id, "error", error_member(code, message));
}

std::string rpc_error(const json::value& id, int code, const error& value) {
  auto content = error_member(code, value.message);
  content["data"] = {{"adcp_error", error_object(value)}};
  return rpc_message(id, "error", content);
}

json::object error_object(const error& value) {
  // Nothing more, or it would tell what the first request was (AdCP 3.0, idempotency).
  if (value.code == "IDEMPOTENCY_CONFLICT") return {{"code", value.code}, {"message", value.message}};
  json::object object{{"code", value.code}, {"message", value.message}, {"recovery", to_string(value.recover)}};
  if (!value.field.empty()) object["field"] = value.field;
  if (!value.suggestion.empty()) object["suggestion"] = value.suggestion;
  if (value.retry_after_s != 0) object["retry_after"] = value.retry_after_s;
  if (!value.details.empty()) {
    json::error_code malformed;
    auto details = json::parse(value.details, malformed);
    if (!malformed && details.is_object()) object["details"] = std::move(details);
  }
  return object;
}

json::object task_body(const result<reply>& outcome, const json::value* context, const json::storage_ptr& memory) {
  auto body = body_of(outcome, memory);
  if (!has_failed(body) && !body.contains("status")) body["status"] = "completed";
  if (context != nullptr) body["context"] = *context;
  return body;
}

/// Put together from texts, so that the body, which may be large, is written once.
std::string tool_result(const json::value& id, const json::object& body) {
  const auto text = json::serialize(body);
  std::string made;
  made.reserve(2 * text.size() + text.size() / 4 + 256);
  made.append(R"({"jsonrpc":"2.0","id":)").append(json::serialize(id));
  made.append(R"(,"result":{"content":[{"type":"text","text":)");
  append_quoted(made, text);
  made.append(R"(}],"structuredContent":)").append(text);
  return made.append(has_failed(body) ? R"(,"isError":true}})" : "}}");
}

json::object task_object(const submitted_task& task) {
  json::object made{{"task_id", task.id},
                    {"task_type", task.task},
                    {"protocol", "media-buy"},
                    {"status", to_string(task.now)},
                    {"created_at", utc_text(task.created)},
                    {"updated_at", utc_text(task.updated)},
                    {"has_webhook", false}};
  if (task.now == submitted_task::state::submitted) {
    if (!task.message.empty()) made["message"] = task.message;
    return made;
  }
  made["completed_at"] = utc_text(task.updated);
  json::error_code malformed;
  auto outcome = json::parse(task.outcome, malformed);
  if (malformed) outcome = error_object(make_error("INTERNAL_ERROR", "The answer could not be read."));
  made[task.now == submitted_task::state::completed && !malformed ? "result" : "error"] = std::move(outcome);
  return made;
}

result<account_reference> account_of(const json::object& arguments) {
  const auto* account = arguments.if_contains("account");
  if (account == nullptr) return account_reference{};
  if (!account->is_object()) return wrong_account("Expected an account object.");
  const auto& object = account->get_object();
  account_reference reference;
  reference.account_id = text_at(object, "account_id");
  reference.operator_name = text_at(object, "operator");
  if (const auto* brand = object.if_contains("brand"); brand != nullptr) {
    if (brand->is_object() && brand->get_object().contains("brand_id"))
      return wrong_account("Brands are told apart by their domain here: expected no brand_id.");
    reference.brand = brand->is_object() ? text_at(brand->get_object(), "domain") : text_at(object, "brand");
  }
  if (const auto* sandbox = object.if_contains("sandbox"); sandbox != nullptr) {
    if (!sandbox->is_bool()) return wrong_account("Expected account.sandbox to be true or false.");
    reference.sandbox = sandbox->get_bool();
  }
  if (reference.account_id.empty() == (reference.brand.empty() || reference.operator_name.empty())) {
    return wrong_account("Expected an account by id, or by brand and operator.");
  }
  return reference;
}

result<void> check_arguments(std::string_view task, const json::object& arguments) {
  if (const auto* major = arguments.if_contains("adcp_major_version");
      major != nullptr && (!major->is_int64() || major->get_int64() != served_major)) {
    auto made = make_error("VERSION_UNSUPPORTED", "This server speaks AdCP 3.");
    made.field = "adcp_major_version";
    made.details = R"({"supported_versions":["3.0"],"supported_major_versions":[3]})";
    return made;
  }
  const auto* known = release::find_task(task);
  const bool needs_key =
      known != nullptr && known->mutating && task != "comply_test_controller";  // its request has none
  if (needs_key && !usable_key(text_at(arguments, "idempotency_key"))) {
    auto made = make_error("INVALID_REQUEST", "A task that changes something needs an idempotency_key.");
    made.field = "idempotency_key";
    made.suggestion = "Send 16 to 255 characters of A-Z a-z 0-9 _ . : -, unique for this change.";
    return made;
  }
  return {};
}

}  // namespace tenon::tenond
