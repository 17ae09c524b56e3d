// Goal: a plugin reaches only the origins it may, and only with headers that are its own. Method: the mapping alone.
#include "platform/http_mapping.hpp"
#include "platform/plain_text.hpp"

#include <doctest/doctest.h>

using namespace tenon;

namespace {

struct setting {
  http_policy policy{.origins = {"https://api.example.com:443"},
                     .timeout = std::chrono::milliseconds(3000),
                     .max_response_bytes = 1000};
  secret_reader secrets{
      std::make_shared<const secret_texts>(std::map<std::string, std::string>{{"key", "s3cret\n"}, {"bad", "a\nb"}}),
      {}};
  std::vector<tenon_header> headers;
  http_exchange_request made;

  tenon_status map(std::string_view url, std::string_view method = "GET") {
    tenon_http_request request{};
    request.struct_size = sizeof request;
    request.method = abi_text(method);
    request.url = abi_text(url);
    request.headers = headers.data();
    request.header_count = headers.size();
    made = {};
    return map_request(request, policy, secrets, made);
  }
};

constexpr std::string_view good = "https://api.example.com/v1/things?x=1";

}  // namespace

TEST_CASE("only origins of the policy are reached") {
  setting with;
  CHECK(with.map(good) == TENON_OK);
  CHECK(with.made.url == good);
  CHECK(with.map("HTTPS://API.example.com:443/") == TENON_OK);
  CHECK(with.map("https://evil.example/") == TENON_E_DENIED);
  CHECK(with.map("http://api.example.com/") == TENON_E_DENIED);
  CHECK(with.map("https://api.example.com:8443/") == TENON_E_DENIED);
  CHECK(with.map("https://api.example.com.evil.example/") == TENON_E_DENIED);
  CHECK(with.map("https://api.example.com@evil.example/") == TENON_E_INVALID);
  CHECK(with.map("file:///etc/passwd") == TENON_E_INVALID);
  CHECK(with.map("/relative") == TENON_E_INVALID);
}

TEST_CASE("only the listed methods") {
  setting with;
  CHECK(with.map(good, "PATCH") == TENON_OK);
  CHECK(with.map(good, "get") == TENON_E_INVALID);
  CHECK(with.map(good, "CONNECT") == TENON_E_INVALID);
  CHECK(with.map(good, "GET /\r\nX: y") == TENON_E_INVALID);
}

TEST_CASE("headers of the host are refused, whatever their case") {
  for (const std::string_view name : {"Host", "content-length", "CONNECTION", "Transfer-Encoding"}) {
    setting with;
    with.headers = {{abi_text(name), abi_text("x"), {}}};
    CHECK(with.map(good) == TENON_E_INVALID);
  }
}

TEST_CASE("a header that would end its line is refused") {
  setting with;
  with.headers = {{abi_text("X-A"), abi_text("a\r\nHost: evil"), {}}};
  CHECK(with.map(good) == TENON_E_INVALID);
  with.headers = {{abi_text("X A"), abi_text("a"), {}}};
  CHECK(with.map(good) == TENON_E_INVALID);
  with.headers = {{{}, abi_text("a"), {}}};
  CHECK(with.map(good) == TENON_E_INVALID);
}

TEST_CASE("the text of a secret is appended to its header, without the newline that ends a key file") {
  setting with;
  with.headers = {{abi_text("Authorization"), abi_text("Bearer "), abi_text("key")}};
  REQUIRE(with.map(good) == TENON_OK);
  CHECK(with.made.headers == std::vector<std::pair<std::string, std::string>>{{"Authorization", "Bearer s3cret"}});
  with.headers = {{abi_text("Authorization"), {}, abi_text("nothing")}};
  CHECK(with.map(good) == TENON_E_INVALID);
  with.headers = {{abi_text("Authorization"), {}, abi_text("bad")}};
  CHECK(with.map(good) == TENON_E_INVALID);
}

TEST_CASE("limits are the host's unless the plugin asks for less") {
  setting with;
  tenon_http_request request{};
  request.struct_size = sizeof request;
  request.method = abi_text("GET");
  request.url = abi_text(good);
  REQUIRE(map_request(request, with.policy, with.secrets, with.made) == TENON_OK);
  CHECK(with.made.timeout == std::chrono::milliseconds(3000));
  CHECK(with.made.max_response_bytes == 1000);
  request.timeout_ms = 100;
  request.max_response_bytes = 1'000'000;
  REQUIRE(map_request(request, with.policy, with.secrets, with.made) == TENON_OK);
  CHECK(with.made.timeout == std::chrono::milliseconds(100));
  CHECK(with.made.max_response_bytes == 1000);
}

TEST_CASE("a response and a failure keep their parts") {
  const http_result arrived =
      http_exchange_response{.status = 404, .headers = {{"content-type", "text/plain"}}, .body = "no"};
  const http_answer answer(arrived);
  CHECK(answer.get().status == TENON_OK);
  CHECK(answer.get().phase == 0);
  CHECK(answer.get().http_status == 404);
  REQUIRE(answer.get().header_count == 1);
  CHECK(view_of(answer.get().headers[0].value) == "text/plain");
  CHECK(view_of(answer.get().body) == "no");

  const http_result failed = http_failure{.what = http_failure::kind::timeout,
                                          .phase = http_failure::progress::partly_answered,
                                          .message = "expected an end"};
  const http_answer failure(failed);
  CHECK(failure.get().status == TENON_E_TIMEOUT);
  CHECK(failure.get().phase == TENON_HTTP_PARTLY_ANSWERED);
  CHECK(view_of(failure.get().message) == "expected an end");
}
