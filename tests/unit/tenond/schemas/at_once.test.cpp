// Goal: the schemas are compiled once and checks share them. Method: the first use and many more by threads at once;
// for ThreadSanitizer.
#include "schemas/schemas.hpp"

#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <string_view>
#include <thread>
#include <vector>

using namespace tenon::tenond::schemas;
namespace json = boost::json;

namespace {

constexpr std::string_view small_buy = R"({"idempotency_key":"0123456789abcdef","account":{"account_id":"a"},
    "brand":{"domain":"acme.example"},"start_time":"asap","end_time":"2030-01-01T00:00:00Z",
    "packages":[{"product_id":"p","budget":10,"pricing_option_id":"cpm"}]})";

}  // namespace

TEST_CASE("threads check at once") {
  const auto right = json::parse(small_buy).as_object();
  auto wrong = right;
  wrong["packages"].as_array()[0].as_object()["budget"] = -1;
  std::atomic<int> slips = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        if (check_request("create_media_buy", right)) ++slips;
        const auto fault = check_request("create_media_buy", wrong);
        if (!fault || fault->message != "expected a number of at least 0, found -1") ++slips;
        if (input_schema("create_media_buy").at("type") != "object") ++slips;
      }
    });
  }
  threads.clear();
  CHECK(slips == 0);
}
