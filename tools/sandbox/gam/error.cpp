#include "sandbox/gam/error.hpp"

namespace tenon::sandbox::gam {
namespace {

json::object error_info(std::string_view reason, json::object metadata = {}) {
  return {{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
          {"reason", reason},
          {"domain", "admanager.googleapis.com"},
          {"metadata", std::move(metadata)}};
}

json::object bad_request(const violations& found) {
  json::array fields;
  for (const auto& each : found)
    fields.push_back(json::object{{"field", each.field}, {"description", each.description}});
  return {{"@type", "type.googleapis.com/google.rpc.BadRequest"}, {"fieldViolations", std::move(fields)}};
}

std::string rule_text(std::string_view type, std::string_view reason, std::string_view text) {
  return std::string(type) + "." + std::string(reason) + ": " + std::string(text);
}

}  // namespace

refused failure(unsigned code, std::string_view status, std::string_view message, json::array details) {
  json::object error{{"code", code}, {"message", message}, {"status", status}};
  if (!details.empty()) error["details"] = std::move(details);
  return refused(json_answer(code, json::object{{"error", std::move(error)}}));
}

refused invalid(violations found) {
  return failure(400, "INVALID_ARGUMENT", "The request is not valid: see the field violations.",
                 json::array{bad_request(found)});
}

refused invalid(std::string field, std::string description) {
  return invalid(violations{{.field = std::move(field), .description = std::move(description)}});
}

refused broken_rule(std::string_view type, std::string_view reason, std::string_view text, std::string field) {
  json::array details{error_info(reason, json::object{{"type", type}})};
  if (!field.empty()) details.push_back(bad_request({{.field = std::move(field), .description = std::string(text)}}));
  return failure(400, "INVALID_ARGUMENT", rule_text(type, reason, text), std::move(details));
}

refused wrong_state(std::string_view type, std::string_view reason, std::string_view text) {
  return failure(400, "FAILED_PRECONDITION", rule_text(type, reason, text),
                 json::array{error_info(reason, json::object{{"type", type}})});
}

refused not_found(std::string_view resource) {
  return failure(404, "NOT_FOUND", "Resource not found: " + std::string(resource),
                 json::array{error_info("NOT_FOUND", json::object{{"resource", resource}})});
}

refused permission_denied(std::string_view reason, std::string_view message) {
  return failure(403, "PERMISSION_DENIED", message, json::array{error_info(reason)});
}

refused unauthenticated(std::string_view reason) {
  const auto base = failure(401, "UNAUTHENTICATED",
                            "Request had invalid authentication credentials: expected a live OAuth 2 access token.",
                            json::array{error_info(reason)});
  auto answer = base.answer();
  answer.headers.emplace_back("www-authenticate",
                              "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"");
  return refused(std::move(answer));
}

}  // namespace tenon::sandbox::gam
