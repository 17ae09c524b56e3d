#include "platform/http_client/connection.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tenon::outbound {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto token = asio::as_tuple(asio::use_awaitable);

}  // namespace

connection::connection(asio::any_io_executor executor, std::shared_ptr<asio::ssl::context> tls)
    : context_(std::move(tls)), socket_(std::move(executor)) {
  if (context_) tls_.emplace(socket_, *context_);
}

asio::awaitable<error_code> connection::connect(std::vector<tcp::endpoint> to) {
  error_code failed = asio::error::host_not_found;
  for (const auto& endpoint : to) {
    if (closed_) co_return asio::error::operation_aborted;
    socket_.close(failed);
    socket_.open(endpoint.protocol(), failed);
    if (failed) continue;
    const auto [refused] = co_await socket_.async_connect(endpoint, token);
    failed = refused;
    if (!failed) break;
  }
  if (!failed) {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
  }
  co_return failed;
}

asio::awaitable<error_code> connection::handshake(const target* to, std::string* trouble) {
  if (!tls_) co_return error_code();
  if (!expect_peer(*tls_, *to)) {
    *trouble = "a host name that OpenSSL does not take";
    co_return asio::error::invalid_argument;
  }
  const auto [failed] = co_await tls_->async_handshake(asio::ssl::stream_base::client, token);
  if (failed) *trouble = handshake_trouble(*tls_, failed);
  co_return failed;
}

asio::awaitable<transferred> connection::read_some(asio::mutable_buffer into) {
  transferred made;
  if (tls_) {
    const auto [failed, bytes] = co_await tls_->async_read_some(into, token);
    made.failed = failed;
    made.bytes = bytes;
  } else {
    const auto [failed, bytes] = co_await socket_.async_read_some(into, token);
    made.failed = failed;
    made.bytes = bytes;
  }
  co_return made;
}

asio::awaitable<transferred> connection::write_some(asio::const_buffer bytes) {
  transferred made;
  if (tls_) {
    const auto [failed, written] = co_await tls_->async_write_some(bytes, token);
    made.failed = failed;
    made.bytes = written;
  } else {
    const auto [failed, written] = co_await socket_.async_write_some(bytes, token);
    made.failed = failed;
    made.bytes = written;
  }
  co_return made;
}

bool connection::is_stale() {
  if (tls_ && SSL_pending(tls_->native_handle()) != 0) return true;
  char byte = 0;
  error_code found;
  socket_.non_blocking(true, found);
  socket_.receive(asio::buffer(&byte, 1), tcp::socket::message_peek, found);
  return found != asio::error::would_block;
}

void connection::close() noexcept {
  closed_ = true;
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace tenon::outbound
