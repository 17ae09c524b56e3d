#include "browser_guard.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace tenon::tenond {
namespace {

/// With a port that is the scheme's own clients leave it away, and behind a proxy nobody here knows the scheme.
bool matches(const authority& rule, const authority& asked) {
  if (rule.host != asked.host) return false;
  if (!rule.port) return true;
  return asked.port ? asked.port == rule.port
                    : *rule.port == default_port("http") || *rule.port == default_port("https");
}

http::response refusal(unsigned status, std::string text) {
  return {.status = status, .headers = {{"content-type", "text/plain; charset=utf-8"}}, .body = std::move(text)};
}

std::vector<std::string_view> all(const http::request& asked, std::string_view name) {
  std::vector<std::string_view> found;
  for (const auto& [key, value] : asked.headers) {
    if (key == name) found.emplace_back(value);
  }
  return found;
}

}  // namespace

browser_guard::browser_guard(const rules& given) {
  boost::system::error_code malformed;
  const auto address = boost::asio::ip::make_address(given.address, malformed);
  loopback_ = !malformed && address.is_loopback();
  if (!malformed && !address.is_unspecified()) own_ = parse_authority(given.address);
  any_host_ = given.allowed_hosts.empty() && !loopback_;
  for (const auto& each : given.allowed_hosts) {
    if (each == "*") any_host_ = true;
    if (auto host = parse_authority(each)) hosts_.push_back(std::move(*host));
  }
  for (const auto& each : given.allowed_origins) {
    if (auto origin = parse_origin(each)) origins_.push_back(std::move(*origin));
  }
}

bool browser_guard::allows_host(const authority& asked, const is_tenants& tenants) const {
  if (loopback_ && is_loopback_name(asked.host)) return true;
  if (own_ && own_->host == asked.host) return true;
  return std::ranges::any_of(hosts_, [&](const authority& rule) { return matches(rule, asked); }) ||
         (tenants && tenants(asked.host));
}

bool browser_guard::allows_origin(const web_origin& from, const authority& asked) const {
  if (from.host == asked.host && from.port == asked.port.value_or(default_port(from.scheme))) return true;
  if (loopback_ && is_loopback_name(from.host) && is_loopback_name(asked.host)) return true;
  return std::ranges::find(origins_, from) != origins_.end();
}

std::optional<http::response> browser_guard::refuse(const http::request& asked, const is_tenants& tenants) const {
  const auto named = asked.header("host");
  const auto host = parse_authority(named);
  const bool is_known = any_host_ || named.empty() || (host && allows_host(*host, tenants));
  if (!is_known) {
    return refusal(
        421,
        "This server does not answer to the name in the Host header. Ask it by a name that it has; if this is "
        "one, its operator adds it to server.allowed_hosts or to a tenant's hosts.\n");
  }
  for (const auto sent : all(asked, "origin")) {
    const auto from = parse_origin(sent);
    if (from && allows_origin(*from, host.value_or(authority()))) continue;
    return refusal(403,
                   "This server takes no requests from web pages of that origin. If it should, its operator adds the "
                   "origin to server.allowed_origins.\n");
  }
  return std::nullopt;
}

}  // namespace tenon::tenond
