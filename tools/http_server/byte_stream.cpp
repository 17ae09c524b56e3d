#include "http_server/byte_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/write.hpp>

namespace tenon::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

constexpr auto token = asio::as_tuple(asio::use_awaitable);

}  // namespace

byte_stream::byte_stream(asio::ip::tcp::socket socket, tls_identity identity)
    : socket_(std::move(socket)), identity_(std::move(identity)) {
  if (identity_) tls_.emplace(socket_, *identity_);
}

asio::awaitable<error_code> byte_stream::open() {
  if (!tls_) co_return error_code();
  const auto [failed] = co_await tls_->async_handshake(asio::ssl::stream_base::server, token);
  co_return failed;
}

asio::awaitable<std::pair<error_code, std::size_t>> byte_stream::read_some(asio::mutable_buffer into) {
  if (tls_) {
    const auto [failed, received] = co_await tls_->async_read_some(into, token);
    co_return std::pair(failed, received);
  }
  const auto [failed, received] = co_await socket_.async_read_some(into, token);
  co_return std::pair(failed, received);
}

asio::awaitable<error_code> byte_stream::write(asio::const_buffer bytes) {
  if (tls_) {
    const auto [failed, written] = co_await asio::async_write(*tls_, bytes, token);
    co_return failed;
  }
  const auto [failed, written] = co_await asio::async_write(socket_, bytes, token);
  co_return failed;
}

asio::awaitable<error_code> byte_stream::write(std::shared_ptr<wire_response> message) {
  if (tls_) {
    const auto [failed, written] = co_await beast::http::async_write(*tls_, *message, token);
    co_return failed;
  }
  const auto [failed, written] = co_await beast::http::async_write(socket_, *message, token);
  co_return failed;
}

asio::awaitable<void> byte_stream::finish() {
  if (tls_) co_await tls_->async_shutdown(token);
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

}  // namespace tenon::http
