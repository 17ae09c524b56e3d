// Goal: no request makes a check slow or deep. Method: requests of the worst kinds that a body may hold, so large that
// a slip of order, from n log n to n squared, say, would not end within ctest's limit of time for a test.
#include "mini_schema.hpp"
#include "schemas/schemas.hpp"
#include "small_buy.hpp"

#include <boost/json/serialize.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace tenon::tenond::schemas;
namespace json = boost::json;

namespace {

std::string nested(std::size_t depth, std::string_view open, std::string_view close, std::string_view inner) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += open;
  text += inner;
  for (std::size_t i = 0; i < depth; ++i) text += close;
  return text;
}

}  // namespace

TEST_CASE("a request is checked as deep as its schema looks, and not deeper than a limit") {
  const mini_schema list(R"({"properties":{"next":{"$ref":"#"}}})");
  CHECK(list.fits(nested(50, R"({"next":)", "}", "{}")));
  CHECK(line_of(list.fault_in(nested(1000, R"({"next":)", "}", "{}"))) ==
        " depth: expected a request that is nested less deeply, found one that is deeper");

  // What lies under a "not" or an "if" must not turn an unanswered question into a yes.
  const mini_schema negated(R"({"definitions":{"l":{"properties":{"next":{"$ref":"#/definitions/l"}}}},
                               "not":{"$ref":"#/definitions/l"}})");
  CHECK(negated.fault_in(nested(1000, R"({"next":)", "}", "{}"))->keyword == "depth");

  auto request = buy();
  request["ext"] = json::parse(nested(1000, R"({"a":[)", "]}", "1"), {}, {.max_depth = 4000});
  CHECK_FALSE(check_request("create_media_buy", request));
  request["packages"] = json::parse(nested(1000, "[", "]", "1"), {}, {.max_depth = 4000});
  CHECK(line_of(check_request("create_media_buy", request)) ==
        "packages[0] type: expected an object, found an array of 1 item");
}

TEST_CASE("deep items are compared without a deep stack") {
  const mini_schema unique(R"({"uniqueItems":true})");
  const auto deep = nested(3000, R"({"a":)", "}", "1");
  CHECK_FALSE(unique.fits('[' + deep + ',' + deep + ']'));
  const mini_schema fixed(R"({"const":{"a":1}})");
  CHECK_FALSE(fixed.fits(deep));
}

TEST_CASE("a branch within a branch within a branch is not tried for ever") {
  const mini_schema schema(R"({"anyOf":[{"type":"string"},{"type":"array","items":{"$ref":"#"}},{"type":"null"}]})");
  CHECK(schema.fault_in(nested(40, "[", "]", "1")));
}

TEST_CASE("megabytes of text are checked in passing") {
  const std::string megabyte(1'000'000, 'a');
  for (const auto* member :
       {"idempotency_key", "plan_id", "po_number", "end_time", "start_time", "advertiser_industry"}) {
    auto request = buy();
    request[member] = megabyte;
    const auto fault = check_request("create_media_buy", request);
    CHECK((!fault || fault->message.size() < 600));
  }
  auto request = buy();
  request["brand"] = {{"domain", megabyte + "!"}};
  CHECK(check_request("create_media_buy", request)->field == "brand.domain");
  request["brand"] = {{"domain", megabyte}};
  CHECK_FALSE(check_request("create_media_buy", request));
  request["account"] = {{"brand", {{"domain", "a"}}}, {"operator", megabyte + "-"}};
  CHECK(check_request("create_media_buy", request)->field == "account.operator");
  request = buy();
  request[megabyte] = megabyte;
  CHECK_FALSE(check_request("create_media_buy", request));
}

TEST_CASE("ten thousand packages are checked, and the fault of the last is found") {
  auto request = buy();
  auto& packages = request["packages"].as_array();
  for (int i = 1; i < 10'000; ++i) packages.push_back(packages[0]);
  CHECK_FALSE(check_request("create_media_buy", request));
  packages[9'999].as_object()["budget"] = -1;
  CHECK(check_request("create_media_buy", request)->field == "packages[9999].budget");
}

TEST_CASE("many items that must differ are compared in less than square time") {
  json::array many;
  for (int i = 0; i < 300'000; ++i) many.emplace_back("delivery_" + std::to_string(i));
  const mini_schema unique(R"({"uniqueItems":true})");
  CHECK_FALSE(unique.fault_of(many));
}

TEST_CASE("a creative with thousands of assets that fit nowhere is refused at once") {
  json::object assets;
  for (int i = 0; i < 2'000; ++i) assets["asset_" + std::to_string(i)] = {{"asset_type", "image"}};
  const json::object request = {{"idempotency_key", "0123456789abcdef"},
                                {"account", {{"account_id", "a"}}},
                                {"creatives",
                                 {{{"creative_id", "c"},
                                   {"name", "n"},
                                   {"format_id", {{"agent_url", "https://a.b/"}, {"id", "x"}}},
                                   {"assets", assets}}}}};
  CHECK(check_request("sync_creatives", request));
}
