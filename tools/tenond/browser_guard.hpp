#pragma once

#include "http_server/http_server.hpp"
#include "web_names.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::tenond {

/// Keeps out web pages that a browser got from somewhere else, by the two headers that no page can choose.
///
/// *Host*: a page whose name its author has made lead here (DNS rebinding) still asks for that name. A listener on
/// loopback answers to the loopback names and its own address, to host names of tenants, and to those that are allowed.
/// Elsewhere that holds only if some are allowed: nobody but the operator knows under which names a proxy, a
/// load balancer or a container's network leads here, and there no name gives a page more than the network does.
///
/// *Origin*: only browsers send it. It must be that of the host that was asked, or be allowed; on loopback, pages of
/// loopback are fine on any port.
///
/// Browsers send a Host always and an Origin whenever a page asks for something that it may not just look at, so who
/// sends neither is let through.
///
/// Lifetime    A value.
/// Threads     Any, concurrently.
class browser_guard {
 public:
  struct rules {
    std::string address = "127.0.0.1";       ///< of the listener
    std::vector<std::string> allowed_hosts;  ///< "host" (any port), "host:port", or "*" for all; others match nothing
    std::vector<std::string> allowed_origins;
  };
  using is_tenants = std::function<bool(std::string_view host)>;

  browser_guard() : browser_guard(rules()) {}
  explicit browser_guard(const rules& given);

  /// A 421 for the host or a 403 for the origin, or nothing. `asked` is the head of a request.
  ///
  /// *Rationale:* 421 (RFC 9110, 15.5.20) says what is wrong, that this server does not answer for this name, and no
  /// client takes it for a matter of its token as it might a 403.
  std::optional<http::response> refuse(const http::request& asked, const is_tenants& tenants) const;

 private:
  bool allows_host(const authority& asked, const is_tenants& tenants) const;
  bool allows_origin(const web_origin& from, const authority& asked) const;

  std::optional<authority> own_;  ///< of the listener
  std::vector<authority> hosts_;
  std::vector<web_origin> origins_;
  bool loopback_ = false;
  bool any_host_ = false;
};

}  // namespace tenon::tenond
