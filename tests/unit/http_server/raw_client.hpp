#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <poll.h>
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

/// A blocking client that sends exactly the bytes it is told to, as no proper client would.
class raw_client {
 public:
  raw_client() = default;
  explicit raw_client(std::uint16_t port) { connect(port); }

  /// Opens one descriptor. With a size the kernel keeps about as many bytes of what nobody reads.
  raw_client& connect(std::uint16_t port, int receive_buffer = 0) {
    socket_.open(boost::asio::ip::tcp::v4());
    if (receive_buffer > 0) socket_.set_option(boost::asio::socket_base::receive_buffer_size(receive_buffer));
    socket_.connect({boost::asio::ip::make_address("127.0.0.1"), port});
    return *this;
  }

  raw_client& send(std::string_view bytes) {
    boost::system::error_code ignored;
    boost::asio::write(socket_, boost::asio::buffer(bytes), ignored);
    return *this;
  }

  /// Up to and with the blank line.
  std::string read_head() {
    boost::system::error_code failed;
    const auto size = boost::asio::read_until(socket_, boost::asio::dynamic_buffer(received_), "\r\n\r\n", failed);
    return take(failed ? received_.size() : size);
  }

  std::string read(std::size_t size) {
    boost::system::error_code ignored;
    if (received_.size() < size)
      boost::asio::read(socket_, boost::asio::dynamic_buffer(received_),
                        boost::asio::transfer_exactly(size - received_.size()), ignored);
    return take(std::min(size, received_.size()));
  }

  /// Everything until the other side closes.
  std::string read_rest() {
    boost::system::error_code ignored;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(received_), boost::asio::transfer_all(), ignored);
    return take(received_.size());
  }

  /// Whether bytes or the end of them are there to read, without waiting.
  bool has_answer() {
    pollfd asked{.fd = socket_.native_handle(), .events = POLLIN, .revents = 0};
    return !received_.empty() || ::poll(&asked, 1, 0) > 0;
  }

  void half_close() { socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send); }

  /// Closes with a reset instead of a goodbye.
  void abort() {
    socket_.set_option(boost::asio::socket_base::linger(true, 0));
    socket_.close();
  }

 private:
  std::string take(std::size_t size) {
    auto taken = received_.substr(0, size);
    received_.erase(0, size);
    return taken;
  }

  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_{context_};
  std::string received_;
};
