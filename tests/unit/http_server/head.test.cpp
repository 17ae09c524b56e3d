// Goal: a request may be answered by its head alone, before a byte of its body is read, and what follows on the
// connection is still understood rightly. Method: a head handler that refuses by path, and a client that writes raw
// bytes; the time limits are an hour, so that no test passes because of one.
#include "raw_client.hpp"
#include "running_server.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>

using namespace std::literals;
using tenon::http::request;
using tenon::http::responder;
using tenon::http::response;
using tenon::http::server_options;

namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

server_options patient() {
  server_options made;
  made.max_body_bytes = 64;
  made.read_timeout = made.idle_timeout = 1h;
  return made;
}

std::optional<response> refuse_no(const request& head) {
  if (head.path == "/throws") throw std::runtime_error("secret");
  if (head.path != "/no") return std::nullopt;
  return response{.status = 401, .headers = {}, .body = "no\n"};
}

struct guarded_server {
  running_server server{[this](request asked, responder answer) {
                          ++calls;
                          echo(std::move(asked), std::move(answer));
                        },
                        patient(), refuse_no};
  std::atomic<int> calls = 0;

  raw_client client() const { return raw_client(server.port()); }
};

}  // namespace

TEST_CASE("the head handler sees the head and an empty body, the request handler then sees both") {
  std::promise<request> seen;
  running_server server(echo, {}, [&](const request& head) {
    seen.set_value(head);
    return std::optional<response>();
  });
  raw_client client(server.port());
  client.send("POST /x?y HTTP/1.1\r\nHost: a\r\nX-Trace: 7\r\nContent-Length: 5\r\nConnection: close\r\n\r\n");
  const auto head = seen.get_future().get();
  CHECK(head.method == "POST");
  CHECK(head.path == "/x");
  CHECK(head.query == "y");
  CHECK(head.header("x-trace") == "7");
  CHECK(head.peer == "127.0.0.1");
  CHECK(head.body.empty());
  CHECK(client.send("hello").read_rest().ends_with("POST\n/x\ny\nhello"));
}

TEST_CASE("a stranger who announces 100 MB is refused at once, and the connection is closed") {
  guarded_server w;
  for (const auto* body : {"Content-Length: 104857600\r\n", "Transfer-Encoding: chunked\r\n"}) {
    CAPTURE(body);
    auto client = w.client();
    const auto all = client.send("POST /no HTTP/1.1\r\nHost: a\r\n"s + body + "\r\n").read_rest();
    CHECK(all.starts_with("HTTP/1.1 401 "));
    CHECK(contains(all, "Connection: close\r\n"));
    CHECK(all.ends_with("\r\n\r\nno\n"));
  }
  CHECK(w.calls == 0);
}

TEST_CASE("who waits for leave to send a body gets it only if the head was accepted and the body is not too large") {
  guarded_server w;
  const auto ask = [&](std::string path, std::string size, std::string version = "HTTP/1.1") {
    return "POST " + path + " " + version + "\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: " + size +
           "\r\nConnection: close\r\n\r\n";
  };
  CHECK(w.client().send(ask("/no", "5")).read_rest().starts_with("HTTP/1.1 401 "));
  CHECK(w.client().send(ask("/", "65")).read_rest().starts_with("HTTP/1.1 413 "));
  auto accepted = w.client();
  CHECK(accepted.send(ask("/", "5")).read_head() == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(accepted.send("hello").read_rest().starts_with("HTTP/1.1 200 "));
  auto old = w.client();
  CHECK(old.send(ask("/", "5", "HTTP/1.0") + "hello").read_rest().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a refusal comes before the body's own faults, which are looked at when the head was accepted") {
  guarded_server w;
  CHECK(w.client()
            .send("POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 65\r\n\r\n")
            .read_rest()
            .starts_with("HTTP/1.1 401 "));
  CHECK(w.client()
            .send("POST /no HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
            .read_rest()
            .starts_with("HTTP/1.1 401 "));
  CHECK(w.client()
            .send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65\r\n\r\n")
            .read_rest()
            .starts_with("HTTP/1.1 413 "));
}

TEST_CASE("a refused request without a body keeps the connection, and the pipelined ones around it are answered") {
  guarded_server w;
  auto client = w.client();
  client.send(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /no HTTP/1.1\r\nHost: a\r\n\r\n"
      "POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\nConnection: "
      "close\r\n\r\n");
  const auto all = client.read_rest();
  CHECK(all.starts_with("HTTP/1.1 200 "));
  CHECK(count(all, "HTTP/1.1 401 ") == 2);
  CHECK(all.ends_with("GET\n/3\n\n"));
  CHECK(w.calls == 2);
}

TEST_CASE("the body of a refused request is never taken for the next request") {
  guarded_server w;
  auto client = w.client();
  client.send(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 35\r\n\r\n"
      "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto all = client.read_rest();
  CHECK(count(all, "HTTP/1.1 ") == 2);
  CHECK(all.ends_with("no\n"));
  CHECK(w.calls == 1);
}

TEST_CASE("a head handler that throws gives a 500 without its words") {
  guarded_server w;
  auto client = w.client();
  const auto head = client.send("GET /throws HTTP/1.1\r\nHost: a\r\n\r\n").read_head();
  CHECK(head.starts_with("HTTP/1.1 500 "));
  CHECK_FALSE(contains(client.read(20), "secret"));
  CHECK(client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").read_head().starts_with("HTTP/1.1 200 "));
  CHECK(w.calls == 1);
}

TEST_CASE("trailers add nothing to the headers that were looked at") {
  std::promise<request> seen;
  running_server server([&](request asked, responder answer) {
    seen.set_value(asked);
    answer({});
  });
  raw_client client(server.port());
  client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n"
      "2\r\nhi\r\n0\r\nAuthorization: Bearer late\r\nHost: b\r\n\r\n");
  CHECK(client.read_head().starts_with("HTTP/1.1 200 "));
  const auto asked = seen.get_future().get();
  CHECK(asked.body == "hi");
  CHECK(asked.header("host") == "a");
  CHECK(asked.header("authorization").empty());
}

TEST_CASE("the host of an absolute target goes before the Host header") {
  std::promise<std::string> seen;
  running_server server([&](request asked, responder answer) {
    seen.set_value(std::string(asked.header("host")));
    answer({});
  });
  raw_client(server.port()).send("GET http://b.example:81/x HTTP/1.1\r\nHost: a.example\r\n\r\n").read_head();
  CHECK(seen.get_future().get() == "b.example:81");
}
