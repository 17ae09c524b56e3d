#pragma once

#include "platform/http_client.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace tenon::outbound {

/// Where a request goes, taken from its URL. A value.
struct target {
  bool tls = false;
  std::string host;         ///< lower case; an IPv6 address without brackets
  bool is_address = false;  ///< host is an IP address, not a name
  std::uint16_t port = 0;
  std::string authority;  ///< for the Host header: the port only if it is not the scheme's own
  std::string path;       ///< path and query as they go on the request line; may carry secrets

  /// "https://api.example:443": names the pool and stands in messages.
  std::string origin() const;
};

template <class T>
using outcome = boost::system::result<T, http_failure>;

/// A failure of a request that is not sent because it cannot be. The text names no part of the request but its origin.
http_failure invalid(std::string text);

/// Errors: not an absolute http or https URL; user information in it; plain http to anything but 127.0.0.0/8, ::1 or
/// localhost.
outcome<target> parse_target(std::string_view url);

}  // namespace tenon::outbound
