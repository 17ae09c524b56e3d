#include "platform/http_client/request_text.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <array>

namespace tenon::outbound {
namespace {

constexpr std::string_view user_agent = "tenon/" TENON_VERSION;

constexpr std::array<std::string_view, 6> methods{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};

/// They frame the message or steer the connection: with a second opinion on them two readers see two requests.
constexpr std::array<std::string_view, 10> ours{
    "host", "content-length",   "transfer-encoding", "connection", "keep-alive",
    "te",   "proxy-connection", "trailer",           "upgrade",    "expect"};

bool is_token(std::string_view name) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || others.find(c) != others.npos;
  });
}

bool is_value(std::string_view value) {
  return std::ranges::none_of(value, [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

bool same(std::string_view left, std::string_view right) {
  return boost::beast::iequals({left.data(), left.size()}, {right.data(), right.size()});
}

}  // namespace

outcome<std::string> request_text(const http_exchange_request& request, const target& to) {
  if (std::ranges::find(methods, request.method) == methods.end())
    return invalid(to.origin() + ": expected the method GET, HEAD, POST, PUT, PATCH or DELETE, found another one");
  std::string text = request.method + ' ' + to.path + " HTTP/1.1\r\nHost: " + to.authority + "\r\n";
  bool has_agent = false;
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) return invalid(to.origin() + ": expected a header name, found something else");
    if (!is_value(value))
      return invalid(to.origin() + ": expected no control characters in the value of header \"" + name + '"');
    if (std::ranges::any_of(ours, [&](std::string_view each) { return same(each, name); }))
      return invalid(to.origin() + ": expected no header \"" + name + "\": the client sets it");
    has_agent = has_agent || same(name, "user-agent");
    text += name + ": " + value + "\r\n";
  }
  if (!has_agent) text.append("User-Agent: ").append(user_agent).append("\r\n");
  const bool expects_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (expects_body || !request.body.empty()) text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  text += "\r\n";
  text += request.body;
  return text;
}

bool is_idempotent(std::string_view method) { return method != "POST" && method != "PATCH"; }

}  // namespace tenon::outbound
