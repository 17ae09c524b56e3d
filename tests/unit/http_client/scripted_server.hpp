#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

/// One accepted connection of a scripted server, blocking.
class scripted_peer {
 public:
  explicit scripted_peer(boost::asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

  /// The head of the next request, with its blank line; empty if the client closed.
  std::string read_head() {
    boost::system::error_code failed;
    const auto size = boost::asio::read_until(socket_, boost::asio::dynamic_buffer(received_), "\r\n\r\n", failed);
    if (failed) return {};
    auto head = received_.substr(0, size);
    received_.erase(0, size);
    return head;
  }

  /// Blocks until the client closes.
  void read_rest() {
    boost::system::error_code closed;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(received_), boost::asio::transfer_all(), closed);
  }

  void write(std::string_view bytes) {
    boost::system::error_code ignored;
    boost::asio::write(socket_, boost::asio::buffer(bytes), ignored);
  }

  void close() { socket_.close(); }
  boost::asio::ip::tcp::socket& socket() { return socket_; }

 private:
  boost::asio::ip::tcp::socket socket_;
  std::string received_;
};

/// Plays one script per connection, in the order of arrival, each on a thread of its own, and then accepts no more.
class scripted_server {
 public:
  using script = std::function<void(scripted_peer&)>;

  explicit scripted_server(std::vector<script> scripts)
      : acceptor_(context_, {boost::asio::ip::make_address("127.0.0.1"), 0}),
        port_(acceptor_.local_endpoint().port()),
        accepting_([this, scripts = std::move(scripts)] { play(scripts); }) {}

  ~scripted_server() {
    stopping_ = true;
    boost::system::error_code ignored;
    boost::asio::ip::tcp::socket(context_).connect({boost::asio::ip::make_address("127.0.0.1"), port_}, ignored);
    accepting_.join();
    for (auto& each : playing_) each.join();
  }

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }
  int accepted() const { return accepted_; }

 private:
  void play(const std::vector<script>& scripts) {
    for (const auto& each : scripts) {
      auto socket = acceptor_.accept();
      if (stopping_) break;
      ++accepted_;
      playing_.emplace_back([each, peer = std::make_shared<scripted_peer>(std::move(socket))] { each(*peer); });
    }
    acceptor_.close();
  }

  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  const std::uint16_t port_;
  std::atomic<int> accepted_ = 0;
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> playing_;
  std::thread accepting_;
};

inline constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
