#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The names by which a browser knows a server: hosts with ports, and origins. Values and pure functions.
namespace tenon::tenond {

/// "host" or "host:port". The host is normalised as those of tenants are: lower case, no trailing dot, IPv6 in
/// brackets.
struct authority {
  std::string host;
  std::optional<std::uint16_t> port;

  friend bool operator==(const authority&, const authority&) = default;
};

/// Nothing for what is no host, has a port that is no number from 1 to 65535, or names a user.
std::optional<authority> parse_authority(std::string_view text);

/// Where a web page came from (RFC 6454). The port is there, if need be the scheme's own.
struct web_origin {
  std::string scheme;  ///< http or https
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const web_origin&, const web_origin&) = default;
};

/// Nothing for "null", for other schemes, and for what goes on after the port.
std::optional<web_origin> parse_origin(std::string_view text);

/// 80, or 443 for https.
std::uint16_t default_port(std::string_view scheme) noexcept;

/// localhost, 127.0.0.1 or [::1].
bool is_loopback_name(std::string_view host) noexcept;

}  // namespace tenon::tenond
