// Goal: every way an exchange can fail is told apart, says exactly how far it got, and repeats nothing that may have
// happened. Method: scripted peers that close, stall, lie and talk too much; cancellation and deadlines while they do.
#include "client_fixture.hpp"
#include "scripted_server.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

using namespace std::literals;
using kind = tenon::http_failure::kind;
using progress = tenon::http_failure::progress;

namespace {

/// Reads one request, then writes these bytes and closes.
scripted_server::script answering(std::string_view bytes) {
  return [bytes = std::string(bytes)](scripted_peer& peer) {
    peer.read_head();
    peer.write(bytes);
    peer.close();
  };
}

void silent(scripted_peer& peer) { peer.read_rest(); }

/// Answers the first request, reads the second, and closes without a word.
void fickle(scripted_peer& peer) {
  peer.read_head();
  peer.write(ok);
  peer.read_head();
}

}  // namespace

TEST_CASE("a refused connection sent nothing") {
  std::string url;
  {
    boost::asio::io_context context;
    boost::asio::ip::tcp::acceptor bound(context, {boost::asio::ip::make_address("127.0.0.1"), 0}, false);
    url = "http://127.0.0.1:" + std::to_string(bound.local_endpoint().port()) + "/secret";
  }
  client_fixture client;
  const auto got = client.fetch(request_to("POST", url));
  REQUIRE(got.has_error());
  CHECK(got.error().what == kind::io);
  CHECK(got.error().phase == progress::not_sent);
  CHECK(got.error().message.find("POST http://127.0.0.1:") == 0);
  CHECK(got.error().message.find("secret") == std::string::npos);
}

TEST_CASE("a name without an address sent nothing") {
  client_fixture client;
  const auto got = client.fetch(request_to("POST", "https://no..name/"));
  REQUIRE(got.has_error());
  CHECK(got.error().what == kind::io);
  CHECK(got.error().phase == progress::not_sent);
  CHECK(got.error().message.find("expected an address") != std::string::npos);
}

TEST_CASE("a peer that closes without an answer leaves the outcome open, and a fresh connection is not tried again") {
  for (const auto* method : {"GET", "POST"}) {
    scripted_server server({answering(""), answering(ok)});
    client_fixture client;
    const auto got = client.fetch(request_to(method, server.url()));
    REQUIRE(got.has_error());
    CHECK(got.error().what == kind::io);
    CHECK(got.error().phase == progress::sent);
    CHECK(server.accepted() == 1);
  }
}

TEST_CASE("an answer that breaks off, or is none, is partly answered") {
  for (const auto answer : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"sv, "HTTP/1.1 20"sv, "H"sv,
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"sv, "SSH-2.0-x\r\n"sv,
                            "HTTP/1.1 200 OK\r\nsecret\r\n\r\n"sv, "HTTP/1.1 101 Switching Protocols\r\n\r\n"sv,
                            "HTTP/1.1 200 OK\r\nContent-Length: secret\r\n\r\n"sv}) {
    CAPTURE(answer);
    scripted_server server({answering(answer)});
    client_fixture client;
    const auto got = client.fetch(request_to("GET", server.url()));
    REQUIRE(got.has_error());
    CHECK(got.error().what == kind::io);
    CHECK(got.error().phase == progress::partly_answered);
    CHECK(got.error().message.find("secret") == std::string::npos);
  }
}

TEST_CASE("interim answers without an end are not waited out") {
  std::string many;
  for (int at = 0; at < 100; ++at) many += "HTTP/1.1 103 Early Hints\r\n\r\n";
  scripted_server server({answering(many)});
  client_fixture client;
  const auto got = client.fetch(request_to("GET", server.url()));
  REQUIRE(got.has_error());
  CHECK(got.error().what == kind::io);
}

