#pragma once

#include <tenon/call.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace tenon {

/// For whom an exchange is, and how many this owner may have open at once; more wait, within their timeout.
struct http_share {
  std::string owner = {};
  std::uint32_t limit = 0;  ///< over all origins; 0: none
};

struct http_exchange_request {
  std::string method;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::chrono::milliseconds timeout{30'000};    ///< for all of it, from start to done; at most a day
  std::uint64_t max_response_bytes = 8u << 20;  ///< of body; beyond it the exchange fails with `limit`
  http_share share = {};
};

struct http_exchange_response {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
};

/// Why there is no response.
struct http_failure {
  enum class kind : std::uint8_t { cancelled, timeout, io, invalid, limit };
  enum class progress : std::uint8_t { not_sent = 1, sent = 2, partly_answered = 3 };
  kind what = kind::io;
  progress phase = progress::not_sent;
  std::string message;  ///< method, origin, expected, found; no path, header or body text
};

using http_result = boost::system::result<http_exchange_response, http_failure>;
[[noreturn]] void throw_exception_from_error(const http_failure& value, const boost::source_location& where);

using http_handler = unique_function<void(http_result)>;

/// Outbound HTTP/1.1 and HTTPS.
///
/// Connections are kept per origin and reused; a request on a connection that the peer closed meanwhile before any byte
/// of an answer is repeated once on a fresh one only if it is idempotent or was not sent. TLS: certificate chain and
/// host name verified, TLS 1.2 or later. Plain http only to loopback addresses. No redirects, no cookies, no proxies.
/// Methods: GET, HEAD, POST, PUT, PATCH, DELETE. The headers that frame a message (host, content-length, connection,
/// transfer-encoding, ...) are the client's: a request with one of them is invalid.
///
/// A failure's phase never says less than what happened: over TLS a write that failed counts as `sent`, whatever left
/// of its record.
///
/// Lifetime    Destroying it ends open exchanges with `cancelled`; their `done` is still called. The executor's context
///             outlives it; a context destroyed before an exchange has ended destroys its `done` without a call.
/// Threads     Any, concurrently.
class http_client {
 public:
  http_client() = default;
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;
  virtual ~http_client() = default;

  /// `done` exactly once, later, on the client's executor. `stop` ends it early with `cancelled`.
  virtual void start(http_exchange_request request, std::stop_token stop, http_handler done) = 0;
};

/// Whether a client may connect to an address. Called on its executor, concurrently.
using http_address_filter = std::function<bool(const boost::asio::ip::address&)>;

struct http_client_options {
  std::string ca_file = {};  ///< PEM, added to the system's certificates; empty: none
  std::uint32_t idle_connections_per_origin = 8;
  std::chrono::milliseconds idle_timeout{30'000};
  std::uint32_t connections_per_origin = 256;  ///< beyond it requests wait, within their timeout

  /// Asked of the very addresses that are connected to, after the name was looked up, so that a name which answers
  /// differently the next time deceives nobody. A request that is left with none is invalid. Empty: any may be.
  http_address_filter may_connect = {};
};

/// Errors: the CA file cannot be read.
result<std::shared_ptr<http_client>> make_http_client(boost::asio::any_io_executor executor,
                                                      http_client_options options);

}  // namespace tenon
