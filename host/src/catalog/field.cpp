#include "catalog/field.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace tenon {
namespace {

/// "the integer 12": a value outside the settings may be quoted, one that holds others is only named.
std::string described(const document::value& content) {
  if (const auto* text = std::get_if<std::string>(&content.held)) return "the string " + in_quotes(*text);
  if (const auto* whole = std::get_if<std::int64_t>(&content.held)) return "the integer " + std::to_string(*whole);
  if (const auto* flag = std::get_if<bool>(&content.held)) return *flag ? "the boolean true" : "the boolean false";
  if (const auto* real = std::get_if<double>(&content.held)) {
    std::ostringstream out;
    out << "the float " << *real;
    return out.str();
  }
  return std::string(document::kind_of(content));
}

std::string between(auto least, auto most) {
  std::ostringstream out;
  out << " from " << least << " to " << most;
  return out.str();
}

}  // namespace

file_scope::file_scope(const std::filesystem::path& file, std::string tenant, std::vector<diagnostic>& into)
    : file_(file.string()), tenant_(std::move(tenant)), into_(&into) {
  std::error_code failed;
  directory_ = std::filesystem::absolute(file, failed).parent_path();
}

void file_scope::error(std::uint32_t line, std::string message) {
  ++errors_;
  into_->push_back({.fatal = true, .tenant = tenant_, .file = file_, .line = line, .message = std::move(message)});
}

void file_scope::warn(std::uint32_t line, std::string message) {
  into_->push_back({.fatal = false, .tenant = tenant_, .file = file_, .line = line, .message = std::move(message)});
}

std::filesystem::path file_scope::resolve(std::string_view path) const {
  return (directory_ / path).lexically_normal();
}

void field::refuse(const std::string& message) const { scope.error(content.line, name + ": " + message); }

void field::expected(std::string_view what) const {
  refuse("expected " + std::string(what) + ", found " + described(content));
}

std::optional<std::string> field::text() const {
  const auto* held = std::get_if<std::string>(&content.held);
  if (held == nullptr) {
    expected("a string");
    return std::nullopt;
  }
  if (held->empty()) {
    refuse("expected some text, found an empty string");
    return std::nullopt;
  }
  return *held;
}

std::optional<bool> field::flag() const {
  if (const auto* held = std::get_if<bool>(&content.held)) return *held;
  expected("true or false");
  return std::nullopt;
}

std::optional<std::int64_t> field::whole(std::int64_t least, std::int64_t most) const {
  const auto* held = std::get_if<std::int64_t>(&content.held);
  if (held != nullptr && *held >= least && *held <= most) return *held;
  expected("an integer" + between(least, most));
  return std::nullopt;
}

std::optional<double> field::number(double least, double most) const {
  const auto* whole = std::get_if<std::int64_t>(&content.held);
  const auto* real = std::get_if<double>(&content.held);
  const double found = whole != nullptr ? static_cast<double>(*whole) : real != nullptr ? *real : std::nan("");
  if (found >= least && found <= most) return found;
  expected("a number" + between(least, most));
  return std::nullopt;
}

std::optional<std::string> field::one_of(std::span<const std::string_view> choices) const {
  const auto* held = std::get_if<std::string>(&content.held);
  if (held != nullptr && std::ranges::find(choices, *held) != choices.end()) return *held;
  const auto hint = held != nullptr ? did_you_mean(*held, choices) : std::string();
  refuse("expected one of " + in_a_row(choices) + ", found " + described(content) + hint);
  return std::nullopt;
}

std::optional<std::filesystem::path> field::path() const {
  const auto held = text();
  if (!held) return std::nullopt;
  return scope.resolve(*held);
}

std::vector<field> field::elements() const {
  const auto* held = std::get_if<document::array>(&content.held);
  if (held == nullptr) {
    expected("an array");
    return {};
  }
  std::vector<field> made;
  made.reserve(held->size());
  for (const auto& element : *held) {
    made.push_back(field{element, name + '[' + std::to_string(made.size()) + ']', scope});
  }
  return made;
}

const document::table* field::table() const {
  if (const auto* held = std::get_if<document::table>(&content.held)) return held;
  expected("a table");
  return nullptr;
}

void refuse_unknown_key(const document::entry& found, std::string_view prefix, std::span<const std::string_view> known,
                        file_scope& scope) {
  const auto where = prefix.empty() ? std::string() : std::string(prefix.substr(0, prefix.size() - 1)) + ": ";
  scope.error(found.line, where + "unknown key " + in_quotes(found.key) + ", expected one of " + in_a_row(known) +
                              did_you_mean(found.key, known));
}

}  // namespace tenon
