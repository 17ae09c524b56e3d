// Goal: requests reach the handler as they were sent, and answers the client as they were given, from any thread.
// Method: a server on port 0 and a client that writes raw bytes.
#include "raw_client.hpp"
#include "running_server.hpp"

#include <doctest/doctest.h>

#include <atomic>

using namespace std::literals;
using tenon::http::request;
using tenon::http::responder;
using tenon::http::response;

namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("a request arrives with method, path, query, headers and body, and its answer goes back") {
  std::promise<request> seen;
  running_server server([&](request asked, responder answer) {
    seen.set_value(asked);
    response made{.status = 201};
    made.headers.emplace_back("x-one", "1");
    made.headers.emplace_back("x-one", "2");
    made.body = "made";
    answer(std::move(made));
  });
  raw_client client(server.port());
  client.send(
      "POST /t/acme%20news/mcp?a=1&b=2 HTTP/1.1\r\nHost: acme.example\r\nX-Trace: 7\r\nX-Trace: 8\r\n"
      "Content-Length: 5\r\n\r\nhello");
  const auto head = client.read_head();
  CHECK(head.starts_with("HTTP/1.1 201 Created\r\n"));
  CHECK(contains(head, "x-one: 1\r\nx-one: 2\r\n"));
  CHECK(contains(head, "Content-Length: 4\r\n"));
  CHECK_FALSE(contains(head, "Content-Type"));
  CHECK(client.read(4) == "made");
  const auto asked = seen.get_future().get();
  CHECK(asked.method == "POST");
  CHECK(asked.path == "/t/acme%20news/mcp");
  CHECK(asked.query == "a=1&b=2");
  CHECK(asked.header("x-trace") == "7");
  CHECK(asked.header("host") == "acme.example");
  CHECK(asked.header("absent").empty());
  CHECK(asked.body == "hello");
  CHECK(asked.peer == "127.0.0.1");
}

TEST_CASE("a connection is kept, and pipelined requests are answered in order") {
  running_server server(echo);
  raw_client client(server.port());
  client.send(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const auto all = client.read_rest();
  const auto first = all.find("GET\n/1\n");
  const auto second = all.find("GET\n/2\n");
  const auto third = all.find("GET\n/3\n");
  REQUIRE(third != all.npos);
  CHECK(first < second);
  CHECK(second < third);
}

TEST_CASE("HTTP/1.0 closes after the answer unless asked to keep") {
  running_server server(echo);
  CHECK(contains(raw_client(server.port()).send("GET / HTTP/1.0\r\n\r\n").read_rest(), "GET\n/\n"));
  raw_client kept(server.port());
  kept.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(contains(kept.read_head(), "Connection: keep-alive"));
}

TEST_CASE("the absolute form of a target and an empty query are understood") {
  running_server server(echo);
  raw_client client(server.port());
  CHECK(contains(client.send("GET http://a.example/x?y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").read_rest(),
                 "GET\n/x\ny\n"));
  raw_client bare(server.port());
  CHECK(contains(bare.send("GET http://a.example? HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").read_rest(),
                 "GET\n/\n\n"));
}

TEST_CASE("a chunked body arrives whole") {
  running_server server(echo);
  raw_client client(server.port());
  client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
      "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n");
  CHECK(contains(client.read_rest(), "\nhello world"));
}

