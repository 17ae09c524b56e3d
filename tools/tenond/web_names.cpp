#include "web_names.hpp"

#include "catalog/catalog.hpp"

#include <charconv>

namespace tenon::tenond {
namespace {

std::optional<std::uint16_t> port_of(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failed != std::errc() || end != digits.data() + digits.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

std::optional<authority> parse_authority(std::string_view text) {
  if (text.find_first_of("@ \t") != text.npos) return std::nullopt;
  authority made;
  const auto colon = text.rfind(':');
  const bool has_port =
      colon != text.npos && text.find(']', colon) == text.npos && (text.starts_with('[') || text.find(':') == colon);
  if (has_port) {
    const auto digits = text.substr(colon + 1);
    made.port = port_of(digits);
    if (!made.port && !digits.empty()) return std::nullopt;  // "host:" is a host (RFC 3986, 3.2.3)
    text = text.substr(0, colon);
  }
  made.host = normalise_host(text);
  if (made.host.empty()) return std::nullopt;
  return made;
}

std::optional<web_origin> parse_origin(std::string_view text) {
  const auto end = text.find("://");
  if (end == text.npos) return std::nullopt;
  const auto scheme = text.substr(0, end);
  if (scheme != "http" && scheme != "https") return std::nullopt;
  auto at = parse_authority(text.substr(end + 3));
  if (!at) return std::nullopt;
  return web_origin{
      .scheme = std::string(scheme), .host = std::move(at->host), .port = at->port.value_or(default_port(scheme))};
}

std::uint16_t default_port(std::string_view scheme) noexcept { return scheme == "https" ? 443 : 80; }

bool is_loopback_name(std::string_view host) noexcept {
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

}  // namespace tenon::tenond
