#include "schemas/finding.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>
#include <vector>

namespace tenon::tenond::schemas {

namespace json = boost::json;

namespace {

constexpr std::size_t longest_excerpt = 40;
constexpr std::size_t longest_name = 64;

/// Lower case, without the hyphens and underscores that names are written with or without.
constexpr std::string_view secret_words[] = {"credential", "token",      "authoriz",   "authentic", "secret",
                                             "password",   "passphrase", "privatekey", "apikey",    "signature",
                                             "cookie",     "bearer",     "bank",       "iban",      "accountnumber"};

/// At most `most` bytes, cut between two characters.
std::string cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
  return std::string(text.substr(0, most)) + "\u2026";
}

/// The members of a place from the root on; each reads its name with `write`.
template <class Write>
std::string path_of(const place& at, Write write) {
  std::vector<const place*> way;
  for (const auto* step = &at; step->up != nullptr; step = step->up) way.push_back(step);
  std::string path;
  std::for_each(way.rbegin(), way.rend(), [&](const place* step) { write(path, *step); });
  return path;
}

std::string pointer_of(const place& at) {
  return path_of(at, [](std::string& path, const place& step) {
    path += '/';
    if (step.item) {
      path += std::to_string(step.index);
      return;
    }
    for (const char c : cut(step.member, longest_name)) path += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  });
}

std::string field_of(const place& at) {
  return path_of(at, [](std::string& path, const place& step) {
    if (step.item) {
      path += '[' + std::to_string(step.index) + ']';
    } else {
      if (!path.empty()) path += '.';
      path += cut(step.member, longest_name);
    }
  });
}

}  // namespace

place member_of(const place& at, std::string_view name, bool secret) noexcept { return {&at, name, 0, false, secret}; }

place item_of(const place& at, std::size_t index) noexcept { return {&at, {}, index, true, false}; }

bool is_secret(const place& at) noexcept {
  for (const auto* step = &at; step->up != nullptr; step = step->up) {
    if (step->secret || (!step->item && is_secret_name(step->member))) return true;
  }
  return false;
}

std::size_t depth_of(const place& at) noexcept {
  std::size_t depth = 0;
  for (const auto* step = &at; step->up != nullptr; step = step->up) ++depth;
  return depth;
}

bool is_secret_name(std::string_view name) noexcept {
  std::array<char, longest_name> plain;  // a longer name is of nobody's making but a stranger's
  std::size_t size = 0;
  for (const char c : name.substr(0, plain.size())) {
    if (c == '_' || c == '-' || c == ' ') continue;
    plain[size++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  const std::string_view text(plain.data(), size);
  return std::ranges::any_of(secret_words, [text](auto word) { return text.find(word) != std::string_view::npos; });
}

std::string number_text(double number) {
  std::array<char, 32> text;
  const auto size = std::snprintf(text.data(), text.size(), "%.15g", number);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string quoted(std::string_view text) { return json::serialize(json::string(cut(text, longest_excerpt))); }

std::string count_text(std::size_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

std::string describe(const json::value& value, const place& at) {
  switch (value.kind()) {
    case json::kind::array: return "an array of " + count_text(value.get_array().size(), "item");
    case json::kind::object: return "an object";
    case json::kind::null: return "null";
    default: break;
  }
  if (is_secret(at)) return value.is_string() ? "text that is not shown" : "a value that is not shown";
  if (value.is_string()) return quoted(value.get_string());
  return value.is_double() ? number_text(value.get_double()) : json::serialize(value);
}

finding finding_at(const place& at, std::string_view keyword, std::string expected, std::string found) {
  auto pointer = pointer_of(at);
  return {pointer, field_of(at), keyword, std::move(expected), std::move(found), pointer, depth_of(at)};
}

finding finding_of_missing(const place& at, std::string_view missing, std::string_view keyword, std::string expected) {
  auto made = finding_at(member_of(at, missing), keyword, std::move(expected), "none");
  made.around = pointer_of(at);
  --made.depth;
  return made;
}

schema_fault to_fault(finding found) {
  return {std::move(found.pointer), std::move(found.field),
          "expected " + std::move(found.expected) + ", found " + std::move(found.found), std::string(found.keyword)};
}

}  // namespace tenon::tenond::schemas
