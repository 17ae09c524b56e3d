#include "upstream.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <thread>
#include <utility>

namespace tenon::bench {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

struct faulty_upstream::state {
  static constexpr std::chrono::milliseconds late{500};
  enum class fault : unsigned { late, reset, status_500, status_429, none };

  asio::io_context context{1};
  tcp::acceptor listening{context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::atomic<bool> failing = false;
  unsigned faults = 0;
  std::jthread thread;

  asio::awaitable<void> accept() {
    for (;;) {
      auto peer = co_await listening.async_accept(asio::use_awaitable);
      asio::co_spawn(context, serve(std::move(peer)), asio::detached);
    }
  }

  asio::awaitable<void> serve(tcp::socket peer) {
    std::string head;
    for (;;) {
      const auto length =
          co_await asio::async_read_until(peer, asio::dynamic_buffer(head), "\r\n\r\n", asio::use_awaitable);
      const bool hit = failing && head.find(" /faulty") < length;
      head.erase(0, length);
      const auto what = hit ? static_cast<fault>(faults++ % 4) : fault::none;
      if (what == fault::reset) {
        peer.set_option(asio::socket_base::linger(true, 0));
        co_return peer.close();
      }
      if (what == fault::late) {
        asio::steady_timer pause(context, late);
        co_await pause.async_wait(asio::use_awaitable);
      }
      const std::string status = what == fault::status_500   ? "500 Internal Server Error"
                                 : what == fault::status_429 ? "429 Too Many Requests"
                                                             : "200 OK";
      const std::string answer = "HTTP/1.1 " + status + "\r\nContent-Length: 11\r\n\r\n{\"ok\":true}";
      co_await asio::async_write(peer, asio::buffer(answer), asio::use_awaitable);
    }
  }
};

faulty_upstream::faulty_upstream() : state_(std::make_unique<state>()) {
  asio::co_spawn(state_->context, state_->accept(), asio::detached);
  state_->thread = std::jthread([this] { state_->context.run(); });
}

faulty_upstream::~faulty_upstream() { state_->context.stop(); }

std::string faulty_upstream::origin() const {
  return "http://127.0.0.1:" + std::to_string(state_->listening.local_endpoint().port());
}

void faulty_upstream::fail(bool from_now_on) { state_->failing = from_now_on; }

}  // namespace tenon::bench
