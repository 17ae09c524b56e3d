#pragma once

#include "platform/http_client/tls.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tenon::outbound {

/// How an operation on a connection ended.
struct transferred {
  boost::system::error_code failed;
  std::size_t bytes = 0;
};

/// One connection to an origin: a socket, with TLS around it or not.
///
/// Ownership   By the exchange that uses it, or by the pool.
/// Threads     One at a time: an exchange uses it on its strand, and the pool's lock orders the hand-over.
class connection {
 public:
  /// `tls` null: plain.
  connection(boost::asio::any_io_executor executor, std::shared_ptr<boost::asio::ssl::context> tls);

  /// Tries the endpoints in order.
  boost::asio::awaitable<boost::system::error_code> connect(std::vector<boost::asio::ip::tcp::endpoint> to);

  /// Does nothing on a plain connection. `trouble` says what was wrong with the peer's certificate.
  boost::asio::awaitable<boost::system::error_code> handshake(const target* to, std::string* trouble);

  boost::asio::awaitable<transferred> read_some(boost::asio::mutable_buffer into);
  boost::asio::awaitable<transferred> write_some(boost::asio::const_buffer bytes);

  /// Whether a failed write may have let bytes out: TLS does not say how much of a record left.
  bool writes_in_records() const noexcept { return tls_.has_value(); }

  /// For a kept connection: the peer closed it, or said something nobody asked for.
  bool is_stale();

  /// Ends running operations, and makes later ones fail.
  void close() noexcept;

 private:
  std::shared_ptr<boost::asio::ssl::context> context_;
  boost::asio::ip::tcp::socket socket_;
  std::optional<tls_stream> tls_;
  bool closed_ = false;
};

}  // namespace tenon::outbound
