#include "base/suggest.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <vector>

namespace tenon {
namespace {

// Names come from files that anybody may have written; nobody misspells a name of this length.
constexpr std::size_t longest_name = 128;

std::string lower(std::string_view text) {
  std::string made(text);
  std::ranges::transform(made, made.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return made;
}

template <class Name>
std::string closest(std::string_view found, std::span<const Name> known) {
  if (found.size() > longest_name) return {};
  const auto wanted = lower(found);
  std::string_view best;
  std::size_t best_distance = longest_name;
  for (const std::string_view name : known) {
    if (name.size() > longest_name) continue;
    const auto distance = edit_distance(wanted, lower(name));
    const auto allowed = std::max<std::size_t>(1, name.size() / 3);
    if (distance > allowed || distance >= best_distance) continue;
    best = name;
    best_distance = distance;
  }
  if (best.empty()) return {};
  return ", did you mean \"" + std::string(best) + "\"?";
}

}  // namespace

std::size_t edit_distance(std::string_view left, std::string_view right) {
  const auto width = right.size() + 1;
  std::vector<std::size_t> before(width), above(width), row(width);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j < width; ++j) {
      const std::size_t replaced = above[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[right.size()];
}

std::string did_you_mean(std::string_view found, std::span<const std::string_view> known) {
  return closest(found, known);
}

std::string did_you_mean(std::string_view found, std::span<const std::string> known) { return closest(found, known); }

}  // namespace tenon
