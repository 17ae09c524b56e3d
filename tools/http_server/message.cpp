#include "http_server/message.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/field.hpp>

#include <algorithm>

namespace tenon::http {
namespace {

namespace beast = boost::beast;

std::string lower(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return made;
}

bool is_token(std::string_view name) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || others.find(c) != others.npos;
  });
}

/// A line break in a value would let its author write headers of his own.
bool is_header(std::string_view name, std::string_view value) {
  return is_token(name) && std::ranges::none_of(value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

bool is_sendable(const response& answer) {
  return answer.status >= 200 && answer.status <= 999 &&
         std::ranges::all_of(answer.headers, [](const auto& each) { return is_header(each.first, each.second); });
}

constexpr std::size_t usual_head = 256;  // bytes
constexpr std::size_t usual_headers = 16;

void append_header(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

bool is_target(std::string_view target) {
  if (target.starts_with('/') || target == "*") return true;
  const auto scheme = target.substr(0, target.find("://"));
  return scheme.size() < target.size() && (beast::iequals(scheme, "http") || beast::iequals(scheme, "https"));
}

/// A target in absolute form, "http://host/path?query", is its authority and the rest; others have no authority.
struct split_target {
  std::string_view authority;
  std::string_view rest;
};

split_target split(std::string_view target) {
  const auto scheme = target.find("://");
  if (target.starts_with('/') || scheme == target.npos) return {{}, target};
  target.remove_prefix(scheme + 3);
  const auto end = std::min(target.find_first_of("/?"), target.size());
  return {target.substr(0, end), end == target.size() ? std::string_view("/") : target.substr(end)};
}

}  // namespace

std::string_view request::header(std::string_view name) const noexcept {
  const auto at = std::ranges::find(headers, name, [](const auto& each) -> std::string_view { return each.first; });
  return at == headers.end() ? std::string_view() : std::string_view(at->second);
}

refusal check(const wire_head& head) {
  const auto hosts = head.count(beast::http::field::host);
  if (hosts > 1 || (hosts == 0 && head.version() >= 11)) return {400, "Expected exactly one Host header: send one.\n"};
  const auto codings = head.count(beast::http::field::transfer_encoding);
  const bool chunked = beast::iequals(head[beast::http::field::transfer_encoding], "chunked");
  if (codings > 1 || (codings == 1 && (!chunked || head.version() < 11)))
    return {400, "Expected no transfer coding but chunked, in HTTP/1.1: send the body chunked or with its length.\n"};
  if (head.method() == beast::http::verb::connect)
    return {405, "Expected a request for this server, found CONNECT: it is no proxy.\n"};
  if (!is_target(head.target())) return {400, "Expected a path or an http URL as the target of the request.\n"};
  return {};
}

request to_request(const wire_head& head, std::string peer) {
  request made;
  made.method = head.method_string();
  const auto [authority, target] = split(head.target());
  const auto question = std::min(target.find('?'), target.size());
  made.path = target.substr(0, question);
  if (made.path.empty()) made.path = "/";
  made.query = target.substr(std::min(question + 1, target.size()));
  made.headers.reserve(usual_headers);
  for (const auto& field : head) {
    const bool replaced = !authority.empty() && field.name() == beast::http::field::host;
    made.headers.emplace_back(lower(field.name_string()), replaced ? authority : std::string_view(field.value()));
  }
  made.peer = std::move(peer);
  return made;
}

asked_for asked_by(const wire_head& head) {
  return {.http_1_0 = head.version() < 11, .head_alone = head.method() == beast::http::verb::head};
}

wire_response to_wire(response answer, asked_for asked, bool keep) {
  if (!is_sendable(answer)) answer = plain_answer(500, "The answer could not be sent.\n");
  wire_response made;
  made.head.reserve(usual_head + (answer.body.size() <= copied_body ? answer.body.size() : 0));
  made.head.append("HTTP/1.1 ").append(std::to_string(answer.status)).append(" ");
  made.head.append(beast::http::obsolete_reason(beast::http::int_to_status(answer.status))).append("\r\n");
  for (const auto& [name, value] : answer.headers) {
    switch (beast::http::string_to_field(name)) {
      case beast::http::field::connection:
        if (beast::iequals(value, "close")) keep = false;
        break;
      case beast::http::field::content_length:
      case beast::http::field::transfer_encoding:
      case beast::http::field::keep_alive: break;
      default: append_header(made.head, name, value);
    }
  }
  if (!keep) append_header(made.head, "Connection", "close");
  if (keep && asked.http_1_0) append_header(made.head, "Connection", "keep-alive");
  const bool bodiless = answer.status == 204 || answer.status == 304;
  if (!bodiless) append_header(made.head, "Content-Length", std::to_string(answer.body.size()));
  made.head += "\r\n";
  if (!bodiless && !asked.head_alone) made.body = std::move(answer.body);
  made.keep = keep;
  return made;
}

response plain_answer(unsigned status, std::string_view text) {
  response made{.status = status};
  made.headers.emplace_back("content-type", "text/plain; charset=utf-8");
  made.body = text;
  return made;
}

}  // namespace tenon::http
