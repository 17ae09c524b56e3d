// Goal: what settings say about the edge reaches the listener, and strangers are turned away there. Method: a whole
// daemon on a free port and raw bytes. The read timeout is an hour, so that no answer comes because of it.
#include "running_daemon.hpp"

using namespace tenon;
using namespace tenon::tenond;

namespace {

const std::string patient = "read_timeout_ms = 3600000\nidle_timeout_ms = 3600000\n";
const std::string token = "Authorization: Bearer secret-token\r\nContent-Type: application/json\r\n";
const std::string ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";

/// All that comes back for a POST to /mcp with these headers.
std::string told(const running_daemon& w, const std::string& headers, const std::string& body = "") {
  raw_client client(w.port);
  return client.send("POST /mcp HTTP/1.1\r\n" + headers + "\r\n" + body).read_rest();
}

std::string sized(const std::string& body) {
  return "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n";
}

}  // namespace

TEST_CASE("a stranger who announces 100 MB is told 401 without having sent a byte of it") {
  running_daemon w(patient);
  for (const auto* body : {"Content-Length: 104857600\r\n", "Transfer-Encoding: chunked\r\n",
                           "Content-Length: 104857600\r\nExpect: 100-continue\r\n"}) {
    CAPTURE(body);
    const auto all = told(w, std::string("Host: localhost\r\n") + body);
    CHECK(all.starts_with("HTTP/1.1 401 "));
    CHECK(all.find("Connection: close\r\n") != all.npos);
  }
  CHECK(told(w, "Host: localhost\r\nContent-Length: 104857600\r\n" + token).starts_with("HTTP/1.1 413 "));
}

TEST_CASE("a health check with a body is answered without it") {
  running_daemon w(patient);
  raw_client client(w.port);
  CHECK(client.send("GET /healthz HTTP/1.1\r\nHost: 10.0.0.1\r\nContent-Length: 1000000\r\n\r\n")
            .read_rest()
            .starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a page that rebinds its name is refused, one of this machine is not") {
  running_daemon w;
  const auto from = [&](const std::string& host, const std::string& origin) {
    return told(w, "Host: " + host + "\r\nOrigin: " + origin + "\r\n" + token + sized(ping), ping).substr(9, 3);
  };
  const auto here = "localhost:" + std::to_string(w.port);
  CHECK(from("evil.example.com", "http://evil.example.com") == "421");
  CHECK(from(here, "http://evil.example.com") == "403");
  CHECK(from("evil.example.com", "http://" + here) == "421");
  CHECK(from(here, "http://" + here) == "200");
  CHECK(from("127.0.0.1:" + std::to_string(w.port), "http://127.0.0.1:" + std::to_string(w.port)) == "200");
}

TEST_CASE("the limits of [server] are the listener's") {
  running_daemon w(
      "max_header_bytes = 1024\nmax_body_bytes = 2048\nallowed_hosts = [\"sales.example.com\"]\n"
      "allowed_origins = [\"https://app.example.com\"]\n" +
      patient);
  CHECK(told(w, "Host: localhost\r\nX: " + std::string(2000, 'x') + "\r\n").starts_with("HTTP/1.1 431 "));
  CHECK(told(w, "Host: localhost\r\nContent-Length: 2049\r\n" + token).starts_with("HTTP/1.1 413 "));
  CHECK(told(w, "Host: sales.example.com\r\nOrigin: https://app.example.com\r\n" + token + sized(ping), ping)
            .starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a read timeout and an idle timeout of [server] are the listener's") {
  running_daemon hasty("read_timeout_ms = 20\nidle_timeout_ms = 3600000\n");
  CHECK(told(hasty, "Host: localhost\r\n" + token + "Content-Length: 5\r\n").starts_with("HTTP/1.1 408 "));
  running_daemon w("read_timeout_ms = 3600000\nidle_timeout_ms = 20\n");
  CHECK(raw_client(w.port).read_rest().empty());
}
