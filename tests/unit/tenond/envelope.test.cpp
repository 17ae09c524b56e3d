// Goal: what goes over the wire has the shape that AdCP and MCP ask for, and nothing of the operator's.
#include "envelope.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <doctest/doctest.h>

using namespace tenon;
using namespace tenon::tenond;
namespace json = boost::json;

namespace {

/// The tool result that goes out, as a client reads it.
json::object told(const result<reply>& outcome, const json::value* context) {
  const auto message = json::parse(tool_result("call-1", task_body(outcome, context))).as_object();
  CHECK(message.at("jsonrpc") == "2.0");
  CHECK(message.at("id") == "call-1");
  return message.at("result").as_object();
}

}  // namespace

TEST_CASE("a reply becomes structured content, the same text, and the caller's context") {
  const json::value context = {{"correlation_id", "c1"}};
  const auto made = told(reply{R"({"products":[]})"}, &context);
  CHECK_FALSE(made.contains("isError"));
  const auto& content = made.at("structuredContent").as_object();
  CHECK(content.at("context") == context);
  CHECK(content.at("status") == "completed");
  CHECK(json::parse(made.at("content").as_array()[0].at("text").as_string()) == made.at("structuredContent"));
}

TEST_CASE("a task's own status stays") {
  const auto made = told(reply{R"({"media_buy_id":"1","status":"active"})"}, nullptr);
  CHECK(made.at("structuredContent").at("status") == "active");
  CHECK_FALSE(made.at("structuredContent").as_object().contains("context"));
}

TEST_CASE("an error carries its recovery always, optional members only when set, and never the operator's detail") {
  auto failed = make_error("RATE_LIMITED", "Too many.", "network 123 of acme is out of quota");
  failed.retry_after_s = 7;
  failed.details = R"({"limit":2})";
  const auto made = told(failed, nullptr);
  CHECK(made.at("isError") == true);
  const auto& error = made.at("structuredContent").at("adcp_error").as_object();
  CHECK(error.at("recovery") == "transient");
  CHECK(error.at("retry_after") == 7);
  CHECK(error.at("details").at("limit") == 2);
  CHECK_FALSE(error.contains("field"));
  CHECK(json::serialize(made).find("network 123") == std::string::npos);
}

TEST_CASE("an answer that is no JSON object is an internal error, not a broken envelope") {
  const auto made = told(reply{"[1]"}, nullptr);
  CHECK(made.at("structuredContent").at("adcp_error").at("code") == "INTERNAL_ERROR");
}

TEST_CASE("an account is named by id, or by brand and operator, or not at all") {
  CHECK(account_of(json::object{}).value().empty());
  CHECK(account_of({{"account", {{"account_id", "a"}}}}).value().account_id == "a");
  const auto by_brand =
      account_of({{"account", {{"brand", {{"domain", "b.example"}}}, {"operator", "o.example"}, {"sandbox", true}}}});
  REQUIRE(by_brand.has_value());
  CHECK(*by_brand == account_reference{.brand = "b.example", .operator_name = "o.example", .sandbox = true});
}

TEST_CASE("half an account, two accounts in one or something else is the caller's mistake") {
  for (const char* account :
       {R"("a")", R"({})", R"({"brand":{"domain":"b"}})", R"({"operator":"o"})",
        R"({"account_id":"a","brand":{"domain":"b"},"operator":"o"})", R"({"account_id":"a","sandbox":"yes"})"}) {
    CAPTURE(account);
    const auto refused = account_of({{"account", json::parse(account)}});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == "INVALID_REQUEST");
    CHECK(refused.error().field == "account");
  }
}

TEST_CASE("a mutating task needs a usable idempotency key, a reading one does not") {
  CHECK(check_arguments("get_products", {}).has_value());
  CHECK(check_arguments("create_media_buy", {{"idempotency_key", "0123456789abcdef"}}).has_value());
  for (const char* key : {"short", "0123456789abcde ", "0123456789abcdef/"}) {
    const auto refused = check_arguments("create_media_buy", {{"idempotency_key", key}});
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().field == "idempotency_key");
  }
  CHECK_FALSE(check_arguments("create_media_buy", {}).has_value());
  CHECK_FALSE(check_arguments("create_media_buy", {{"idempotency_key", std::string(256, 'a')}}).has_value());
}

TEST_CASE("another major version is refused and told what is served") {
  CHECK(check_arguments("get_products", {{"adcp_major_version", 3}}).has_value());
  const auto refused = check_arguments("get_products", {{"adcp_major_version", 2}});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == "VERSION_UNSUPPORTED");
  CHECK(refused.error().details.find("3.0") != std::string::npos);
  CHECK_FALSE(check_arguments("get_products", {{"adcp_major_version", "3"}}).has_value());
}
