#include "sandbox/gam/filter.hpp"

#include "sandbox/gam/mask.hpp"

#include <algorithm>

namespace tenon::sandbox::gam {
namespace {

[[noreturn]] void refuse(std::string description) { throw invalid("filter", std::move(description)); }

void skip_blanks(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
}

std::string take_word(std::string_view& text) {
  const auto end = std::min(text.find_first_of(" =\"<>!:()"), text.size());
  const auto word = text.substr(0, end);
  text.remove_prefix(end);
  return std::string(word);
}

std::string take_quoted(std::string_view& text) {
  std::string made;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return made;
    }
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    made += text[i];
  }
  refuse("A quotation mark is never closed.");
}

/// How a value is written in a filter.
std::string literal(const json::value& value) {
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_bool()) return value.get_bool() ? "true" : "false";
  return json::serialize(value);
}

bool is_zero(std::string_view text) { return text.empty() || text == "false" || text == "0"; }

}  // namespace

std::vector<comparison> parse_filter(std::string_view text, const message& shape) {
  std::vector<comparison> made;
  for (skip_blanks(text); !text.empty(); skip_blanks(text)) {
    if (!made.empty() && take_word(text) != "AND")
      refuse("Expected AND between two comparisons; OR and NOT are not served here.");
    skip_blanks(text);
    comparison next;
    const auto name = take_word(text);
    for (const auto part : split(name, '.')) next.where.emplace_back(part);
    if (!resolve(shape, next.where)) refuse("There is no field " + name + " to filter by.");
    skip_blanks(text);
    if (!text.starts_with('=')) refuse("Expected = after " + name + "; other operators are not served here.");
    text.remove_prefix(1);
    skip_blanks(text);
    const bool quoted = text.starts_with('"');
    next.value = quoted ? take_quoted(text) : take_word(text);
    if (!quoted && next.value.empty()) refuse("Expected a value after =.");
    made.push_back(std::move(next));
  }
  return made;
}

bool matches(const json::object& shown, const std::vector<comparison>& all) {
  return std::ranges::all_of(all, [&](const comparison& each) {
    const json::object* here = &shown;
    for (std::size_t i = 0; i + 1 < each.where.size(); ++i) here = &object_of(*here, each.where[i]);
    const auto* value = here->if_contains(each.where.back());
    return value ? literal(*value) == each.value : is_zero(each.value);
  });
}

ordering parse_ordering(std::string_view text, const message& shape) {
  if (text.empty()) return {};
  const auto parts = split(text, ' ');
  const bool direction = parts.size() == 1 || (parts.size() == 2 && (parts[1] == "desc" || parts[1] == "asc"));
  if (!direction || !shape.find(parts[0]))
    throw invalid("orderBy", "Expected one field of the message, then desc if wanted.");
  return {.field = std::string(parts[0]), .descending = parts.size() == 2 && parts[1] == "desc"};
}

bool comes_before(const json::object& left, const json::object& right, const ordering& by) {
  const auto key = [&](const json::object& shown) {
    const auto* value = shown.if_contains(by.field);
    return value ? literal(*value) : std::string();
  };
  return by.descending ? key(right) < key(left) : key(left) < key(right);
}

}  // namespace tenon::sandbox::gam
