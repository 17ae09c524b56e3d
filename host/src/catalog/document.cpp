#include "catalog/document.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace tenon::document {
namespace {

constexpr std::size_t deepest = 64;
constexpr std::uintmax_t largest_file = 64u << 20;

value convert(const toml::node& node, std::size_t depth);

struct too_deep {
  std::uint32_t line;
};

std::uint32_t line_of(const toml::source_region& region) { return region.begin.line; }

template <class Moment>
date iso(const Moment& moment) {
  std::ostringstream out;
  out << moment;
  return {out.str()};
}

table convert_table(const toml::table& from, std::size_t depth) {
  struct placed {
    toml::source_position at;
    entry made;
  };
  std::vector<placed> entries;
  entries.reserve(from.size());
  for (const auto& [key, node] : from) {
    entries.push_back({key.source().begin, {std::string(key.str()), convert(node, depth + 1), line_of(key.source())}});
  }
  std::ranges::stable_sort(entries, [](const placed& left, const placed& right) { return left.at < right.at; });
  table made;
  made.reserve(entries.size());
  for (auto& each : entries) made.push_back(std::move(each.made));
  return made;
}

array convert_array(const toml::array& from, std::size_t depth) {
  array made;
  made.reserve(from.size());
  for (const auto& node : from) made.push_back(convert(node, depth + 1));
  return made;
}

value convert(const toml::node& node, std::size_t depth) {
  const auto line = line_of(node.source());
  if (depth > deepest) throw too_deep{line};
  if (const auto* text = node.as_string()) return {text->get(), line};
  if (const auto* whole = node.as_integer()) return {whole->get(), line};
  if (const auto* number = node.as_floating_point()) return {number->get(), line};
  if (const auto* flag = node.as_boolean()) return {flag->get(), line};
  if (const auto* day = node.as_date()) return {iso(day->get()), line};
  if (const auto* time = node.as_time()) return {iso(time->get()), line};
  if (const auto* moment = node.as_date_time()) return {iso(moment->get()), line};
  if (const auto* list = node.as_array()) return {convert_array(*list, depth), line};
  return {convert_table(*node.as_table(), depth), line};
}

/// What toml++ says, without the text it stumbled over: `key = sk-live-1…` without quotes must not end in a log.
std::string without_values(std::string_view description) {
  if (const auto saw = description.find(", saw "); saw != std::string_view::npos)
    description = description.substr(0, saw);
  if (description.ends_with(" is not representable in 64 bits")) {
    return "expected an integer of at most 64 bits (quote it to make it a string)";
  }
  std::string message(description);
  if (message.ends_with("could not determine value type")) message += " (text stands in quotes)";
  return message;
}

}  // namespace

boost::system::result<table, flaw> parse(std::string_view text) {
  try {
    const auto root = toml::parse(text);
    return convert_table(root, 0);
  } catch (const toml::parse_error& caught) {
    return flaw{line_of(caught.source()), "expected TOML: " + without_values(caught.description())};
  } catch (const too_deep& caught) {
    return flaw{caught.line, "expected at most 64 levels of tables and arrays, found more"};
  }
}

boost::system::result<table, flaw> load(const std::filesystem::path& file) {
  std::error_code failed;
  const auto status = std::filesystem::status(file, failed);
  if (failed && failed != std::errc::no_such_file_or_directory)
    return flaw{0, "the file cannot be read: " + failed.message()};
  if (!std::filesystem::exists(status)) return flaw{0, "expected a file, found none"};
  if (!std::filesystem::is_regular_file(status)) return flaw{0, "expected a regular file, found something else"};
  const auto size = std::filesystem::file_size(file, failed);
  if (!failed && size > largest_file) return flaw{0, "expected a file of at most 64 MiB, found a larger one"};
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in.is_open() || in.bad()) return flaw{0, "the file cannot be read: " + std::string(std::strerror(errno))};
  return parse(text);
}

const entry* find(const table& in, std::string_view key) noexcept {
  const auto at = std::ranges::find(in, key, &entry::key);
  return at == in.end() ? nullptr : &*at;
}

std::string_view kind_of(const value& content) noexcept {
  static constexpr std::string_view kinds[] = {"a string", "an integer", "a float", "a boolean",
                                               "a date",   "an array",   "a table"};
  return kinds[content.held.index()];
}

}  // namespace tenon::document
