// Goal: a token is given for a good assertion and for nothing else, and opens its own network for its own time.
// Method: assertions are signed with the real key, then spoilt one claim at a time; the clock is turned by hand.

#include "stand.hpp"

#include <doctest/doctest.h>

using namespace tenon::testing;
using tenon::sandbox::rsa_key;

namespace {

void check_grant_error(const reply& answer, std::string_view code, unsigned status = 400) {
  CHECK(answer.status == status);
  CHECK(answer.text("/error") == code);
}

}  // namespace

TEST_CASE("a signed assertion is exchanged for a bearer token") {
  stand at;
  const auto answer = at.exchange(at.sign(at.header(), at.claims(), stand::account().key));
  CHECK(answer.status == 200);
  CHECK(answer.text("/token_type") == "Bearer");
  CHECK(answer.at("/expires_in") == 3599);
  CHECK(!answer.text("/access_token").empty());
}

TEST_CASE("an assertion signed with another key is refused") {
  stand at;
  const auto answer = at.exchange(at.sign(at.header(), at.claims(), stand::other_account().key));
  check_grant_error(answer, "invalid_grant");
  CHECK(answer.text("/error_description") == "Invalid JWT Signature.");
}

TEST_CASE("an assertion whose claims were changed after signing is refused") {
  stand at;
  const auto good = at.sign(at.header(), at.claims(), stand::account().key);
  auto claims = at.claims();
  claims["iss"] = stand::other_account().email;
  const auto changed = tenon::sandbox::base64url_encode(json::serialize(claims));
  const auto first = good.find('.');
  check_grant_error(at.exchange(good.substr(0, first + 1) + changed + good.substr(good.rfind('.'))), "invalid_grant");
}

TEST_CASE("an assertion without a signature or with another algorithm is refused") {
  stand at;
  auto header = at.header();
  for (const auto algorithm : {"none", "HS256", "RS512"}) {
    header["alg"] = algorithm;
    check_grant_error(at.exchange(at.sign(header, at.claims(), stand::account().key)), "invalid_grant");
  }
  const auto good = at.sign(at.header(), at.claims(), stand::account().key);
  check_grant_error(at.exchange(good.substr(0, good.rfind('.') + 1)), "invalid_grant");
  check_grant_error(at.exchange(good + "=="), "invalid_grant");
  check_grant_error(at.exchange("not.a.token"), "invalid_grant");
}

TEST_CASE("each claim of an assertion is checked") {
  stand at;
  const auto now = at.now().time_since_epoch().count();
  auto claims = at.claims();
  std::string expected = "invalid_grant";
  SUBCASE("the audience is another") { claims["aud"] = "https://oauth2.googleapis.com/token"; }
  SUBCASE("the account is unknown") { claims["iss"] = "nobody@sandbox.example"; }
  SUBCASE("it lives longer than an hour") { claims["exp"] = now + 3601; }
  SUBCASE("it has expired") {
    claims["iat"] = now - 4000;
    claims["exp"] = now - 400;
  }
  SUBCASE("it is from the future") {
    claims["iat"] = now + 400;
    claims["exp"] = now + 3600;
  }
  SUBCASE("the times are missing") { claims.erase("iat"); }
  SUBCASE("the times are no times") { claims["exp"] = 1e300; }
  SUBCASE("the scope is missing") {
    claims.erase("scope");
    expected = "invalid_scope";
  }
  SUBCASE("the scope is another API's") {
    claims["scope"] = "https://www.googleapis.com/auth/drive";
    expected = "invalid_scope";
  }
  check_grant_error(at.exchange(at.sign(at.header(), claims, stand::account().key)), expected);
}

TEST_CASE("a clock that is a little off is tolerated") {
  stand at;
  auto claims = at.claims();
  claims["iat"] = at.now().time_since_epoch().count() + 290;
  CHECK(at.exchange(at.sign(at.header(), claims, stand::account().key)).status == 200);
}

TEST_CASE("acting for a user needs delegation, which nobody has") {
  stand at;
  auto claims = at.claims();
  claims["sub"] = "someone@sandbox.example";
  check_grant_error(at.exchange(at.sign(at.header(), claims, stand::account().key)), "unauthorized_client", 401);
}

TEST_CASE("a token request that is no grant is refused in the words of OAuth") {
  stand at;
  const tenon::http::header_list form{{"content-type", "application/x-www-form-urlencoded"}};
  check_grant_error(parse(at.raw("POST", "/token", form, "grant_type=password").response), "unsupported_grant_type");
  check_grant_error(parse(at.raw("POST", "/token", {{"content-type", "application/json"}}, "{}").response),
                    "invalid_request");
}

TEST_CASE("a token opens its network until it expires") {
  stand at;
  CHECK(at.get("/v1/networks/123456").status == 200);
  at.clock.advance(std::chrono::seconds(3598));
  CHECK(at.get("/v1/networks/123456").status == 200);
  at.clock.advance(std::chrono::seconds(2));
  const auto late = at.get("/v1/networks/123456");
  CHECK(late.status == 401);
  CHECK(late.text("/error/status") == "UNAUTHENTICATED");
  CHECK(late.reason() == "ACCESS_TOKEN_EXPIRED");
}

TEST_CASE("a token of one network does not open another") {
  stand at;
  const auto other = at.get("/v1/networks/789012/orders");
  CHECK(other.status == 403);
  CHECK(other.text("/error/status") == "PERMISSION_DENIED");
  CHECK(at.get("/v1/networks/1/orders").status == 404);
}

TEST_CASE("without a token, or with an invented one, nothing is served") {
  stand at;
  at.bearer.clear();
  CHECK(at.get("/v1/networks/123456").status == 401);
  at.bearer = "ya29.invented";
  CHECK(at.get("/v1/networks/123456").status == 401);
  const auto& headers = at.get("/v1/networks/123456").raw.headers;
  CHECK(headers.back().first == "www-authenticate");
}

TEST_CASE("the read-only scope reads and reports, and writes nothing") {
  stand at;
  auto claims = at.claims();
  claims["scope"] = "https://www.googleapis.com/auth/admanager.readonly";
  at.bearer = at.exchange(at.sign(at.header(), claims, stand::account().key)).text("/access_token");
  CHECK(at.get("/v1/networks/123456/orders").status == 200);
  const auto refused = at.post("/v1/networks/123456/orders:batchCreate", batch("order", order_body()));
  CHECK(refused.status == 403);
  CHECK(refused.reason() == "ACCESS_TOKEN_SCOPE_INSUFFICIENT");
}

TEST_CASE("a key file has what a client reads, and its key signs") {
  const auto file = json::parse(tenon::sandbox::key_file(stand::account(), stand::token_uri)).as_object();
  CHECK(file.at("type") == "service_account");
  CHECK(file.at("client_email").as_string() == json::string(stand::account().email));
  CHECK(file.at("token_uri").as_string() == json::string(stand::token_uri));
  CHECK(file.at("private_key").as_string().starts_with("-----BEGIN PRIVATE KEY-----"));
}

TEST_CASE("a signature verifies with its own key and message alone") {
  const auto& key = stand::account().key;
  const auto signature = key.sign("message");
  CHECK(key.verify("message", signature));
  CHECK_FALSE(key.verify("massage", signature));
  CHECK_FALSE(stand::other_account().key.verify("message", signature));
  CHECK_FALSE(key.verify("message", ""));
}
