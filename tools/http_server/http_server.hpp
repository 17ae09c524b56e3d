#pragma once

#include "http_server/tls_identity.hpp"

#include <tenon/error.hpp>
#include <tenon/unique_function.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <any>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A small HTTP/1.1 server over Beast, for our own programs: tenond, the sandbox and tests. The host library has no
/// server.
namespace tenon::http {

using header_list = std::vector<std::pair<std::string, std::string>>;

/// A value: Beast stays in the source file.
struct request {
  std::string method;
  std::string path;     ///< percent-encoded as received, without the query
  std::string query;    ///< without the question mark
  header_list headers;  ///< names in lower case, in order; `host` is that of the target if the target names one
  std::string body;
  std::string peer;      ///< address of the other end
  std::any passed = {};  ///< what the head handler leaves for the request handler; the server does not look at it

  /// The first header of that lower-case name, or an empty view.
  std::string_view header(std::string_view name) const noexcept;
};

/// How a stand-in for a bad server sends an answer. Ours leave it alone.
struct disruption {
  enum class cut : std::uint8_t {
    none,
    before,  ///< the connection is reset in place of an answer
    in_body  ///< it is reset when half of the body is sent
  };
  cut reset = cut::none;
  std::chrono::milliseconds drip{0};  ///< above 0: sent in eight pieces, so long apart

  bool any() const noexcept { return reset != cut::none || drip.count() > 0; }
};

struct response {
  unsigned status = 200;
  header_list headers = {};
  std::string body = {};
  disruption sent = {};
};

/// Answers one request, exactly once, on any thread, now or later. Dropped without a call: the client gets a 500. May
/// outlive the server, its connection and the executor's context: then the answer is dropped.
///
/// The server sets content-length (but not for 204 and 304), transfer-encoding and connection, obeys the handler's
/// `connection: close`, leaves the body away for HEAD, and adds no other header. An answer that cannot be sent (a line
/// break in a header) becomes a 500.
using responder = unique_function<void(response)>;
using request_handler = std::function<void(request, responder)>;

/// Sees a request when its head is complete, before a byte of its body is read or asked for (100-continue), so that a
/// stranger cannot make the server hold a body. What it returns is the answer, and the request handler never sees the
/// request; nothing lets the body be read. A connection whose answered request still had a body to come is closed.
///
/// Called as the request handler is, with an empty body. It must not wait: its connection stands still meanwhile. What
/// it throws becomes a 500. What it changes in the request, the request handler gets.
using head_handler = std::function<std::optional<response>(request&)>;

struct server_options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one
  std::uint32_t max_header_bytes = 16u << 10;
  std::uint64_t max_body_bytes = 4u << 20;
  std::uint32_t max_connections = 1024;                ///< beyond it clients wait in the kernel's queue
  std::chrono::milliseconds give_way_after{1'000};     ///< see server
  std::chrono::milliseconds slow_reader_after{5'000};  ///< the same
  std::chrono::milliseconds read_timeout{30'000};  ///< for one request to arrive whole, and for its answer to be taken
  std::chrono::milliseconds idle_timeout{60'000};  ///< between requests of a kept connection
  tls_identity tls = {};                           ///< with it the server speaks TLS, without it plain HTTP
};

/// Malformed, late and oversized requests are answered with 400, 408, 413 or 431 and never reach the handler. What the
/// handler throws becomes a 500. Pipelined requests are answered one after the other. Trailers are read and dropped: a
/// handler sees the headers that the head handler saw.
///
/// A body that is announced as too large gets its 413 after the head handler, so that a stranger learns nothing of the
/// limits; a malformed head never reaches either.
///
/// Who is slow keeps nobody out: while all connections, or the process's descriptors, are taken and a client waits for
/// one, the one that has waited longest for the rest of its request, or else for a request, is closed, if that is
/// longer than `give_way_after`. If there is none, it is the one whose client lags most in taking its answers, if that
/// is more than `slow_reader_after`: the time its answers had to wait, less a second for every 16 KiB taken meanwhile,
/// summed over all of its answers. Otherwise only the timeouts close a connection, and never while the handler has its
/// request.
///
/// Lifetime    Dropping it stops accepting; requests in progress finish by themselves. The executor's context outlives
///             it.
/// Threads     Any. The handler is called on the executor, concurrently for different connections, never for one.
class server {
 public:
  virtual ~server() = default;

  /// Errors: the address is not one, the port is in use or not permitted (CONFIGURATION_ERROR, naming both).
  static result<std::shared_ptr<server>> start(boost::asio::any_io_executor executor, server_options options,
                                               request_handler handler, head_handler heads = {});

  virtual std::uint16_t port() const noexcept = 0;

  /// Shows this identity to who connects from now on; those who are connected keep theirs. To be called with one, and
  /// only if the server was started with one.
  virtual void present(tls_identity identity) = 0;

  /// Stops accepting, closes idle connections, lets requests in progress finish up to `grace`, then closes them too.
  /// `done` on the executor once everything is closed. A second call may shorten the grace.
  virtual void stop(std::chrono::milliseconds grace, unique_function<void()> done) = 0;
};

}  // namespace tenon::http
