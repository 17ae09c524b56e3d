#include "platform/http_client/origin.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>

namespace tenon::outbound {
namespace {

namespace urls = boost::urls;

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

/// No name is looked up for this: what a resolver says is no reason to send a secret in the clear.
bool is_loopback(const urls::url_view& url, std::string_view host) {
  switch (url.host_type()) {
    case urls::host_type::ipv4: return url.host_ipv4_address().is_loopback();
    case urls::host_type::ipv6: return url.host_ipv6_address().is_loopback();
    default: return host == "localhost";
  }
}

bool is_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

std::string bracketed(const target& to) { return to.host.find(':') == to.host.npos ? to.host : '[' + to.host + ']'; }

}  // namespace

std::string target::origin() const {
  return (tls ? "https://" : "http://") + bracketed(*this) + ':' + std::to_string(port);
}

http_failure invalid(std::string text) {
  return {.what = http_failure::kind::invalid, .phase = http_failure::progress::not_sent, .message = std::move(text)};
}

outcome<target> parse_target(std::string_view text) {
  const auto parsed = urls::parse_uri(urls::string_view(text.data(), text.size()));
  if (!parsed)
    return invalid("expected an absolute URL, found something else: percent-encode what is not allowed in one");
  const urls::url_view url = *parsed;
  if (url.scheme_id() != urls::scheme::https && url.scheme_id() != urls::scheme::http)
    return invalid("expected the scheme https, or http to a loopback address, found another one");
  if (url.has_userinfo())
    return invalid("expected no user or password in the URL: send them as an authorization header");
  // Rationale: Boost.URL 1.81 takes "127.0.0.1.example" for the address 127.0.0.1 and a path ".example", and "host:x"
  // for a path "x".
  if (!url.encoded_path().empty() && !url.is_path_absolute())
    return invalid("expected a host name or an IP address, and a port that is a number, found something else");
  target to;
  to.tls = url.scheme_id() == urls::scheme::https;
  to.host = lower(url.host_address());
  to.is_address = url.host_type() == urls::host_type::ipv4 || url.host_type() == urls::host_type::ipv6;
  if (!to.is_address && !is_name(to.host))
    return invalid("expected a host name or an IP address, found something else");
  const std::uint16_t usual = to.tls ? 443 : 80;
  const bool has_number = url.has_port() && !url.port().empty();
  to.port = has_number ? url.port_number() : usual;
  if (to.port == 0) return invalid("expected a port from 1 to 65535, found something else");
  if (!to.tls && !is_loopback(url, to.host))
    return invalid(to.origin() + ": expected https, found http to an address that is not this machine's loopback");
  to.authority = bracketed(to);
  if (to.port != usual) to.authority += ':' + std::to_string(to.port);
  const auto path = url.encoded_resource();
  to.path.assign(path.data(), path.size());
  if (!to.path.starts_with('/')) to.path.insert(0, 1, '/');
  if (const auto fragment = to.path.find('#'); fragment != to.path.npos) to.path.erase(fragment);
  return to;
}

}  // namespace tenon::outbound
