// Goal: a client that is slow, malformed, oversized or gone costs a short answer or nothing, and no other client
// notices. Method: raw bytes against small limits; timeouts are short and waited for by reading until the server
// closes.
#include "raw_client.hpp"
#include "running_server.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>

using namespace std::literals;
using tenon::http::request;
using tenon::http::responder;
using tenon::http::response;
using tenon::http::server_options;

namespace {

server_options small() {
  server_options made;
  made.max_header_bytes = 1024;
  made.max_body_bytes = 64;
  return made;
}

/// The status line that these bytes get from a server with small limits whose handler must not be called.
std::string refused(std::string_view bytes, server_options options = small()) {
  std::atomic<bool> called = false;
  running_server server(
      [&](request, responder answer) {
        called = true;
        answer({});
      },
      options);
  auto all = raw_client(server.port()).send(bytes).read_rest();
  CHECK_FALSE(called);
  return all.substr(0, all.find("\r\n"));
}

}  // namespace

TEST_CASE("what is not HTTP gets a 400") {
  CHECK(refused("\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"sv) == "HTTP/1.1 400 Bad Request");
  CHECK(refused("GET /\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(refused("GET / HTTP/1.1\r\nHost a\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n") ==
        "HTTP/1.1 400 Bad Request");
  CHECK(refused("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == "HTTP/1.1 505 HTTP Version Not Supported");
}

TEST_CASE("a request that two readers could understand differently gets a 400") {
  CHECK(refused("GET / HTTP/1.1\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") == "HTTP/1.1 400 Bad Request");
  CHECK(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd") ==
        "HTTP/1.1 400 Bad Request");
  CHECK(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") ==
        "HTTP/1.1 400 Bad Request");
}

TEST_CASE("a body beyond the limit gets a 413, by its announcement or by its chunks") {
  CHECK(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65\r\n\r\n") == "HTTP/1.1 413 Payload Too Large");
  CHECK(refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n41\r\n" + std::string(65, 'x') +
                "\r\n0\r\n\r\n") == "HTTP/1.1 413 Payload Too Large");
}

TEST_CASE("a client still sending its oversized body sees the 413") {
  running_server server(echo, small());
  raw_client client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n").send(std::string(1'000'000, 'x'));
  client.half_close();
  CHECK(client.read_rest().starts_with("HTTP/1.1 413 "));
}

TEST_CASE("a header beyond the limit gets a 431, also without an end and also in a chunk") {
  const std::string long_value(100'000, 'x');
  CHECK(refused("GET / HTTP/1.1\r\nHost: a\r\nX: " + long_value + "\r\n\r\n").starts_with("HTTP/1.1 431 "));
  CHECK(refused("GET /" + long_value).starts_with("HTTP/1.1 431 "));
  const auto chunk = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;x=" + long_value;
  CHECK(refused(chunk).starts_with("HTTP/1.1 4"));
}

TEST_CASE("a proxy request gets a 405") {
  CHECK(refused("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n") == "HTTP/1.1 405 Method Not Allowed");
}

TEST_CASE("a request that does not arrive in time gets a 408") {
  auto options = small();
  options.read_timeout = 20ms;
  CHECK(refused("GET / HT", options) == "HTTP/1.1 408 Request Timeout");
  CHECK(refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", options) ==
        "HTTP/1.1 408 Request Timeout");
}

TEST_CASE("an idle connection is closed without a word, before a request and between two") {
  auto options = small();
  options.idle_timeout = 20ms;
  running_server impatient(echo, options);
  CHECK(raw_client(impatient.port()).read_rest().empty());
  options.idle_timeout = 2s;
  running_server patient(echo, options);
  raw_client client(patient.port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.read_rest().ends_with("GET\n/\n\n"));
}

TEST_CASE("once a request has begun the idle limit of its connection is over") {
  auto options = small();
  options.idle_timeout = 1s;
  options.read_timeout = 1h;
  running_server server(echo, options);
  raw_client slow(server.port());
  slow.send("GET / HT");
  CHECK(raw_client(server.port()).read_rest().empty());  // so that the idle limit has passed
  CHECK(slow.send("TP/1.1\r\nHost: a\r\n\r\n").read_head().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("the time a handler takes counts against no limit") {
  auto options = small();
  options.idle_timeout = options.read_timeout = 2s;
  boost::asio::thread_pool later(1);
  running_server server(
      [&](request asked, responder answer) {
        auto held = std::make_shared<responder>(std::move(answer));
        auto timer = std::make_shared<boost::asio::steady_timer>(later, 3s);
        timer->async_wait(
            [timer, held, asked = std::move(asked)](auto) mutable { echo(std::move(asked), std::move(*held)); });
      },
      options);
  CHECK(raw_client(server.port()).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").read_head().starts_with("HTTP/1.1 200 "));
  later.join();  // the server has to outlive who is answering
}

TEST_CASE("a client that does not take its answer is closed") {
  auto options = small();
  options.read_timeout = 50ms;
  running_server server(
      [](request, responder answer) {
        response made;
        made.body.assign(64u << 20, 'x');
        answer(std::move(made));
      },
      options);
  raw_client client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  server.stop(1h).wait();
  CHECK(client.read_rest().size() < 64u << 20);
}

TEST_CASE("clients that vanish at any moment leave nothing behind") {
  std::promise<responder> asked;
  running_server server([&](request seen, responder answer) {
    if (seen.path == "/held") return asked.set_value(std::move(answer));
    echo(std::move(seen), std::move(answer));
  });
  raw_client(server.port()).abort();
  raw_client half(server.port());
  half.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nabc").abort();
  raw_client held(server.port());
  held.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
  auto answer = asked.get_future().get();
  held.abort();
  response large;
  large.body.assign(1u << 20, 'x');
  answer(std::move(large));
  CHECK(raw_client(server.port()).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").read_head().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a client that half-closes after its request still gets the answer") {
  running_server server(echo);
  raw_client client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").half_close();
  CHECK(client.read_rest().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("beyond the connection limit a client waits until another one goes") {
  auto options = small();
  options.max_connections = 1;
  std::promise<responder> asked;
  running_server server(
      [&](request seen, responder answer) {
        if (seen.path == "/held") return asked.set_value(std::move(answer));
        echo(std::move(seen), std::move(answer));
      },
      options);
  raw_client first(server.port());
  first.send("GET /held HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  auto answer = asked.get_future().get();
  raw_client second(server.port());
  second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  answer({});
  CHECK(first.read_rest().starts_with("HTTP/1.1 200 "));
  first.abort();
  CHECK(second.read_head().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a stand-in's answer may break off, or come in pieces") {
  const auto disrupted = [](tenon::http::disruption how) {
    return [how](request, responder answer) {
      response made{.body = std::string(1000, 'x')};
      made.sent = how;
      answer(std::move(made));
    };
  };
  const auto read = [](running_server& server) {
    raw_client client(server.port());
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    return client.read_rest();
  };
  SUBCASE("before it begins") {
    running_server server(disrupted({.reset = tenon::http::disruption::cut::before}));
    CHECK(read(server).empty());
  }
  SUBCASE("in the middle of the body") {
    running_server server(disrupted({.reset = tenon::http::disruption::cut::in_body}));
    const auto seen = read(server);
    CHECK(std::ranges::count(seen, 'x') <= 500);
  }
  SUBCASE("slowly, and whole") {
    running_server server(disrupted({.drip = 1ms}));
    CHECK(read(server).ends_with(std::string(1000, 'x')));
  }
}
