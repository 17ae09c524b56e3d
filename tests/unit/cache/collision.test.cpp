// Goal: two tenants whose names have one hash never get each other's values.
// Method: the secret of the hash is known here. Its second word, met by the first eight bytes of a name, makes the rest
// of the name count for nothing.
#include "timed_cache.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <string_view>

using namespace std::chrono_literals;

namespace {

constexpr std::string_view first_word = "aaaaaaaa";

}  // namespace

/// In the place of the one that draws a secret: this program is linked without it.
tenon::keyed_hash tenon::make_keyed_hash() {
  std::uint64_t secret = 0;
  std::memcpy(&secret, first_word.data(), sizeof secret);
  return {1, secret};
}

TEST_CASE("tenants whose names have one hash are told apart") {
  const std::string one = std::string(first_word) + "-one";
  const std::string two = std::string(first_word) + "-two";
  REQUIRE(tenon::make_keyed_hash()(one) == tenon::make_keyed_hash()(two));

  const tenon::testing::manual_clock time;
  tenon::testing::timed_cache<int> held(4, 0s, time);
  held.put(one, 1);
  CHECK(held.find(two) == std::nullopt);
  CHECK_FALSE(held.replace(two, 2));
  CHECK_FALSE(held.invalidate(two));
  held.put(two, 2);
  CHECK(held.find(one) == 1);
  CHECK(held.find(two) == 2);
  CHECK(held.invalidate(one));
  CHECK(held.find(one) == std::nullopt);
  CHECK(held.find(two) == 2);
}
