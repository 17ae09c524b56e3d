// Goal: whatever a hostile client does, it holds no more than its connection, for no longer than the limits say, and
// other clients are answered meanwhile. Method: raw bytes; a slow client is paced by the answers that a proper one
// gets, not by a clock, and is over when the server closes it.
#include "raw_client.hpp"
#include "running_server.hpp"

#include <doctest/doctest.h>

#include <atomic>

using namespace std::literals;
using tenon::http::request;
using tenon::http::responder;
using tenon::http::response;
using tenon::http::server_options;

namespace {

const auto proper = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"s;

bool is_served(raw_client& client) {
  const bool found = client.send(proper).read_head().starts_with("HTTP/1.1 200 ");
  return client.read(6) == "GET\n/\n" && client.read(1) == "\n" && found;
}

/// What a client is told that sends `begin` and then a byte for every answer that somebody else gets.
std::string dripped(std::string_view begin) {
  server_options options;
  options.max_header_bytes = 16u << 20;
  options.max_body_bytes = 16u << 20;
  options.read_timeout = 100ms;
  std::atomic<bool> reached = false;
  running_server server(
      [&](request asked, responder answer) {
        if (asked.method == "POST") reached = true;
        echo(std::move(asked), std::move(answer));
      },
      options);
  raw_client slow(server.port());
  raw_client other(server.port());
  slow.send(begin);
  for (int round = 0; !slow.has_answer(); ++round) {
    REQUIRE(round < 1'000'000);
    REQUIRE(is_served(other));
    slow.send("x");
  }
  CHECK(is_served(other));
  CHECK_FALSE(reached);
  return slow.read_head();
}

server_options small() {
  server_options made;
  made.max_header_bytes = 1024;
  made.max_body_bytes = 64;
  return made;
}

}  // namespace

TEST_CASE("a head that drips in is cut off at the time for the whole request, however steadily it comes") {
  CHECK(dripped("POST / HTTP/1.1\r\nHost: a\r\nX-Slow: ").starts_with("HTTP/1.1 408 "));
  CHECK(dripped("POST /").starts_with("HTTP/1.1 408 "));
}

TEST_CASE("a body that drips in is cut off at the time for the whole request, with a length and in chunks") {
  CHECK(dripped("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n").starts_with("HTTP/1.1 408 "));
  CHECK(dripped("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n989680\r\n")
            .starts_with("HTTP/1.1 408 "));
}

TEST_CASE("a flood of headers is refused at the limit, of many short ones as of one long") {
  running_server server(echo, small());
  std::string flood = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 20'000; ++i) flood += "a: b\r\n";
  raw_client client(server.port());
  CHECK(client.send(flood).read_head().starts_with("HTTP/1.1 431 "));
  raw_client other(server.port());
  CHECK(is_served(other));
}

TEST_CASE("a body is too large by the sum of its chunks, and by a size that no number can hold") {
  running_server server(echo, small());
  const auto told = [&](const std::string& chunks) {
    raw_client client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
    return client.read_head().substr(0, 12);
  };
  std::string many;
  for (int i = 0; i < 65; ++i) many += "1\r\nx\r\n";
  CHECK(told(many) == "HTTP/1.1 413");
  CHECK(told("41\r\n") == "HTTP/1.1 413");
  CHECK(told("fffffffffffffff0\r\n") == "HTTP/1.1 413");
  CHECK(told("1fffffffffffffff0\r\n") == "HTTP/1.1 400");
  CHECK(told("-1\r\n") == "HTTP/1.1 400");
}

TEST_CASE("a body in a coding that the server does not know is no request without a body") {
  running_server server(echo, small());
  for (const auto* head : {"Transfer-Encoding: gzip\r\n", "Transfer-Encoding: gzip\r\nContent-Length: 3\r\n",
                           "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding: gzip, chunked\r\n",
                           "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding:\r\n"}) {
    CAPTURE(head);
    raw_client client(server.port());
    client.send("POST / HTTP/1.1\r\nHost: a\r\n"s + head + "\r\n0\r\n\r\n" + proper);
    const auto all = client.read_rest();
    CHECK(all.starts_with("HTTP/1.1 400 "));
    CHECK(all.find("200 OK") == all.npos);
  }
  raw_client old(server.port());
  old.send("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  CHECK(old.read_head().starts_with("HTTP/1.1 400 "));
}

TEST_CASE("a target that is neither a path nor an http URL gets a 400") {
  running_server server(echo, small());
  const auto told = [&](const std::string& target) {
    raw_client client(server.port());
    return client.send("GET " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").read_head().substr(0, 12);
  };
  for (const auto* target :
       {"x", "mcp?u=http://b.example/mcp", "ftp://a.example/", "http:/x", "a.example:80", "://x"}) {
    CAPTURE(target);
    CHECK(told(target) == "HTTP/1.1 400");
  }
  for (const auto* target : {"/", "*", "HTTP://a.example", "https://a.example/x?y"})
    CHECK(told(target) == "HTTP/1.1 200");
}

TEST_CASE("a connection that is cut or half-closed after any byte of a request never reaches the handler half-read") {
  std::atomic<int> whole = 0;
  std::atomic<int> broken = 0;
  running_server server([&](request asked, responder answer) {
    ++(asked.body == "hello" ? whole : broken);
    answer({});
  });
  const auto text = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"s;
  for (std::size_t size = 0; size < text.size(); ++size) {
    CAPTURE(size);
    raw_client cut(server.port());
    cut.send(text.substr(0, size)).abort();
    raw_client halved(server.port());
    halved.send(text.substr(0, size)).half_close();
    CHECK(halved.read_rest().empty());
  }
  raw_client client(server.port());
  CHECK(client.send(text).read_head().starts_with("HTTP/1.1 200 "));
  CHECK(whole == 1);
  CHECK(broken == 0);
}

TEST_CASE("two hundred connections that are held open, silent or half-way, keep nobody else from being served") {
  running_server server(echo);
  boost::asio::io_context context;
  std::vector<boost::asio::ip::tcp::socket> held;
  for (int i = 0; i < 200; ++i) {
    auto& socket = held.emplace_back(context);
    socket.connect({boost::asio::ip::make_address("127.0.0.1"), server.port()});
    if (i % 2 == 0) boost::asio::write(socket, boost::asio::buffer("POST / HTTP/1.1\r\nHost: a"sv));
  }
  for (int i = 0; i < 20; ++i) {
    raw_client client(server.port());
    CHECK(is_served(client));
    CHECK(is_served(client));
  }
  auto& waited = held.front();
  boost::asio::write(waited, boost::asio::buffer("\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"sv));
  std::string all;
  boost::system::error_code ended;
  boost::asio::read(waited, boost::asio::dynamic_buffer(all), ended);
  CHECK(all.starts_with("HTTP/1.1 200 "));
}
