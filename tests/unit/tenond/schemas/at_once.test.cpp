// Goal: the schemas are compiled once and checks share them. Method: the first use and many more by threads at once;
// for ThreadSanitizer.
#include "mini_schema.hpp"
#include "schemas/schemas.hpp"
#include "small_buy.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

using namespace tenon::tenond::schemas;
TEST_CASE("threads check at once") {
  const auto right = buy();
  auto wrong = right;
  wrong["packages"].as_array()[0].as_object()["budget"] = -1;
  std::atomic<int> slips = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        if (check_request("create_media_buy", right)) ++slips;
        if (line_of(check_request("create_media_buy", wrong)) !=
            "packages[0].budget minimum: expected a number of at least 0, found -1")
          ++slips;
        if (input_schema("create_media_buy").at("type") != "object") ++slips;
      }
    });
  }
  threads.clear();
  CHECK(slips == 0);
}
