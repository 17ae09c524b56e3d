// Goal: requests arrive as they were given, answers come back whole, connections are reused and bounded. Method:
// against our own server, and against scripted peers where the bytes matter.
#include "client_fixture.hpp"
#include "scripted_server.hpp"

#include "http_server/http_server.hpp"

#include <boost/asio/post.hpp>

#include <doctest/doctest.h>

#include <atomic>

using namespace std::literals;
using kind = tenon::http_failure::kind;
using progress = tenon::http_failure::progress;

namespace {

/// Our own server, answering every request with its method, path, query and body, a line each.
class echo_server {
 public:
  echo_server() : server_(tenon::http::server::start(threads_.get_executor(), {}, answer).value()) {}
  ~echo_server() {
    server_->stop(0ms, {});
    server_.reset();
    threads_.join();
  }
  std::string url(std::string_view path) const {
    return "http://localhost:" + std::to_string(server_->port()) + std::string(path);
  }

 private:
  static void answer(tenon::http::request asked, tenon::http::responder answer) {
    tenon::http::response made;
    made.headers = {{"X-Agent", std::string(asked.header("user-agent"))}, {"X-Twice", "1"}, {"X-Twice", "2"}};
    made.body = asked.method + '\n' + asked.path + '\n' + asked.query + '\n' + asked.body;
    answer(std::move(made));
  }

  boost::asio::thread_pool threads_{2};
  std::shared_ptr<tenon::http::server> server_;
};

/// Answers every request of a connection with "ok".
void polite(scripted_peer& peer) {
  while (!peer.read_head().empty()) peer.write(ok);
}

}  // namespace

TEST_CASE("a request and its answer go there and back whole") {
  echo_server server;
  client_fixture client;
  const auto got = client.fetch(request_to("POST", server.url("/a%20b?c=d"), "hello"));
  REQUIRE(got.has_value());
  CHECK(got->status == 200);
  CHECK(got->body == "POST\n/a%20b\nc=d\nhello");
  std::string twice;
  for (const auto& [name, value] : got->headers) {
    if (name == "x-twice") twice += value;
    if (name == "x-agent") CHECK(value.starts_with("tenon/"));
  }
  CHECK(twice == "12");
}

TEST_CASE("a megabyte goes there and back, by every method with a body") {
  echo_server server;
  client_fixture client;
  const std::string body(1u << 20, 'x');
  for (const auto* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    const auto got = client.fetch(request_to(method, server.url("/"), body));
    REQUIRE(got.has_value());
    CHECK(got->body == method + "\n/\n\n"s + body);
  }
}

TEST_CASE("exchanges one after the other share a connection") {
  scripted_server server({polite, polite});
  client_fixture client;
  for (int at = 0; at < 5; ++at) CHECK(client.fetch(request_to("GET", server.url())).has_value());
  CHECK(server.accepted() == 1);
}

