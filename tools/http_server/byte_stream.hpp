#pragma once

#include "http_server/message.hpp"
#include "http_server/tls_identity.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>

namespace tenon::http {

/// The bytes of one connection, in the clear or over TLS. Cancelling or closing the socket ends what is waited for.
///
/// Threads     The executor of the socket alone; one reader or writer at a time.
class byte_stream {
 public:
  /// `written` is called with the size of each part that the kernel has taken of what is written.
  byte_stream(boost::asio::ip::tcp::socket socket, tls_identity identity, std::function<void(std::size_t)> written);
  byte_stream(const byte_stream&) = delete;
  byte_stream& operator=(const byte_stream&) = delete;

  boost::asio::ip::tcp::socket& socket() noexcept { return socket_; }

  /// The handshake, if there is one. To be done before anything is read or written.
  boost::asio::awaitable<boost::system::error_code> open();

  boost::asio::awaitable<std::tuple<boost::system::error_code, std::size_t>> read_some(
      boost::asio::mutable_buffer into);

  /// All of it.
  boost::asio::awaitable<boost::system::error_code> write(boost::asio::const_buffer bytes);
  boost::asio::awaitable<boost::system::error_code> write(std::shared_ptr<wire_response> message);

  /// Tells the peer that nothing follows. Over TLS it may wait until the peer says the same.
  boost::asio::awaitable<void> finish();

 private:
  using tls_stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

  template <typename Buffers>
  boost::asio::awaitable<boost::system::error_code> write_all(Buffers bytes);
  void report(std::size_t total);

  boost::asio::ip::tcp::socket socket_;
  const tls_identity identity_;
  const std::function<void(std::size_t)> written_;
  std::size_t reported_ = 0;  ///< of what is being written
  std::optional<tls_stream> tls_;
};

}  // namespace tenon::http