TEST_CASE("bodies and headers beyond the limit end the exchange") {
  const auto filler = std::string(1000, 'x');
  for (const auto& answer :
       {"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + filler,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + filler + "\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n" + filler, "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x')}) {
    scripted_server server({answering(answer)});
    client_fixture client;
    auto request = request_to("GET", server.url());
    request.max_response_bytes = 999;
    const auto got = client.fetch(request);
    REQUIRE(got.has_error());
    CHECK(got.error().what == kind::limit);
    CHECK(got.error().phase == progress::partly_answered);
  }
  scripted_server server({answering("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + filler)});
  client_fixture client;
  auto request = request_to("GET", server.url());
  request.max_response_bytes = 1000;
  CHECK(client.fetch(request).has_value());
}

TEST_CASE("a kept connection that the peer closed meanwhile costs nobody anything") {
  std::promise<void> closed;
  scripted_server server({[&](scripted_peer& peer) {
                            peer.read_head();
                            peer.write(ok);
                            peer.close();
                            closed.set_value();
                          },
                          answering(ok)});
  client_fixture client;
  CHECK(client.fetch(request_to("POST", server.url())).has_value());
  closed.get_future().wait();
  CHECK(client.fetch(request_to("POST", server.url())).has_value());
  CHECK(server.accepted() == 2);
}

TEST_CASE("on a kept connection that closes without an answer an idempotent request is repeated once") {
  for (const auto* method : {"GET", "HEAD", "PUT", "DELETE"}) {
    scripted_server server({fickle, answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")});
    client_fixture client;
    CHECK(client.fetch(request_to("GET", server.url())).has_value());
    CHECK(client.fetch(request_to(method, server.url())).has_value());
    CHECK(server.accepted() == 2);
  }
  scripted_server server({fickle, answering(""), answering(ok)});
  client_fixture client;
  CHECK(client.fetch(request_to("GET", server.url())).has_value());
  const auto got = client.fetch(request_to("GET", server.url()));
  REQUIRE(got.has_error());
  CHECK(got.error().phase == progress::sent);
  CHECK(server.accepted() == 2);
}

TEST_CASE("a POST or PATCH that was sent is never repeated") {
  for (const auto* method : {"POST", "PATCH"}) {
    scripted_server server({fickle, answering(ok)});
    client_fixture client;
    CHECK(client.fetch(request_to("GET", server.url())).has_value());
    const auto got = client.fetch(request_to(method, server.url(), "create"));
    REQUIRE(got.has_error());
    CHECK(got.error().what == kind::io);
    CHECK(got.error().phase == progress::sent);
    CHECK(server.accepted() == 1);
  }
}

TEST_CASE("an answer that broke off on a kept connection is not asked for again") {
  scripted_server server({[](scripted_peer& peer) {
                            peer.read_head();
                            peer.write(ok);
                            peer.read_head();
                            peer.write("HTTP/1.1 2");
                          },
                          answering(ok)});
  client_fixture client;
  CHECK(client.fetch(request_to("GET", server.url())).has_value());
  const auto got = client.fetch(request_to("GET", server.url()));
  REQUIRE(got.has_error());
  CHECK(got.error().phase == progress::partly_answered);
  CHECK(server.accepted() == 1);
}

TEST_CASE("a deadline ends the exchange wherever it is, and says where") {
  const auto partly = [](scripted_peer& peer) {
    peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    peer.read_rest();
  };
  scripted_server mute({silent});
  scripted_server stalled({partly});
  client_fixture client;
  const auto start = [&](const scripted_server& server, std::chrono::milliseconds timeout) {
    auto request = request_to("GET", server.url());
    request.timeout = timeout;
    return client.start(request);
  };
  auto at_once = start(mute, 0ms);
  auto before = start(mute, -1ms);
  const auto nothing = client_fixture::wait(std::move(at_once));
  REQUIRE(nothing.has_error());
  CHECK(nothing.error().what == kind::timeout);
  CHECK(nothing.error().phase == progress::not_sent);
  CHECK(client_fixture::wait(std::move(before)).error().phase == progress::not_sent);
  CHECK(mute.accepted() == 0);
  auto unanswered = start(mute, 3000ms);
  auto broken_off = start(stalled, 3000ms);
  const auto sent = client_fixture::wait(std::move(unanswered));
  REQUIRE(sent.has_error());
  CHECK(sent.error().what == kind::timeout);
  CHECK(sent.error().phase == progress::sent);
  CHECK(sent.error().message.find("within 3000 ms, found none while waiting for the answer") != std::string::npos);
  const auto part = client_fixture::wait(std::move(broken_off));
  REQUIRE(part.has_error());
  CHECK(part.error().what == kind::timeout);
  CHECK(part.error().phase == progress::partly_answered);
}

TEST_CASE("a request that the peer does not read to its end is sent, not answered") {
  std::promise<void> begun;
  std::promise<void> over;
  scripted_server server({[&](scripted_peer& peer) {
    peer.read_head();
    begun.set_value();
    over.get_future().wait();
  }});
  {
    client_fixture client;
    std::stop_source stop;
    auto running = client.start(request_to("POST", server.url(), std::string(64u << 20, 'x')), stop.get_token());
    begun.get_future().wait();
    stop.request_stop();
    const auto got = client_fixture::wait(std::move(running));
    REQUIRE(got.has_error());
    CHECK(got.error().what == kind::cancelled);
    CHECK(got.error().phase == progress::sent);
    CHECK(got.error().message.find("while sending") != std::string::npos);
  }
  over.set_value();
}

TEST_CASE("an exchange is cancelled before it starts, while it waits for its answer, and its place is free then") {
  std::promise<void> asked;
  scripted_server server({[&](scripted_peer& peer) {
                            peer.read_head();
                            asked.set_value();
                            peer.read_rest();
                          },
                          answering(ok)});
  client_fixture client({.connections_per_origin = 1});
  std::stop_source before;
  before.request_stop();
  const auto never = client_fixture::wait(client.start(request_to("GET", server.url()), before.get_token()));
  REQUIRE(never.has_error());
  CHECK(never.error().what == kind::cancelled);
  CHECK(never.error().phase == progress::not_sent);
  CHECK(server.accepted() == 0);
  std::stop_source during;
  auto running = client.start(request_to("POST", server.url()), during.get_token());
  asked.get_future().wait();
  std::stop_source queued;
  auto waiting = client.start(request_to("GET", server.url()), queued.get_token());
  auto next = client.start(request_to("GET", server.url()));
  queued.request_stop();
  const auto waited = client_fixture::wait(std::move(waiting));
  REQUIRE(waited.has_error());
  CHECK(waited.error().what == kind::cancelled);
  CHECK(waited.error().phase == progress::not_sent);
  during.request_stop();
  const auto got = client_fixture::wait(std::move(running));
  REQUIRE(got.has_error());
  CHECK(got.error().what == kind::cancelled);
  CHECK(got.error().phase == progress::sent);
  CHECK(client_fixture::wait(std::move(next)).has_value());
}

TEST_CASE("stopping after the end does nothing") {
  scripted_server server({answering(ok)});
  client_fixture client;
  std::stop_source stop;
  CHECK(client_fixture::wait(client.start(request_to("GET", server.url()), stop.get_token())).has_value());
  stop.request_stop();
}

TEST_CASE("exchanges that race with their cancellation end exactly once") {
  std::vector<scripted_server::script> scripts(200, answering(ok));
  scripted_server server(std::move(scripts));
  client_fixture client;
  for (int at = 0; at < 100; ++at) {
    std::stop_source stop;
    auto running = client.start(request_to("GET", server.url()), stop.get_token());
    if (at % 2 == 0) std::this_thread::yield();
    stop.request_stop();
    const auto got = client_fixture::wait(std::move(running));
    CHECK((got.has_value() || got.error().what == kind::cancelled));
  }
}

TEST_CASE("destroying the client cancels what is open and closes what is idle") {
  std::promise<void> asked;
  scripted_server server({[](scripted_peer& peer) {
                            peer.read_head();
                            peer.write(ok);
                            peer.read_rest();
                          },
                          [&](scripted_peer& peer) {
                            peer.read_head();
                            asked.set_value();
                            peer.read_rest();
                          }});
  client_fixture client;
  CHECK(client.fetch(request_to("GET", server.url())).has_value());
  auto reusing = client.start(request_to("GET", server.url()));  // is not answered on the kept connection
  auto running = client.start(request_to("GET", server.url()));
  asked.get_future().wait();
  client.destroy();
  for (auto* each : {&reusing, &running}) {
    const auto got = client_fixture::wait(std::move(*each));
    REQUIRE(got.has_error());
    CHECK(got.error().what == kind::cancelled);
  }
}

TEST_CASE("a context that goes with exchanges open destroys them without a call") {
  scripted_server server({silent, silent});
  bool called = false;
  {
    boost::asio::io_context context;
    auto client = tenon::make_http_client(context.get_executor(), {.connections_per_origin = 1}).value();
    for (int at = 0; at < 3; ++at)
      client->start(request_to("GET", server.url()), {}, [&](tenon::http_result) { called = true; });
    while (server.accepted() == 0) context.run_one_for(std::chrono::milliseconds(10));
    client.reset();
  }
  CHECK_FALSE(called);
}