TEST_CASE("a connection is not reused when the peer says so, or says more than it was asked") {
  for (const auto answer : {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"sv,
                            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"sv,
                            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 Not Yours\r\n\r\n"sv}) {
    scripted_server server({[=](scripted_peer& peer) {
                              peer.read_head();
                              peer.write(answer);
                              peer.read_rest();
                            },
                            polite});
    client_fixture client;
    CHECK(client.fetch(request_to("GET", server.url())).has_value());
    const auto second = client.fetch(request_to("GET", server.url()));
    REQUIRE(second.has_value());
    CHECK(second->status == 200);
    CHECK(server.accepted() == 2);
  }
}

TEST_CASE("answers to HEAD, 204 and 304 have no body, whatever their header says, and keep the connection") {
  scripted_server server({[](scripted_peer& peer) {
    for (const auto* status : {"200 OK", "204 No Content", "304 Not Modified", "200 OK"}) {
      if (peer.read_head().empty()) return;
      peer.write("HTTP/1.1 "s + status + "\r\nContent-Length: 100000000\r\n\r\n");
    }
    peer.read_rest();
  }});
  client_fixture client;
  for (const auto* method : {"HEAD", "GET", "GET", "HEAD"}) {
    const auto got = client.fetch(request_to(method, server.url()));
    REQUIRE(got.has_value());
    CHECK(got->body.empty());
  }
  CHECK(server.accepted() == 1);
}

TEST_CASE("chunked answers, answers that end with the connection, and interim answers are understood") {
  using row = std::pair<std::string_view, std::string_view>;
  for (const auto& [answer, body] :
       {row{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n",
            "abcde"},
        row{"HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end"}, row{"HTTP/1.1 200 OK\r\n\r\n", ""},
        row{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 "
            "OK\r\nContent-Length: 1\r\n\r\nx",
            "x"}}) {
    scripted_server server({[answer = answer](scripted_peer& peer) {
      peer.read_head();
      peer.write(answer);
    }});
    client_fixture client;
    const auto got = client.fetch(request_to("GET", server.url()));
    REQUIRE(got.has_value());
    CHECK(got->status == 200);
    CHECK(got->body == body);
  }
}

TEST_CASE("a redirect is an answer like any other") {
  scripted_server server({[](scripted_peer& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
    peer.read_rest();
  }});
  client_fixture client;
  const auto got = client.fetch(request_to("GET", server.url()));
  REQUIRE(got.has_value());
  CHECK(got->status == 302);
}

TEST_CASE("64 exchanges at once all get their own answers") {
  echo_server server;
  client_fixture client({.connections_per_origin = 16});
  std::vector<std::future<tenon::http_result>> running;
  for (int at = 0; at < 64; ++at)
    running.push_back(client.start(request_to("GET", server.url("/" + std::to_string(at)))));
  for (int at = 0; at < 64; ++at) {
    const auto got = client_fixture::wait(std::move(running[static_cast<std::size_t>(at)]));
    REQUIRE(got.has_value());
    CHECK(got->body == "GET\n/" + std::to_string(at) + "\n\n");
  }
}

TEST_CASE("beyond the limit exchanges wait within their time, and go in the order of their start") {
  std::promise<void> go;
  std::vector<std::string> seen;
  {
    scripted_server server({[&](scripted_peer& peer) {
      auto may_go = go.get_future();
      for (std::string head; !(head = peer.read_head()).empty(); peer.write(ok)) {
        if (seen.empty()) may_go.wait();
        seen.push_back(head.substr(0, head.find(" HTTP")));
      }
    }});
    client_fixture client({.connections_per_origin = 1});
    std::vector<std::future<tenon::http_result>> running;
    for (int at = 0; at < 5; ++at)
      running.push_back(client.start(request_to("GET", server.url("/" + std::to_string(at)))));
    auto request = request_to("GET", server.url("/late"));
    request.timeout = 20ms;
    const auto late = client.fetch(request);
    REQUIRE(late.has_error());
    CHECK(late.error().what == kind::timeout);
    CHECK(late.error().phase == progress::not_sent);
    CHECK(late.error().message.find("waiting for one of the connections") != std::string::npos);
    go.set_value();
    for (auto& each : running) CHECK(client_fixture::wait(std::move(each)).has_value());
    CHECK(server.accepted() == 1);
  }
  CHECK(seen == std::vector{"GET /0"s, "GET /1"s, "GET /2"s, "GET /3"s, "GET /4"s});
}

TEST_CASE("an owner has no more exchanges open than its share, at all origins together, and takes nobody's turn") {
  // One server holds what it is asked; the other answers.
  std::promise<void> go;
  auto may_go = go.get_future().share();
  std::atomic<int> arrived = 0;
  const auto hold = [&](scripted_peer& peer) {
    for (std::string head; !(head = peer.read_head()).empty(); peer.write(ok)) {
      ++arrived;
      may_go.wait();
    }
  };
  scripted_server holding({hold, hold, hold, hold});
  echo_server answering;
  client_fixture client({.connections_per_origin = 3});
  const auto asked_by = [&](const std::string& owner, const std::string& url) {
    auto request = request_to("GET", url);
    request.share = {.owner = owner, .limit = 2};
    return client.start(std::move(request));
  };
  std::vector<std::future<tenon::http_result>> greedy;
  for (int count = 0; count < 6; ++count) greedy.push_back(asked_by("greedy", holding.url()));
  while (arrived < 2) std::this_thread::yield();
  auto elsewhere = asked_by("greedy", answering.url("/own"));
  // The third connection is another owner's, though four of the first's wait before him.
  auto other = asked_by("other", holding.url());
  while (arrived < 3) std::this_thread::yield();
  CHECK(client_fixture::wait(asked_by("other", answering.url("/other"))).has_value());
  CHECK(elsewhere.wait_for(0s) == std::future_status::timeout);
  CHECK(arrived == 3);
  go.set_value();
  CHECK(client_fixture::wait(std::move(other)).has_value());
  CHECK(client_fixture::wait(std::move(elsewhere)).has_value());
  for (auto& each : greedy) CHECK(client_fixture::wait(std::move(each)).has_value());
}

TEST_CASE("idle connections are closed after their time") {
  std::promise<void> closed;
  scripted_server server({[&](scripted_peer& peer) {
    polite(peer);
    closed.set_value();
  }});
  client_fixture client({.idle_timeout = 20ms});
  CHECK(client.fetch(request_to("GET", server.url())).has_value());
  CHECK(closed.get_future().wait_for(60s) == std::future_status::ready);
}

TEST_CASE("no more than so many idle connections are kept, and none without a limit above zero") {
  scripted_server server({polite, polite});
  client_fixture client({.idle_connections_per_origin = 0});
  CHECK(client.fetch(request_to("GET", server.url())).has_value());
  CHECK(client.fetch(request_to("GET", server.url())).has_value());
  CHECK(server.accepted() == 2);
}

TEST_CASE("done comes after start has returned, also for a request that is refused at once on the executor itself") {
  std::promise<bool> later;
  boost::asio::thread_pool one(1);
  auto alone = tenon::make_http_client(one.get_executor(), {}).value();
  boost::asio::post(one, [&] {
    auto returned = std::make_shared<std::atomic<bool>>(false);
    alone->start(request_to("GET", "nonsense"), {},
                 [&, returned](tenon::http_result got) { later.set_value(*returned && got.has_error()); });
    *returned = true;
  });
  CHECK(later.get_future().get());
  alone.reset();
  one.join();
}
