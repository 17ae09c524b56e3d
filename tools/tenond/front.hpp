#pragma once

#include "authenticator.hpp"
#include "http_server/http_server.hpp"
#include "mcp.hpp"

#include <tenon/host.hpp>

#include <atomic>
#include <memory>

namespace tenon::tenond {

/// What tenond answers over HTTP:
///
/// * POST /mcp and POST /t/{tenant}/mcp: MCP. The tenant comes from the path, else from the Host header, else from the
///   account.
/// * GET /healthz: the process lives.
/// * GET /readyz: it takes requests; 503 until what is built ahead was tried, and once it drains.
///
/// Every other path is 404. On the MCP paths a request without a known bearer token gets 401 before its method, its
/// body or its tenant are looked at; the other two need no token.
///
/// Lifetime    Borrows the host; outlives the server that calls it.
/// Threads     Any, concurrently.
class front {
 public:
  front(tenon::host& host, const authenticator& buyers) : host_(host), buyers_(buyers), mcp_(host) {}

  void handle(http::request request, http::responder respond);

  /// From now on /readyz says 503, so that a load balancer looks elsewhere while running requests finish.
  void begin_draining() noexcept { draining_ = true; }

 private:
  void handle_mcp(std::string tenant, const http::request& request, http::responder respond);

  tenon::host& host_;
  const authenticator& buyers_;
  mcp_endpoint mcp_;
  std::atomic<bool> draining_ = false;
};

}  // namespace tenon::tenond
