// Goal: a browser that a foreign page drives is refused by Host or Origin, and nobody else is. Method: requests as
// values into the guard, with the names that a listener has.
#include "browser_guard.hpp"

#include <doctest/doctest.h>

using namespace tenon;
using namespace tenon::tenond;

namespace {

/// The status that a request with these headers is refused with, or 0.
unsigned refused(const browser_guard& guard, const std::string& host, const std::string& origin = "") {
  http::request asked{.method = "POST", .path = "/mcp", .query = {}, .headers = {}, .body = {}, .peer = {}};
  if (!host.empty()) asked.headers.emplace_back("host", host);
  if (!origin.empty()) asked.headers.emplace_back("origin", origin);
  const auto answer = guard.refuse(asked, [](std::string_view name) { return name == "acme.example.com"; });
  return answer ? answer->status : 0;
}

}  // namespace

TEST_CASE("a listener on loopback answers to the names of loopback and of tenants, on any port, and to no other") {
  for (const auto* address : {"127.0.0.1", "::1"}) {
    const browser_guard guard({.address = address, .allowed_hosts = {}, .allowed_origins = {}});
    for (const auto* host : {"localhost", "LocalHost:8080", "localhost.", "127.0.0.1", "127.0.0.1:1", "[::1]",
                             "[0:0:0:0:0:0:0:1]:8080", "acme.example.com", "ACME.example.com:443", "localhost:"}) {
      CAPTURE(host);
      CHECK(refused(guard, host) == 0);
    }
    for (const auto* host :
         {"evil.example.com", "evil.example.com:8080", "localhost.evil.example.com", "evil@localhost", "localhost@evil",
          "127.0.0.1.evil.example", "127.0.0.2", "0.0.0.0", "[::]", "localhost:0", "localhost:65536", "localhost:80x",
          "localhost, evil.example.com", "acme.example.com.evil.example", ":8080", "http://localhost", "*"}) {
      CAPTURE(host);
      CHECK(refused(guard, host) == 421);
    }
  }
  const browser_guard other({.address = "127.0.0.2", .allowed_hosts = {}, .allowed_origins = {}});
  CHECK(refused(other, "127.0.0.2:8080") == 0);
  CHECK(refused(other, "127.0.0.3") == 421);
}

TEST_CASE("elsewhere any name goes until some are allowed") {
  const browser_guard open({.address = "0.0.0.0", .allowed_hosts = {}, .allowed_origins = {}});
  CHECK(refused(open, "evil.example.com") == 0);
  CHECK(refused(open, "not a host") == 0);
  const browser_guard closed({.address = "10.0.0.5", .allowed_hosts = {"Sales.example.com"}, .allowed_origins = {}});
  CHECK(refused(closed, "sales.example.com:8443") == 0);
  CHECK(refused(closed, "acme.example.com") == 0);
  CHECK(refused(closed, "10.0.0.5:8080") == 0);
  CHECK(refused(closed, "localhost") == 421);
  CHECK(refused(closed, "evil.example.com") == 421);
}

TEST_CASE("an allowed host holds for its port, if it has one, and a star for every host") {
  const browser_guard guard({.address = "127.0.0.1",
                             .allowed_hosts = {"sales.example.com:8443", "web.example.com:443", "[2001:db8::1]"},
                             .allowed_origins = {}});
  CHECK(refused(guard, "sales.example.com:8443") == 0);
  CHECK(refused(guard, "sales.example.com") == 421);
  CHECK(refused(guard, "sales.example.com:80") == 421);
  CHECK(refused(guard, "web.example.com") == 0);
  CHECK(refused(guard, "web.example.com:443") == 0);
  CHECK(refused(guard, "[2001:DB8:0::1]:9") == 0);
  const browser_guard any({.address = "127.0.0.1", .allowed_hosts = {"*"}, .allowed_origins = {}});
  CHECK(refused(any, "whatever.example") == 0);
  CHECK(refused(any, "whatever.example", "http://evil.example.com") == 403);
}

TEST_CASE("a page of the host that was asked is let through, one of another host or port is not") {
  const browser_guard guard({.address = "0.0.0.0", .allowed_hosts = {}, .allowed_origins = {}});
  CHECK(refused(guard, "acme.example.com", "https://acme.example.com") == 0);
  CHECK(refused(guard, "acme.example.com:443", "https://acme.example.com") == 0);
  CHECK(refused(guard, "acme.example.com:8080", "http://ACME.example.com:8080") == 0);
  for (const auto* origin :
       {"https://acme.example.com:8443", "http://evil.example.com", "https://acme.example.com.evil.example", "null",
        "https://acme.example.com/path", "https://evil@acme.example.com", "file://acme.example.com", "acme.example.com",
        "http://", "http://localhost"}) {
    CAPTURE(origin);
    CHECK(refused(guard, "acme.example.com", origin) == 403);
  }
}

TEST_CASE("on loopback pages of loopback are let through on any port, and a rebound name is not") {
  const browser_guard guard;
  CHECK(refused(guard, "localhost:8080", "http://localhost:8080") == 0);
  CHECK(refused(guard, "127.0.0.1:8080", "http://localhost:3000") == 0);
  CHECK(refused(guard, "localhost:8080", "http://evil.example.com") == 403);
  CHECK(refused(guard, "evil.example.com", "http://evil.example.com") == 421);
  CHECK(refused(guard, "acme.example.com", "http://localhost:3000") == 403);
}

TEST_CASE("an allowed origin is let through, exactly as it is written") {
  const browser_guard guard(
      {.address = "127.0.0.1", .allowed_hosts = {}, .allowed_origins = {"https://app.example.com"}});
  CHECK(refused(guard, "localhost", "https://app.example.com") == 0);
  CHECK(refused(guard, "localhost", "https://app.example.com:443") == 0);
  CHECK(refused(guard, "localhost", "http://app.example.com") == 403);
  CHECK(refused(guard, "localhost", "https://app.example.com:8443") == 403);
}

TEST_CASE("who sends neither header is no browser") {
  CHECK(refused(browser_guard(), "") == 0);
  CHECK(refused(browser_guard(), "", "http://evil.example.com") == 403);
}

TEST_CASE("of two origins the second counts, too") {
  http::request asked{.method = "POST", .path = "/mcp", .query = {}, .headers = {}, .body = {}, .peer = {}};
  asked.headers = {{"host", "localhost"}, {"origin", "http://localhost"}, {"origin", "http://evil.example.com"}};
  const auto answer = browser_guard().refuse(asked, {});
  REQUIRE(answer);
  CHECK(answer->status == 403);
  CHECK(answer->body.find("server.allowed_origins") != std::string::npos);
}