TEST_CASE("a client that waits for leave to send its body gets it") {
  running_server server(echo);
  raw_client client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n");
  CHECK(client.read_head() == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(contains(client.send("hello").read_rest(), "200 OK"));
}

TEST_CASE("HEAD gets the length and no body") {
  running_server server(echo);
  raw_client client(server.port());
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const auto all = client.read_rest();
  CHECK(contains(all, "Content-Length: 8\r\n"));
  CHECK(all.ends_with("\r\n\r\n"));
}

TEST_CASE("an empty answer has length zero, and a 204 has no length at all") {
  std::atomic<unsigned> status = 202;
  running_server server([&](request, responder answer) { answer({.status = status}); });
  raw_client client(server.port());
  CHECK(contains(client.send("POST / HTTP/1.1\r\nHost: a\r\n\r\n").read_head(), "Content-Length: 0\r\n"));
  status = 204;
  const auto head = client.send("POST / HTTP/1.1\r\nHost: a\r\n\r\n").read_head();
  CHECK(contains(head, "204 No Content"));
  CHECK_FALSE(contains(head, "Content-Length"));
  status = 200;
  CHECK(contains(client.send("POST / HTTP/1.1\r\nHost: a\r\n\r\n").read_head(), "200 OK"));
}

TEST_CASE("the handler may close the connection, but not set its own length") {
  running_server server([](request, responder answer) {
    response made;
    made.headers = {{"Connection", "close"}, {"Content-Length", "999"}, {"Transfer-Encoding", "chunked"}};
    made.body = "x";
    answer(std::move(made));
  });
  const auto all = raw_client(server.port()).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").read_rest();
  CHECK(contains(all, "Connection: close\r\n"));
  CHECK(contains(all, "Content-Length: 1\r\n"));
  CHECK_FALSE(contains(all, "Transfer-Encoding"));
}

TEST_CASE("a line break in an answer's header becomes a 500, not a header") {
  running_server server([](request, responder answer) {
    response made;
    made.headers.emplace_back("x-id", "1\r\nset-cookie: a=b");
    answer(std::move(made));
  });
  const auto head = raw_client(server.port()).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").read_head();
  CHECK(head.starts_with("HTTP/1.1 500 "));
  CHECK_FALSE(contains(head, "set-cookie"));
}

TEST_CASE("an answer may come later, from another thread") {
  std::promise<responder> asked;
  running_server server([&](request, responder answer) { asked.set_value(std::move(answer)); });
  raw_client client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  auto answer = asked.get_future().get();
  std::thread([&] { answer({.status = 299}); }).join();
  CHECK(client.read_head().starts_with("HTTP/1.1 299 "));
}

TEST_CASE("a second answer to one request is dropped") {
  running_server server([](request, responder answer) {
    answer({.status = 201});
    answer({.status = 202});
  });
  raw_client client(server.port());
  CHECK(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").read_head().starts_with("HTTP/1.1 201 "));
  CHECK(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").read_head().starts_with("HTTP/1.1 201 "));
}

TEST_CASE("a request whose handler throws or gives up gets a 500, and the connection lives on") {
  running_server server([](request asked, responder answer) {
    if (asked.path == "/throws") throw std::runtime_error("secret");
    if (asked.path == "/drops") return;
    echo(std::move(asked), std::move(answer));
  });
  raw_client client(server.port());
  for (const auto* path : {"/throws", "/drops"}) {
    const auto head =
        client.send("GET "s + path + " HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n").read_head();
    CHECK(head.starts_with("HTTP/1.1 500 "));
    const auto at = head.find("Content-Length: ");
    REQUIRE(at != head.npos);
    CHECK_FALSE(contains(client.read(std::stoul(head.substr(at + 16))), "secret"));
  }
  CHECK(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").read_head().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("connections are served at the same time, requests of one connection are not") {
  std::promise<responder> first;
  std::atomic<int> calls = 0;
  running_server server([&](request asked, responder answer) {
    ++calls;
    if (asked.path == "/waits") return first.set_value(std::move(answer));
    echo(std::move(asked), std::move(answer));
  });
  raw_client waiting(server.port());
  waiting.send("GET /waits HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  auto answer = first.get_future().get();
  CHECK(raw_client(server.port()).send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").read_head().starts_with("HTTP/1.1 200 "));
  CHECK(calls == 2);
  answer({});
  CHECK(waiting.read_head().starts_with("HTTP/1.1 200 "));
  CHECK(waiting.read_head().starts_with("HTTP/1.1 200 "));
  CHECK(calls == 3);
}

TEST_CASE("many clients at once all get their own answers") {
  running_server server(echo);
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int client = 0; client < 8; ++client)
    threads.emplace_back([&, client] {
      raw_client connection(server.port());
      for (int at = 0; at < 20; ++at) {
        const auto path = "/" + std::to_string(client) + "-" + std::to_string(at);
        connection.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
        connection.read_head();
        const auto expected = "GET\n" + path + "\n\n";
        if (connection.read(expected.size()) == expected) ++right;
      }
    });
  for (auto& each : threads) each.join();
  CHECK(right == 160);
}

TEST_CASE("a stopped server lets the running request finish and closes idle connections") {
  std::promise<responder> asked;
  running_server server([&](request, responder answer) { asked.set_value(std::move(answer)); });
  raw_client idle(server.port());
  raw_client busy(server.port());
  busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  auto answer = asked.get_future().get();
  auto stopped = server.stop(60s);
  CHECK(idle.read_rest().empty());
  CHECK_THROWS(raw_client(server.port()));
  answer({});
  const auto all = busy.read_rest();
  CHECK(all.starts_with("HTTP/1.1 200 "));
  CHECK(contains(all, "Connection: close"));
  stopped.wait();
}

TEST_CASE("after the grace a request that never ends is closed, and its late answer is dropped") {
  std::promise<responder> asked;
  running_server server([&](request, responder answer) { asked.set_value(std::move(answer)); });
  raw_client client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  auto answer = asked.get_future().get();
  auto patient = server.stop(1h);
  server.stop(0ms).wait();
  patient.wait();
  CHECK(client.read_rest().empty());
  answer({});
}

TEST_CASE("a responder may outlive the server and its executor") {
  std::promise<responder> asked;
  responder answer;
  {
    boost::asio::io_context context;
    auto server = tenon::http::server::start(context.get_executor(), {}, [&](request, responder given) {
                    asked.set_value(std::move(given));
                  }).value();
    raw_client client(server->port());
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    auto waits = asked.get_future();
    while (waits.wait_for(0s) != std::future_status::ready) context.run_one();
    answer = waits.get();
  }
  answer({});
}

TEST_CASE("dropping the server stops accepting") {
  boost::asio::thread_pool threads(1);
  auto server = tenon::http::server::start(threads.get_executor(), {}, echo).value();
  const auto port = server->port();
  server.reset();
  threads.join();
  CHECK_THROWS(raw_client(port));
}

TEST_CASE("a port in use and a wrong address are refused with what to do") {
  running_server server(echo);
  boost::asio::io_context context;
  const auto taken = tenon::http::server::start(context.get_executor(), {.port = server.port()}, echo);
  REQUIRE(taken.has_error());
  CHECK(taken.error().code == "CONFIGURATION_ERROR");
  CHECK(contains(taken.error().operator_detail, "127.0.0.1:" + std::to_string(server.port())));
  CHECK(contains(taken.error().operator_detail, "another port"));
  const auto wrong = tenon::http::server::start(context.get_executor(), {.address = "localhost", .port = 8080}, echo);
  REQUIRE(wrong.has_error());
  CHECK(contains(wrong.error().operator_detail, "\"localhost\""));
  CHECK(contains(wrong.error().operator_detail, "8080"));
  const auto foreign = tenon::http::server::start(context.get_executor(), {.address = "192.0.2.1", .port = 8080}, echo);
  REQUIRE(foreign.has_error());
  CHECK(contains(foreign.error().operator_detail, "192.0.2.1:8080"));
}
