#include "front.hpp"

#include "envelope.hpp"
#include "media_type.hpp"
#include "protocol_versions.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

namespace tenon::tenond {
namespace json = boost::json;
namespace {

http::response text(unsigned status, std::string body) {
  return {.status = status, .headers = {{"content-type", "text/plain; charset=utf-8"}}, .body = std::move(body)};
}

constexpr std::size_t largest_refused = 64u << 10;  // that is read to be refused in the words of its protocol
constexpr std::size_t message_memory = 4u << 10;    // to begin with: what most messages need
constexpr std::size_t deepest_message = 64;  // as much as the SDK reads in a plugin; what AdCP defines has a dozen

http::response document(unsigned status, std::string body) {
  return {.status = status, .headers = {{"content-type", "application/json"}}, .body = std::move(body)};
}

http::response event(const std::string& body) {
  return {.status = 200,
          .headers = {{"content-type", "text/event-stream"}, {"cache-control", "no-store"}},
          .body = "event: message\ndata: " + body + "\n\n"};
}

http::response wrong_method(std::string allowed) {
  auto made = text(405, "expected " + allowed + "\n");
  made.headers.emplace_back("allow", std::move(allowed));
  return made;
}

/// Receivers ask again for a key that they do not know, so that they may keep it for a while.
http::response key_set(const std::string& jwks) {
  return {.status = 200,
          .headers = {{"content-type", "application/jwk-set+json"}, {"cache-control", "public, max-age=300"}},
          .body = jwks};
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

http::response come_back(http::response made, std::uint32_t after_s) {
  made.headers.emplace_back("retry-after", std::to_string(after_s));
  return made;
}

error rate_limited(const principal_limits::refusal& found) {
  auto made = make_error("RATE_LIMITED", "You send more requests than you may.");
  made.retry_after_s = found.retry_after_s;
  made.details = json::serialize(
      json::object{{"limit", found.allowed.per_second}, {"remaining", 0}, {"window_seconds", 1}, {"scope", "global"}});
  return made;
}

}  // namespace

std::optional<http::response> front::answer_head(http::request& head) const {
  if (head.path == "/healthz" || head.path == "/readyz") {
    if (head.method != "GET" && head.method != "HEAD") return wrong_method("GET, HEAD");
    const bool refuse = (draining_ || !host_.ready()) && head.path == "/readyz";
    return refuse ? text(503, "draining\n") : text(200, "ok\n");
  }
  if (auto refused = refuse_host(head)) return refused;
  if (head.path == "/.well-known/jwks.json" && !jwks_.empty()) {
    return head.method == "GET" || head.method == "HEAD" ? key_set(jwks_) : wrong_method("GET, HEAD");
  }
  if (!tenant_of_path(head.path)) return text(404, "expected /mcp or /t/{tenant}/mcp\n");
  return refuse_caller(head);
}

std::optional<http::response> front::refuse_host(const http::request& head) const {
  return guard_.refuse(head, [this](std::string_view name) { return host_.tenant_for_host(name).has_value(); });
}

std::optional<http::response> front::refuse_caller(http::request& head) const {
  const auto version = buyers_.version();  // before the look: tokens that change meanwhile are looked at again
  auto principal = buyers_.principal_of(token_of(head));
  if (auto refused = refuse_token(head, principal)) return refused;
  if (head.method != "POST") return wrong_method("POST");  // GET would open a stream of events; there are none to send
  if (!is_json(head.header("content-type"))) return text(415, "expected content-type: application/json\n");
  for (const auto& [name, value] : head.headers) {
    if (name == "mcp-protocol-version" && !is_spoken(value)) return wrong_version();
  }
  head.passed = known_caller{.principal = *std::move(principal), .version = version};
  return std::nullopt;
}

std::optional<http::response> front::refuse_token(const http::request& head,
                                                  const std::optional<std::string>& principal) const {
  const bool sent_one = !token_of(head).empty();  // who sends none guesses none
  std::optional<std::uint32_t> wait_s;
  if (edge_.failures != nullptr && sent_one)
    wait_s = principal ? edge_.failures->succeeded(head.peer, *principal) : edge_.failures->failed(head.peer);
  if (wait_s) {
    note_refusal(head, principal.value_or(""), "auth_rate_limited");
    return come_back(text(429, "too many unknown bearer tokens came from this address; wait before you send another\n"),
                     *wait_s);
  }
  if (principal) return std::nullopt;
  note_refusal(head, {}, sent_one ? "unauthorized" : "no_token");
  return unauthorized(sent_one);
}

void front::note_refusal(const http::request& head, std::string_view principal, std::string_view outcome) const {
  if (edge_.audit == nullptr || !edge_.audit->is_on()) return;
  audit_entry entry;
  entry.event = "authentication";
  entry.tenant = tenant_of_path(head.path).value_or("");
  entry.principal = principal;
  entry.outcome = outcome;
  entry.remote = head.peer;
  edge_.audit->write_bounded(entry);
}

void front::handle(http::request request, http::responder respond) {
  const auto* known = std::any_cast<known_caller>(&request.passed);
  if (known == nullptr || known->version != buyers_.version()) {
    if (auto refused = answer_head(request)) return respond(std::move(*refused));
  }
  auto principal = std::move(std::any_cast<known_caller&>(request.passed).principal);
  const bool as_event = wants_event_stream(request.headers);
  auto tenant = tenant_of_path(request.path).value_or("");
  if (tenant.empty()) {
    // A reload may have taken the name away while the body came.
    if (auto refused = refuse_host(request)) return respond(std::move(*refused));
    if (const auto by_host = host_.tenant_for_host(request.header("host")); by_host) {
      if (by_host->empty()) return respond(text(503, "this host name is claimed by two tenants\n"));
      tenant = *by_host;
    }
  }
  const auto limited = edge_.requests == nullptr ? std::nullopt : edge_.requests->take(principal);
  if (limited && request.body.size() > largest_refused) {
    const auto why = rate_limited(*limited);
    return respond(come_back(document(429, rpc_error(nullptr, too_many_requests, why)), why.retry_after_s));
  }
  json::error_code malformed;
  json::parse_options options;
  options.max_depth = deepest_message;
  // One piece of memory for all of it. What keeps a part of the message copies it to memory of its own.
  const auto message = json::parse(request.body, malformed,
                                   json::make_shared_resource<json::monotonic_resource>(message_memory), options);
  buyer from{.principal = std::move(principal), .tenant = std::move(tenant), .remote = std::move(request.peer)};
  if (limited) {
    const auto why = rate_limited(*limited);
    auto answer = malformed ? std::nullopt : mcp_.refuse(from, message, why);
    if (answer) return respond(as_event ? event(*answer) : document(200, std::move(*answer)));
    return respond(come_back(document(429, rpc_error(nullptr, too_many_requests, why)), why.retry_after_s));
  }
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
  mcp_.handle(from, message, [respond = std::move(respond), as_event](std::optional<std::string> answer) mutable {
    if (!answer) return respond({.status = 202});
    respond(as_event ? event(*answer) : document(200, std::move(*answer)));
  });
}

}  // namespace tenon::tenond
