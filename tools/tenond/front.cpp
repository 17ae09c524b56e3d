#include "front.hpp"

#include "envelope.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

namespace tenon::tenond {
namespace json = boost::json;
namespace {

http::response text(unsigned status, std::string body) {
  return {.status = status, .headers = {{"content-type", "text/plain; charset=utf-8"}}, .body = std::move(body)};
}

http::response document(unsigned status, const json::object& body) {
  return {.status = status, .headers = {{"content-type", "application/json"}}, .body = json::serialize(body)};
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

void front::handle(http::request request, http::responder respond) {
  if (request.path == "/healthz" || request.path == "/readyz") {
    if (request.method != "GET" && request.method != "HEAD") return respond(text(405, "expected GET\n"));
    const bool refuse = (draining_ || !host_.ready()) && request.path == "/readyz";
    return respond(refuse ? text(503, "draining\n") : text(200, "ok\n"));
  }
  auto tenant = tenant_of_path(request.path);
  if (!tenant) return respond(text(404, "expected /mcp or /t/{tenant}/mcp\n"));
  handle_mcp(std::move(*tenant), request, std::move(respond));
}

void front::handle_mcp(std::string tenant, const http::request& request, http::responder respond) {
  const auto token = token_of(request);
  auto buyer = buyers_.principal_of(token);
  if (!buyer) return respond(unauthorized(!token.empty()));
  if (request.method != "POST") {
    auto refusal = text(405, "expected POST: this server opens no event stream\n");
    refusal.headers.emplace_back("allow", "POST");
    return respond(std::move(refusal));
  }
  if (tenant.empty()) {
    if (const auto by_host = host_.tenant_for_host(request.header("host")); by_host) {
      if (by_host->empty()) return respond(text(503, "this host name is claimed by two tenants\n"));
      tenant = *by_host;
    }
  }
  json::error_code malformed;
  const auto message = json::parse(request.body, malformed);
  if (malformed) {
    return respond(document(400, rpc_error(nullptr, parse_error, "expected JSON, found " + malformed.message())));
  }
  mcp_.handle({.principal = std::move(*buyer), .tenant = std::move(tenant)}, message,
              [respond = std::move(respond)](std::optional<json::object> answer) mutable {
                respond(answer ? document(200, *answer) : http::response{.status = 202});
              });
}

}  // namespace tenon::tenond
