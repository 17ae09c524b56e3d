#pragma once

#include "authenticator.hpp"
#include "browser_guard.hpp"
#include "http_server/http_server.hpp"
#include "limits/auth_failures.hpp"
#include "limits/principal_limits.hpp"
#include "mcp.hpp"

#include <tenon/host.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tenon::tenond {

/// What bounds and records what comes in; what is missing is not done.
struct edge_controls {
  audit_log* audit = nullptr;
  principal_limits* requests = nullptr;
  auth_failures* failures = nullptr;
  const clock* time = &system_clock();
};

/// What tenond answers over HTTP:
///
/// * POST /mcp and POST /t/{tenant}/mcp: MCP. The tenant comes from the path, else from the Host header, else from the
///   account.
/// * GET /healthz: the process lives.
/// * GET /readyz: it takes requests; 503 until what is built ahead was tried, and once it drains.
/// * GET /.well-known/jwks.json: the public key of signed webhooks, if they are signed. It needs no token.
///
/// Every other path is 404. What is wrong with a request's head is answered before its body is read, in this order: a
/// host or an origin that is not allowed (421, 403, see browser_guard), the path, no known bearer token (401), too many
/// unknown ones from that address (429, see auth_failures), a method that is not POST (405), a body that is not said to
/// be JSON (415), a revision of MCP that is not spoken (400). Health and readiness ask for none of that.
///
/// A request of a principal who has sent too many calls no task: tools/call is answered with the AdCP error
/// RATE_LIMITED and other methods with JSON-RPC's -32029, both under 200, for the official clients read no other
/// answer; what is no request, or larger than 64 KiB, with 429.
///
/// A body is one JSON-RPC message in UTF-8, at most 64 deep. Of a key that an object has twice the last one counts,
/// here and everywhere behind, for what goes on to plugins is written anew. A client that takes event streams and no
/// JSON gets its answer as a stream of one event; any other gets JSON, whatever it accepts.
///
/// Lifetime    Borrows the host, the desk and the controls; outlives the server that calls it.
/// Threads     Any, concurrently.
class front {
 public:
  front(tenon::host& host, const authenticator& buyers, adcp_desk& desk, browser_guard guard = {},
        edge_controls edge = {}, std::string jwks = {})
      : host_(host),
        buyers_(buyers),
        guard_(std::move(guard)),
        edge_(edge),
        jwks_(std::move(jwks)),
        mcp_(desk, edge.audit, *edge.time) {}

  /// The answer to a request that needs no body for it; nothing if the body is to be read and `handle` called, which
  /// then finds in the request who asks.
  std::optional<http::response> answer_head(http::request& head) const;

  /// Looks at a head that answer_head() has not seen, and once more at one whose token or host name may have gone while
  /// the body came.
  void handle(http::request request, http::responder respond);

  /// From now on /readyz says 503, so that a load balancer looks elsewhere while running requests finish.
  void begin_draining() noexcept { draining_ = true; }

 private:
  /// Who asks, by the tokens of that version.
  struct known_caller {
    std::string principal;
    std::uint64_t version;
  };

  std::optional<http::response> refuse_host(const http::request& head) const;
  std::optional<http::response> refuse_caller(http::request& head) const;
  std::optional<http::response> refuse_token(const http::request& head,
                                             const std::optional<std::string>& principal) const;
  void note_refusal(const http::request& head, std::string_view principal, std::string_view outcome) const;

  tenon::host& host_;
  const authenticator& buyers_;
  const browser_guard guard_;
  const edge_controls edge_;
  const std::string jwks_;  ///< empty: none
  mcp_endpoint mcp_;
  std::atomic<bool> draining_ = false;
};

}  // namespace tenon::tenond
