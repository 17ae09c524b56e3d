// Goal: a request that cannot be sent, or must not, is refused before a byte leaves, and one that can is written
// exactly. Method: tables through the pure functions.
#include "platform/http_client/request_text.hpp"

#include <doctest/doctest.h>

#include <tuple>

using namespace std::literals;
using tenon::http_exchange_request;
using tenon::http_failure;
using tenon::outbound::parse_target;
using tenon::outbound::request_text;

TEST_CASE("a URL is taken apart into origin, Host header and path") {
  using row = std::tuple<const char*, const char*, const char*, const char*>;
  for (const auto& [url, origin, authority, path] : {
           row{"https://API.Example/v1/x?q=1&r=%20#part", "https://api.example:443", "api.example", "/v1/x?q=1&r=%20"},
           row{"https://api.example:8443", "https://api.example:8443", "api.example:8443", "/"},
           row{"https://api.example:443/", "https://api.example:443", "api.example", "/"},
           row{"https://api.example?x", "https://api.example:443", "api.example", "/?x"},
           row{"https://api.example:/", "https://api.example:443", "api.example", "/"},
           row{"HTTP://localhost:80/a", "http://localhost:80", "localhost", "/a"},
           row{"http://127.9.9.9:8080/a", "http://127.9.9.9:8080", "127.9.9.9:8080", "/a"},
           row{"http://[::1]:8080/a", "http://[::1]:8080", "[::1]:8080", "/a"},
       }) {
    INFO(std::string(url));
    const auto to = parse_target(url);
    REQUIRE(to.has_value());
    CHECK(to->origin() == origin);
    CHECK(to->authority == authority);
    CHECK(to->path == path);
  }
}

TEST_CASE("plain http leaves the machine for nobody, whatever its name resolves to") {
  for (const auto* url :
       {"http://api.example/", "http://10.0.0.1/", "http://128.0.0.1/", "http://[::2]/", "http://0.0.0.0/",
        "http://localhost.example/", "http://127.0.0.1.example/", "http://127.0.0.1.example:80/", "http://127.0.0.1x",
        "http://[::1].example/", "http://127.0.0.1@api.example/", "http://127.1/"}) {
    INFO(std::string(url));
    const auto to = parse_target(url);
    REQUIRE(to.has_error());
    CHECK(to.error().what == http_failure::kind::invalid);
    CHECK(to.error().phase == http_failure::progress::not_sent);
  }
}

TEST_CASE("what is no absolute web URL is refused, and its text stays out of the message") {
  for (const auto* url : {"", "/secret", "secret", "ftp://secret/", "https://", "https:///secret", "https://a:0/secret",
                          "https://a:65536/secret", "https://a:secret/", "https://user:secret@a/", "https://a/ secret",
                          "https://a/\r\nX: secret", "https://sec%20ret/", "file:///secret"}) {
    INFO(std::string(url));
    const auto to = parse_target(url);
    REQUIRE(to.has_error());
    CHECK(to.error().what == http_failure::kind::invalid);
    CHECK(to.error().message.find("secret") == std::string::npos);
  }
}

TEST_CASE("a request is written with our framing and the caller's headers") {
  http_exchange_request request;
  request.method = "POST";
  request.headers = {{"Authorization", "Bearer x"}, {"X-Tab", "a\tb"}};
  request.body = "{}";
  const auto to = parse_target("https://api.example:8443/v1?x=1").value();
  CHECK(request_text(request, to).value() ==
        "POST /v1?x=1 HTTP/1.1\r\nHost: api.example:8443\r\nAuthorization: Bearer x\r\nX-Tab: a\tb\r\n"
        "User-Agent: tenon/" TENON_VERSION "\r\nContent-Length: 2\r\n\r\n{}");
  request.method = "GET";
  request.body.clear();
  request.headers = {{"user-agent", "mine"}};
  CHECK(request_text(request, to).value() ==
        "GET /v1?x=1 HTTP/1.1\r\nHost: api.example:8443\r\nuser-agent: mine\r\n\r\n");
  request.method = "PUT";
  CHECK(request_text(request, to).value().find("Content-Length: 0\r\n") != std::string::npos);
}

TEST_CASE("no caller can smuggle a header, a line or a second request") {
  const auto to = parse_target("https://api.example/").value();
  http_exchange_request request;
  for (const auto& method : {"", "get", "CONNECT", "TRACE", "GET /", "GET\r\n"}) {
    request.method = method;
    CHECK(request_text(request, to).has_error());
  }
  request.method = "GET";
  for (const auto& [name, value] :
       std::initializer_list<std::pair<std::string, std::string>>{{"", "x"},
                                                                  {"a b", "x"},
                                                                  {"a:", "x"},
                                                                  {"a\r\n", "x"},
                                                                  {"a", "x\r\nb: secret"},
                                                                  {"a", "x\nsecret"},
                                                                  {"a", "secret\0"s},
                                                                  {"Host", "x"},
                                                                  {"content-LENGTH", "1"},
                                                                  {"Transfer-Encoding", "chunked"},
                                                                  {"Connection", "close"},
                                                                  {"Expect", "x"}}) {
    request.headers = {{name, value}};
    const auto text = request_text(request, to);
    REQUIRE(text.has_error());
    CHECK(text.error().what == http_failure::kind::invalid);
    CHECK(text.error().message.find("secret") == std::string::npos);
  }
}

TEST_CASE("what may be asked twice is what HTTP says") {
  using tenon::outbound::is_idempotent;
  for (const auto* method : {"GET", "HEAD", "PUT", "DELETE"}) CHECK(is_idempotent(method));
  for (const auto* method : {"POST", "PATCH"}) CHECK_FALSE(is_idempotent(method));
}
