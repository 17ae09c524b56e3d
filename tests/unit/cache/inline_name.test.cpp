// Goal: a name is equal to its own bytes and to nothing else, whichever of its ways to compare its length chooses.
// Method: every length from nothing to well beyond the room inside, each byte changed in turn; the text compared is in
// memory of exactly its size, so that AddressSanitizer sees a look beyond it.
#include "cache/inline_name.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t longest = 80;

std::vector<char> letters(std::size_t count) {
  std::vector<char> made;
  while (made.size() < count) made.push_back(static_cast<char>('a' + made.size() % 26));
  made.shrink_to_fit();
  return made;
}

std::string_view text(const std::vector<char>& of) { return {of.data(), of.size()}; }

}  // namespace

TEST_CASE("a name of any length equals a copy of its text and gives it back") {
  for (std::size_t size = 0; size <= longest; ++size) {
    const auto same = letters(size);
    const tenon::inline_name name(text(same));
    CHECK(name.equals(text(same)));
    CHECK(name.text() == text(same));
  }
}

TEST_CASE("a name differs from what differs in any one byte") {
  for (std::size_t size = 1; size <= longest; ++size) {
    const tenon::inline_name name(text(letters(size)));
    for (std::size_t at = 0; at < size; ++at) {
      auto other = letters(size);
      other[at] ^= 1;
      CHECK_FALSE(name.equals(text(other)));
    }
  }
}

TEST_CASE("a name differs from what is longer or shorter") {
  for (std::size_t size = 1; size <= longest; ++size) {
    const tenon::inline_name name(text(letters(size)));
    CHECK_FALSE(name.equals(text(letters(size - 1))));
    CHECK_FALSE(name.equals(text(letters(size + 1))));
  }
}
