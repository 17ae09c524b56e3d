// Goal: the hash takes every byte, the length and the secret into account, and spreads names over the low bits that a
// table uses.
// Method: every length up to several rounds of the hash, each byte changed in turn; names in memory of exactly their
// size, so that AddressSanitizer sees a look beyond it.
#include "cache/keyed_hash.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t longest = 80;
const tenon::keyed_hash hash(0x0123456789ABCDEF, 0xFEDCBA9876543210);

std::uint64_t hash_of(const std::vector<char>& name) { return hash(std::string_view(name.data(), name.size())); }

}  // namespace

TEST_CASE("each byte of a name changes its hash, and so does its length") {
  std::set<std::uint64_t> seen;
  for (std::size_t size = 0; size <= longest; ++size) {
    const std::vector<char> name(size, 'a');
    CHECK(hash_of(name) == hash_of(std::vector<char>(size, 'a')));
    CHECK(seen.insert(hash_of(name)).second);
    for (std::size_t at = 0; at < size; ++at) {
      auto other = name;
      other[at] = 'b';
      CHECK(seen.insert(hash_of(other)).second);
    }
  }
}

TEST_CASE("another secret gives another hash, and two secrets of the kernel differ") {
  CHECK(hash("tenant") != tenon::keyed_hash(1, 2)("tenant"));
  CHECK(tenon::make_keyed_hash()("tenant") != tenon::make_keyed_hash()("tenant"));
}

// 4 096 places for as many names leave about a third empty; names that were not spread would leave most.
TEST_CASE("names that differ in their last digits are spread over the low bits") {
  constexpr std::size_t places = 4096;
  std::set<std::uint64_t> taken;
  for (std::size_t number = 0; number < places; ++number)
    taken.insert(hash("tenant-" + std::to_string(1'000'000 + number)) % places);
  CHECK(taken.size() > places * 6 / 10);
  CHECK(taken.size() < places * 7 / 10);
}
