#include "http_server/byte_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>

namespace tenon::http {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr auto token = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t part_size = 64u << 10;

}  // namespace

byte_stream::byte_stream(asio::ip::tcp::socket socket, tls_identity identity, std::function<void(std::size_t)> written)
    : socket_(std::move(socket)), identity_(std::move(identity)), written_(std::move(written)) {
  if (identity_) tls_.emplace(socket_, *identity_);
}

asio::awaitable<error_code> byte_stream::open() {
  if (!tls_) co_return error_code();
  const auto [failed] = co_await tls_->async_handshake(asio::ssl::stream_base::server, token);
  co_return failed;
}

/// No coroutine of its own: the ones that it returns are enough.
asio::awaitable<std::tuple<error_code, std::size_t>> byte_stream::read_some(asio::mutable_buffer into) {
  return tls_ ? tls_->async_read_some(into, token) : socket_.async_read_some(into, token);
}

asio::awaitable<error_code> byte_stream::write(asio::const_buffer bytes) { return write_all(bytes); }

asio::awaitable<error_code> byte_stream::write(std::shared_ptr<wire_response> message) {
  error_code failed;
  if (message->body.size() <= copied_body) {
    message->head += message->body;
    failed = co_await write_all(asio::const_buffer(asio::buffer(message->head)));
  } else {
    const std::array<asio::const_buffer, 2> bytes{asio::buffer(message->head), asio::buffer(message->body)};
    failed = co_await write_all(bytes);
  }
  co_return failed;
}

template <typename Buffers>
asio::awaitable<error_code> byte_stream::write_all(Buffers bytes) {
  reported_ = 0;
  const auto goes_on = [this](const error_code& failed, std::size_t total) -> std::size_t {
    report(total);
    return failed ? 0 : part_size;
  };
  if (tls_) {
    const auto [failed, written] = co_await asio::async_write(*tls_, bytes, goes_on, token);
    report(written);
    co_return failed;
  }
  const auto [failed, written] = co_await asio::async_write(socket_, bytes, goes_on, token);
  report(written);
  co_return failed;
}

void byte_stream::report(std::size_t total) {
  if (total != reported_) written_(total - reported_);
  reported_ = total;
}

asio::awaitable<void> byte_stream::finish() {
  if (tls_) co_await tls_->async_shutdown(token);
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

}  // namespace tenon::http
