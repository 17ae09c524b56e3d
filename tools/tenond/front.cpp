#include "front.hpp"

#include "envelope.hpp"
#include "media_type.hpp"
#include "protocol_versions.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

namespace tenon::tenond {
namespace json = boost::json;
namespace {

http::response text(unsigned status, std::string body) {
  return {.status = status, .headers = {{"content-type", "text/plain; charset=utf-8"}}, .body = std::move(body)};
}

constexpr std::size_t deepest_message = 64;  // as much as the SDK reads in a plugin; what AdCP defines has a dozen

http::response document(unsigned status, const json::object& body) {
  return {.status = status, .headers = {{"content-type", "application/json"}}, .body = json::serialize(body)};
}

http::response event(const json::object& body) {
  return {.status = 200,
          .headers = {{"content-type", "text/event-stream"}, {"cache-control", "no-store"}},
          .body = "event: message\ndata: " + json::serialize(body) + "\n\n"};
}

http::response wrong_method(std::string allowed) {
  auto made = text(405, "expected " + allowed + "\n");
  made.headers.emplace_back("allow", std::move(allowed));
  return made;
}

http::response wrong_version() {
  std::string spoken;
  for (const auto version : protocol_versions) spoken += (spoken.empty() ? "" : ", ") + std::string(version);
  return document(400, rpc_error(nullptr, invalid_request,
                                 "expected MCP-Protocol-Version to be one of " + spoken +
                                     ", as initialize agreed; leave it out to be answered as ever"));
}

/// What a path names, if it is one of the MCP endpoints.
std::optional<std::string> tenant_of_path(std::string_view path) {
  if (path == "/mcp") return std::string();
  constexpr std::string_view before = "/t/";
  constexpr std::string_view after = "/mcp";
  if (!path.starts_with(before) || !path.ends_with(after) || path.size() <= before.size() + after.size()) {
    return std::nullopt;
  }
  path.remove_prefix(before.size());
  path.remove_suffix(after.size());
  if (path.find('/') != std::string_view::npos) return std::nullopt;
  return std::string(path);
}

std::string_view token_of(const http::request& request) {
  const auto bearer = bearer_token(request.header("authorization"));
  return bearer.empty() ? request.header("x-adcp-auth") : bearer;
}

http::response unauthorized(bool sent_one) {
  std::string challenge = "Bearer realm=\"tenond\"";
  if (sent_one) challenge += ", error=\"invalid_token\"";
  auto made = text(401, "expected a bearer token that this server knows\n");
  made.headers.emplace_back("www-authenticate", std::move(challenge));
  return made;
}

}  // namespace

std::optional<http::response> front::answer_head(const http::request& head) const {
  if (head.path == "/healthz" || head.path == "/readyz") {
    if (head.method != "GET" && head.method != "HEAD") return wrong_method("GET, HEAD");
    const bool refuse = (draining_ || !host_.ready()) && head.path == "/readyz";
    return refuse ? text(503, "draining\n") : text(200, "ok\n");
  }
  auto refused = guard_.refuse(head, [this](std::string_view name) { return host_.tenant_for_host(name).has_value(); });
  if (refused) return refused;
  if (!tenant_of_path(head.path)) return text(404, "expected /mcp or /t/{tenant}/mcp\n");
  return refuse_caller(head);
}

std::optional<http::response> front::refuse_caller(const http::request& head) const {
  const auto token = token_of(head);
  if (!buyers_.principal_of(token)) return unauthorized(!token.empty());
  if (head.method != "POST") return wrong_method("POST");  // GET would open a stream of events; there are none to send
  if (!is_json(head.header("content-type"))) return text(415, "expected content-type: application/json\n");
  for (const auto& [name, value] : head.headers) {
    if (name == "mcp-protocol-version" && !is_spoken(value)) return wrong_version();
  }
  return std::nullopt;
}

void front::handle(http::request request, http::responder respond) {
  if (auto refused = answer_head(request)) return respond(std::move(*refused));
  auto buyer = buyers_.principal_of(token_of(request));
  auto tenant = tenant_of_path(request.path).value_or("");
  if (!buyer) return respond(unauthorized(true));  // since just now
  if (tenant.empty()) {
    if (const auto by_host = host_.tenant_for_host(request.header("host")); by_host) {
      if (by_host->empty()) return respond(text(503, "this host name is claimed by two tenants\n"));
      tenant = *by_host;
    }
  }
  json::error_code malformed;
  json::parse_options options;
  options.max_depth = deepest_message;
  const auto message = json::parse(request.body, malformed, {}, options);
  if (malformed) {
    return respond(
        document(400, rpc_error(nullptr, parse_error,
                                "expected one JSON text in UTF-8, at most " + std::to_string(deepest_message) +
                                    " deep, found " + malformed.message())));
  }
  if (message.is_array()) {
    return respond(document(400, rpc_error(nullptr, invalid_request,
                                           "expected one JSON-RPC message, found a batch, which MCP has no more since "
                                           "2025-06-18; send each message on its own")));
  }
  const bool as_event = wants_event_stream(request.headers);
  mcp_.handle({.principal = std::move(*buyer), .tenant = std::move(tenant)}, message,
              [respond = std::move(respond), as_event](std::optional<json::object> answer) mutable {
                if (!answer) return respond({.status = 202});
                respond(as_event ? event(*answer) : document(200, *answer));
              });
}

}  // namespace tenon::tenond
