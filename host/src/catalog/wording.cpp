#include "catalog/wording.hpp"

#include <cstdio>

namespace tenon {
namespace {

constexpr std::size_t longest_quote = 80;
constexpr std::size_t most_listed = 32;

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string made = "\"";
  for (const unsigned char letter : text.substr(0, longest_quote)) {
    if (letter >= 0x20 && letter != 0x7f && letter != '"' && letter != '\\') {
      made += static_cast<char>(letter);
      continue;
    }
    char escaped[8];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", letter);
    made += escaped;
  }
  if (text.size() > longest_quote) made += "...";
  return made + '"';
}

std::string in_a_row(std::span<const std::string_view> names) {
  std::string made;
  for (std::size_t at = 0; at < names.size() && at < most_listed; ++at) {
    if (at > 0) made += ", ";
    made += names[at];
  }
  if (names.size() > most_listed) made += " and " + std::to_string(names.size() - most_listed) + " more";
  return made;
}

}  // namespace tenon
