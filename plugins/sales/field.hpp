#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Reading members of a buyer's request. An absent member and a null one are the same; a member of the wrong type
/// throws sdk::error VALIDATION_ERROR with the member's path, so that what was sent is never guessed at.
namespace tenon::sales {

namespace json = boost::json;

/// The member, or null if absent. Borrowed from the object.
json::value const* find(json::object const& object, std::string_view key);

/// "packages[0]" + "budget" -> "packages[0].budget"; an empty parent gives the key alone.
std::string path_of(std::string_view parent, std::string_view key);
std::string path_of(std::string_view parent, std::size_t index);

std::optional<std::string> text_at(json::object const& object, std::string_view key, std::string_view parent = {});
std::optional<double> number_at(json::object const& object, std::string_view key, std::string_view parent = {});
std::optional<std::int64_t> integer_at(json::object const& object, std::string_view key, std::string_view parent = {});
std::optional<bool> flag_at(json::object const& object, std::string_view key, std::string_view parent = {});
json::object const* object_at(json::object const& object, std::string_view key, std::string_view parent = {});
json::array const* array_at(json::object const& object, std::string_view key, std::string_view parent = {});

/// Likewise, and throws if absent or empty.
std::string required_text(json::object const& object, std::string_view key, std::string_view parent = {});

/// A URL without the slashes at its end; `otherwise` if absent.
std::string url_at(json::object const& object, std::string_view key, std::string_view otherwise);

/// The value as an object, for elements of an array.
json::object const& as_object(json::value const& value, std::string_view path);

/// The value as text, for elements of an array.
std::string as_text(json::value const& value, std::string_view path);

/// Members of an ad server's answer: what is missing or of another type is empty, zero or null. int64 may come as text.
std::string upstream_text(json::object const& object, std::string_view key);
std::int64_t upstream_integer(json::object const& object, std::string_view key);
double upstream_number(json::object const& object, std::string_view key);
bool upstream_flag(json::object const& object, std::string_view key);
json::object upstream_object(json::object const& object, std::string_view key);
json::array upstream_array(json::object const& object, std::string_view key);

/// The object a text of JSON holds; empty if it holds none. For records of ours kept in an ad server's free-text
/// fields.
json::object parse_object(std::string_view text);

/// The same where it matters: nothing if the text is no JSON object.
std::optional<json::object> read_object(std::string_view text);

}  // namespace tenon::sales
