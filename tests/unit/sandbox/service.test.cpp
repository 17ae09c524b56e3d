// Goal: the shell carries requests to the upstreams and answers, late answers and silences back.
// Method: real sockets on 127.0.0.1 and any free port; a blocking client on the test's own thread.

#include "sandbox/service.hpp"
#include "stand.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>

#include <future>
#include <thread>

using namespace tenon;
using boost::asio::ip::tcp;

namespace {

/// Runs the service on a thread of its own until it goes.
class running {
 public:
  running() : service_(sandbox::service::start(context_.get_executor(), stand_.served, 0).value()) {
    thread_ = std::thread([this] { context_.run(); });
  }
  ~running() {
    service_->stop([] {});
    thread_.join();
  }

  std::uint16_t port() const { return service_->port(); }
  testing::stand& stand() { return stand_; }
  void stop() {
    service_->stop([] {});
  }

 private:
  testing::stand stand_;
  boost::asio::io_context context_;
  std::shared_ptr<sandbox::service> service_;
  std::thread thread_;
};

/// Everything the server sends until it closes.
std::string talk(std::uint16_t port, std::string_view head) {
  boost::asio::io_context context;
  tcp::socket socket(context);
  socket.connect({boost::asio::ip::address_v4::loopback(), port});
  boost::asio::write(socket, boost::asio::buffer(std::string(head) + "Host: 127.0.0.1\r\nConnection: close\r\n\r\n"));
  std::string text;
  boost::system::error_code closed;
  boost::asio::read(socket, boost::asio::dynamic_buffer(text), closed);
  return text;
}

}  // namespace

TEST_CASE("a request over a socket is answered by the upstreams") {
  running at;
  const auto answer =
      talk(at.port(), "GET /kevel/v1/site HTTP/1.1\r\nX-Adzerk-ApiKey: " + at.stand().kevel_secret + "\r\n");
  CHECK(answer.starts_with("HTTP/1.1 200"));
  CHECK(answer.find("News site") != std::string::npos);
}

TEST_CASE("a late answer still comes") {
  running at;
  at.stand().post("/_sandbox/faults", testing::json::object{{"match", "GET /kevel/v1/site"}, {"latency_ms", 20}});
  CHECK(talk(at.port(), "GET /kevel/v1/site HTTP/1.1\r\n").starts_with("HTTP/1.1 401"));
}

TEST_CASE("a request that is never answered waits until the service stops") {
  running at;
  at.stand().post("/_sandbox/faults", testing::json::object{{"match", "GET /kevel/v1/site"}, {"drop", "after"}});
  auto waiting = std::async(std::launch::async, [&] { return talk(at.port(), "GET /kevel/v1/site HTTP/1.1\r\n"); });
  const auto dropped = [&] {
    const auto routes = at.stand().get("/_sandbox/traffic").at("/routes").as_object();
    return routes.contains("GET /kevel/v1/site");
  };
  while (!dropped()) std::this_thread::yield();
  CHECK(waiting.wait_for(std::chrono::milliseconds(0)) == std::future_status::timeout);
  at.stop();
  CHECK(waiting.get().find(" 200 ") == std::string::npos);
}
