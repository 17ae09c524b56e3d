#include "field.hpp"

#include <tenon/sdk/error.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <charconv>
#include <cmath>

namespace tenon::sales {
namespace {

[[noreturn]] void refuse(std::string path, std::string_view expected) {
  throw sdk::error("VALIDATION_ERROR", path + " must be " + std::string(expected)).field(path);
}

}  // namespace

json::value const* find(json::object const& object, std::string_view key) {
  auto const* member = object.if_contains(key);
  return member != nullptr && !member->is_null() ? member : nullptr;
}

std::string path_of(std::string_view parent, std::string_view key) {
  return parent.empty() ? std::string(key) : std::string(parent) + "." + std::string(key);
}

std::string path_of(std::string_view parent, std::size_t index) {
  return std::string(parent) + "[" + std::to_string(index) + "]";
}

std::optional<std::string> text_at(json::object const& object, std::string_view key, std::string_view parent) {
  auto const* member = find(object, key);
  if (member == nullptr) {
    return std::nullopt;
  }
  return as_text(*member, path_of(parent, key));
}

std::optional<double> number_at(json::object const& object, std::string_view key, std::string_view parent) {
  auto const* member = find(object, key);
  if (member == nullptr) {
    return std::nullopt;
  }
  if (!member->is_number()) {
    refuse(path_of(parent, key), "a number");
  }
  return member->to_number<double>();
}

std::optional<std::int64_t> integer_at(json::object const& object, std::string_view key, std::string_view parent) {
  auto const number = number_at(object, key, parent);
  if (!number) {
    return std::nullopt;
  }
  if (std::floor(*number) != *number || std::abs(*number) > 9e15) {
    refuse(path_of(parent, key), "a whole number");
  }
  return static_cast<std::int64_t>(*number);
}

std::optional<bool> flag_at(json::object const& object, std::string_view key, std::string_view parent) {
  auto const* member = find(object, key);
  if (member == nullptr) {
    return std::nullopt;
  }
  if (!member->is_bool()) {
    refuse(path_of(parent, key), "true or false");
  }
  return member->get_bool();
}

json::object const* object_at(json::object const& object, std::string_view key, std::string_view parent) {
  auto const* member = find(object, key);
  return member == nullptr ? nullptr : &as_object(*member, path_of(parent, key));
}

json::array const* array_at(json::object const& object, std::string_view key, std::string_view parent) {
  auto const* member = find(object, key);
  if (member == nullptr) {
    return nullptr;
  }
  if (!member->is_array()) {
    refuse(path_of(parent, key), "an array");
  }
  return &member->get_array();
}

std::string required_text(json::object const& object, std::string_view key, std::string_view parent) {
  auto text = text_at(object, key, parent);
  if (!text || text->empty()) {
    refuse(path_of(parent, key), "a non-empty string");
  }
  return std::move(*text);
}

std::string url_at(json::object const& object, std::string_view key, std::string_view otherwise) {
  auto url = text_at(object, key).value_or(std::string(otherwise));
  while (!url.empty() && url.back() == '/') {
    url.pop_back();
  }
  return url;
}

json::object const& as_object(json::value const& value, std::string_view path) {
  if (!value.is_object()) {
    refuse(std::string(path), "an object");
  }
  return value.get_object();
}

std::string as_text(json::value const& value, std::string_view path) {
  if (!value.is_string()) {
    refuse(std::string(path), "a string");
  }
  return std::string(value.get_string());
}

std::string upstream_text(json::object const& object, std::string_view key) {
  auto const* member = find(object, key);
  return member != nullptr && member->is_string() ? std::string(member->get_string()) : std::string();
}

std::int64_t upstream_integer(json::object const& object, std::string_view key) {
  auto const* member = find(object, key);
  if (member == nullptr) {
    return 0;
  }
  if (member->is_string()) {
    auto const& text = member->get_string();
    std::int64_t value = 0;
    auto const parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() ? value : 0;
  }
  if (member->is_double()) {
    auto const number = member->get_double();
    return std::isfinite(number) && std::abs(number) < 9e15 ? static_cast<std::int64_t>(number) : 0;
  }
  boost::system::error_code ec;
  auto const value = member->to_number<std::int64_t>(ec);
  return ec ? 0 : value;
}

double upstream_number(json::object const& object, std::string_view key) {
  auto const* member = find(object, key);
  return member != nullptr && member->is_number() ? member->to_number<double>() : 0.0;
}

bool upstream_flag(json::object const& object, std::string_view key) {
  auto const* member = find(object, key);
  return member != nullptr && member->is_bool() && member->get_bool();
}

json::object upstream_object(json::object const& object, std::string_view key) {
  auto const* member = find(object, key);
  return member != nullptr && member->is_object() ? member->get_object() : json::object();
}

json::array upstream_array(json::object const& object, std::string_view key) {
  auto const* member = find(object, key);
  return member != nullptr && member->is_array() ? member->get_array() : json::array();
}

std::optional<json::object> read_object(std::string_view text) {
  boost::system::error_code ec;
  auto parsed = json::parse(text, ec);
  if (ec || !parsed.is_object()) {
    return std::nullopt;
  }
  return std::move(parsed.get_object());
}

json::object parse_object(std::string_view text) { return read_object(text).value_or(json::object()); }

}  // namespace tenon::sales
