#pragma once

#include "http_server/message.hpp"
#include "http_server/tls_identity.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace tenon::http {

/// The bytes of one connection, in the clear or over TLS. Cancelling or closing the socket ends what is waited for.
///
/// Threads     The executor of the socket alone; one reader or writer at a time.
class byte_stream {
 public:
  byte_stream(boost::asio::ip::tcp::socket socket, tls_identity identity);
  byte_stream(const byte_stream&) = delete;
  byte_stream& operator=(const byte_stream&) = delete;

  boost::asio::ip::tcp::socket& socket() noexcept { return socket_; }

  /// The handshake, if there is one. To be done before anything is read or written.
  boost::asio::awaitable<boost::system::error_code> open();

  boost::asio::awaitable<std::pair<boost::system::error_code, std::size_t>> read_some(boost::asio::mutable_buffer into);

  /// All of it.
  boost::asio::awaitable<boost::system::error_code> write(boost::asio::const_buffer bytes);
  boost::asio::awaitable<boost::system::error_code> write(std::shared_ptr<wire_response> message);

  /// Tells the peer that nothing follows. Over TLS it may wait until the peer says the same.
  boost::asio::awaitable<void> finish();

 private:
  using tls_stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

  boost::asio::ip::tcp::socket socket_;
  const tls_identity identity_;
  std::optional<tls_stream> tls_;
};

}  // namespace tenon::http
