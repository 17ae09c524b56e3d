// Goal: a misspelt name gets the name that was meant, and a foreign one gets no advice. Method: tables of pairs.
#include "base/suggest.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

using namespace std::literals;

TEST_CASE("edits are insertions, drops, replacements and swaps of neighbours") {
  CHECK(tenon::edit_distance("", "") == 0);
  CHECK(tenon::edit_distance("size", "size") == 0);
  CHECK(tenon::edit_distance("", "abc") == 3);
  CHECK(tenon::edit_distance("abc", "") == 3);
  CHECK(tenon::edit_distance("kitten", "sitting") == 3);
  CHECK(tenon::edit_distance("kevle", "kevel") == 1);
  CHECK(tenon::edit_distance("ca", "abc") == 3);
}

TEST_CASE("the closest known name is suggested") {
  constexpr std::array known{"size"sv, "ttl_seconds"sv, "cold_start"sv};
  CHECK(tenon::did_you_mean("ttl_second", known) == ", did you mean \"ttl_seconds\"?");
  CHECK(tenon::did_you_mean("Size", known) == ", did you mean \"size\"?");
  const std::vector plugins{"gam"s, "kevel"s};
  CHECK(tenon::did_you_mean("gma", plugins) == ", did you mean \"gam\"?");
}

TEST_CASE("nothing is suggested for a name that is close to none, or too long to be meant") {
  constexpr std::array known{"size"sv, "ttl_seconds"sv};
  CHECK(tenon::did_you_mean("credentials", known).empty());
  CHECK(tenon::did_you_mean(std::string(10'000, 'x'), known).empty());
  CHECK(tenon::did_you_mean("size", std::span<const std::string>{}).empty());
}
