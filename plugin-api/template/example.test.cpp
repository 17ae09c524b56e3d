// The plugin against an ad server of a few lines, without a host: see tenon/sdk/testing/fake_host.hpp.

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <tenon/sdk/testing/fake_host.hpp>

namespace json = tenon::sdk::json;
using namespace tenon::sdk::testing;

namespace {

void give_settings(fake_host& host) {
  host.settings(json::object{{"origin", "https://ads.example"}}).secret("api_key", "k-1");
}

}  // namespace

TEST_CASE("the products of the ad server are the answer, and the key is sent") {
  fake_host host;
  give_settings(host);
  host.on_http([](const seen_request& request) {
    return request.header("Authorization") == "Bearer k-1" ? scripted_answer(200, R"([{"product_id": "p-1"}])")
                                                           : scripted_answer(401);
  });
  REQUIRE(host.create().ok());

  const fake_reply reply = host.ask("get_products");

  REQUIRE(reply.ok());
  CHECK(reply.body() == json::parse(R"({"products": [{"product_id": "p-1"}]})"));
}

TEST_CASE("an ad server that is down is SERVICE_UNAVAILABLE, and only the operator learns why") {
  fake_host host;
  give_settings(host);
  host.on_http([](const seen_request&) { return scripted_answer(500); });
  REQUIRE(host.create().ok());

  const fake_reply reply = host.ask("get_products");

  CHECK(reply.code() == "SERVICE_UNAVAILABLE");
  CHECK(reply.operator_detail() == "GET /products: expected 200, found 500");
}
