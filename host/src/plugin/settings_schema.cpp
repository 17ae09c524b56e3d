// The part of JSON Schema draft-07 that plugin.h names, checked against a tenant's settings.
#include "base/suggest.hpp"
#include "plugin/manifest.hpp"
#include "plugin/upstreams.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <regex>
#include <utility>

namespace tenon {
namespace {

namespace json = boost::json;
using findings = std::vector<std::string>;

constexpr std::array<std::string_view, 7> type_names{"null",   "boolean", "object", "array",
                                                     "number", "string",  "integer"};
constexpr std::array<std::string_view, 12> checked_keywords{
    "type",      "properties", "required", "additionalProperties", "enum", "pattern", "minimum", "maximum", "minLength",
    "maxLength", "items",      "default"};
constexpr std::array<std::string_view, 8> remarks{"$schema",     "$id",      "$comment", "title",
                                                  "description", "examples", "format",   "readOnly"};
constexpr std::size_t longest_pattern = 1024;
constexpr std::size_t longest_matched = 16u << 10;

std::string shown(const json::value& value) {
  auto text = json::serialize(value);
  return text.size() > 60 ? text.substr(0, 57) + "..." : text;
}

std::string_view view(const json::string& text) noexcept { return {text.data(), text.size()}; }

bool is_integer(const json::value& value) {
  if (value.is_int64() || value.is_uint64()) return true;
  return value.is_double() && std::trunc(value.get_double()) == value.get_double();
}

bool has_type(const json::value& value, std::string_view type) {
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_bool();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return is_integer(value);
  return value.is_number();
}

/// The names in "type", which is one name or an array of them.
std::vector<std::string_view> types_of(const json::object& schema) {
  std::vector<std::string_view> names;
  const auto* type = schema.if_contains("type");
  if (!type) return names;
  if (type->is_string()) names.push_back(view(type->get_string()));
  if (type->is_array()) {
    for (const auto& name : type->get_array()) {
      if (name.is_string()) names.push_back(view(name.get_string()));
    }
  }
  return names;
}

std::optional<double> number_of(const json::object& schema, std::string_view keyword) {
  const auto* value = schema.if_contains(keyword);
  if (!value || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

/// Rationale: libstdc++'s default matcher backtracks, so a careless pattern takes exponential time and long text
/// overflows the stack. With __polynomial it keeps a set of states instead, and refuses what needs backtracking
/// (back-references).
std::optional<std::regex> compile(std::string_view pattern) {
  if (pattern.size() > longest_pattern) return std::nullopt;
  try {
    return std::regex(pattern.begin(), pattern.end(), std::regex::ECMAScript | std::regex_constants::__polynomial);
  } catch (const std::regex_error&) {
    return std::nullopt;
  }
}

std::string below(const std::string& path, std::string_view name) { return path + "." + std::string(name); }

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

const json::object* properties_of(const json::object& schema) {
  const auto* properties = schema.if_contains("properties");
  return properties ? properties->if_object() : nullptr;
}

void check_value(const json::object& schema, const json::value& value, const std::string& path, findings& found);

void check_text(const json::object& schema, const json::string& text, const std::string& path, findings& found) {
  const auto length = static_cast<double>(code_points(view(text)));
  if (const auto least = number_of(schema, "minLength"); least && length < *least) {
    found.push_back(path + ": expected at least " + std::to_string(std::llround(*least)) + " characters, found " +
                    std::to_string(std::llround(length)));
  }
  if (const auto most = number_of(schema, "maxLength"); most && length > *most) {
    found.push_back(path + ": expected at most " + std::to_string(std::llround(*most)) + " characters, found " +
                    std::to_string(std::llround(length)));
  }
  const auto* pattern = schema.if_contains("pattern");
  if (!pattern || !pattern->is_string()) return;
  const auto regex = compile(view(pattern->get_string()));
  if (text.size() > longest_matched) {
    found.push_back(path + ": expected at most " + std::to_string(longest_matched) +
                    " bytes of text that has a pattern");
  } else if (regex && !std::regex_search(text.begin(), text.end(), *regex)) {
    found.push_back(path + ": expected text that matches " + shown(*pattern) + ", found " + shown(text));
  }
}

void check_number(const json::object& schema, const json::value& value, const std::string& path, findings& found) {
  const auto number = value.to_number<double>();
  if (const auto least = number_of(schema, "minimum"); least && number < *least) {
    found.push_back(path + ": expected at least " + shown(schema.at("minimum")) + ", found " + shown(value));
  }
  if (const auto most = number_of(schema, "maximum"); most && number > *most) {
    found.push_back(path + ": expected at most " + shown(schema.at("maximum")) + ", found " + shown(value));
  }
}

void check_enum(const json::array& allowed, const json::value& value, const std::string& path, findings& found) {
  if (std::ranges::find(allowed, value) != allowed.end()) return;
  std::string list;
  std::vector<std::string_view> words;
  for (const auto& one : allowed) {
    list += (list.empty() ? "" : ", ") + shown(one);
    if (one.is_string()) words.push_back(view(one.get_string()));
  }
  const auto advice = value.is_string() ? did_you_mean(view(value.get_string()), words) : std::string();
  found.push_back(path + ": expected one of " + list + ", found " + shown(value) + advice);
}

/// A secret stands in the settings as {"secret": "<name>"}, whatever its schema says of the text behind it.
void check_secret(const json::value& value, const std::string& path, findings& found) {
  const auto* reference = value.if_object();
  const auto* name = reference && reference->size() == 1 ? reference->if_contains("secret") : nullptr;
  if (name && name->is_string()) return;
  found.push_back(
      path + ": expected a reference to a secret, { file = \"...\" } or { env = \"...\" }; move the text into a file");
}

void check_members(const json::object& schema, const json::object& members, const std::string& path, findings& found) {
  const auto* properties = properties_of(schema);
  if (const auto* required = schema.if_contains("required"); required && required->is_array()) {
    for (const auto& name : required->get_array()) {
      if (!name.is_string() || members.contains(name.get_string())) continue;
      found.push_back(below(path, view(name.get_string())) + ": required, but missing; add it");
    }
  }
  std::vector<std::string_view> known;
  if (properties) {
    for (const auto& property : *properties) known.push_back(property.key());
  }
  const auto* additional = schema.if_contains("additionalProperties");
  for (const auto& member : members) {
    const auto name = std::string_view(member.key());
    const auto* property = properties ? properties->if_contains(name) : nullptr;
    if (property && property->is_object()) {
      check_value(property->get_object(), member.value(), below(path, name), found);
    } else if (additional && additional->is_object()) {
      check_value(additional->get_object(), member.value(), below(path, name), found);
    } else if (additional && additional->is_bool() && !additional->get_bool() && !property) {
      const auto advice = did_you_mean(name, known);
      found.push_back(below(path, name) + ": unknown setting" + (advice.empty() ? "; remove it" : advice));
    }
  }
}

void check_value(const json::object& schema, const json::value& value, const std::string& path, findings& found) {
  if (schema.contains("x-tenon-secret")) return check_secret(value, path, found);
  const auto types = types_of(schema);
  if (!types.empty() && std::ranges::none_of(types, [&](auto type) { return has_type(value, type); })) {
    std::string expected;
    for (const auto type : types) expected += (expected.empty() ? "" : " or ") + std::string(type);
    found.push_back(path + ": expected " + expected + ", found " + shown(value));
    return;
  }
  if (const auto* allowed = schema.if_contains("enum"); allowed && allowed->is_array()) {
    check_enum(allowed->get_array(), value, path, found);
  }
  if (value.is_number()) check_number(schema, value, path, found);
  if (value.is_object()) check_members(schema, value.get_object(), path, found);
  if (value.is_array()) {
    const auto* items = schema.if_contains("items");
    for (std::size_t i = 0; items && items->is_object() && i < value.get_array().size(); ++i) {
      check_value(items->get_object(), value.get_array()[i], path + "[" + std::to_string(i) + "]", found);
    }
  }
  if (!value.is_string()) return;
  check_text(schema, value.get_string(), path, found);
  const auto* upstream = schema.if_contains("x-tenon-upstream");
  if (upstream && *upstream == json::value(true) && !origin_of(view(value.get_string()))) {
    found.push_back(path + ": expected an http or https URL without a user name, such as \"https://api.example.com\"");
  }
}

/// What a keyword of the schema must look like; empty if it does.
std::string wrong_keyword(std::string_view keyword, const json::value& value) {
  const auto all_strings = [](const json::value& list) {
    return list.is_array() && std::ranges::all_of(list.get_array(), [](const auto& one) { return one.is_string(); });
  };
  const auto known_type = [](const json::value& one) {
    return one.is_string() && std::ranges::find(type_names, view(one.get_string())) != type_names.end();
  };
  if (keyword == "type") {
    const bool many = value.is_array() && std::ranges::all_of(value.get_array(), known_type);
    return many || known_type(value) ? "" : "expected a type of JSON Schema or an array of them";
  }
  if (keyword == "properties" || keyword == "items") return value.is_object() ? "" : "expected an object";
  if (keyword == "required") return all_strings(value) ? "" : "expected an array of strings";
  if (keyword == "additionalProperties")
    return value.is_bool() || value.is_object() ? "" : "expected true, false or a schema";
  if (keyword == "enum") return value.is_array() ? "" : "expected an array";
  if (keyword == "minimum" || keyword == "maximum") return value.is_number() ? "" : "expected a number";
  if (keyword == "minLength" || keyword == "maxLength") return is_integer(value) ? "" : "expected an integer";
  if (keyword == "x-tenon-upstream") return value.is_bool() ? "" : "expected true or false";
  if (keyword == "pattern") {
    const bool good = value.is_string() && compile(view(value.get_string()));
    return good ? "" : "expected a regular expression (ECMAScript, without back-references, at most 1024 bytes)";
  }
  if (keyword != "x-tenon-secret") return {};
  if (!value.is_object()) return "expected an object, with \"readable\" and \"upstreams\"";
  for (const std::string_view list : {"readable", "upstreams"}) {
    const auto* pointers = value.get_object().if_contains(list);
    if (pointers && !all_strings(*pointers))
      return "expected \"" + std::string(list) + "\" to be an array of JSON pointers";
  }
  return {};
}

void check_schema(const json::object& schema, const std::string& path, findings& found) {
  for (const auto& [key, value] : schema) {
    const std::string_view keyword = key;
    const bool checked = std::ranges::find(checked_keywords, keyword) != checked_keywords.end();
    const bool remark = std::ranges::find(remarks, keyword) != remarks.end() || keyword.starts_with("x-");
    if (!checked && !remark) {
      found.push_back(path + ": the host does not check the keyword \"" + std::string(keyword) + "\"" +
                      did_you_mean(keyword, checked_keywords));
    } else if (const auto wrong = wrong_keyword(keyword, value); !wrong.empty()) {
      found.push_back(below(path, keyword) + ": " + wrong + ", found " + shown(value));
    }
  }
  if (const auto* properties = properties_of(schema)) {
    for (const auto& [name, property] : *properties) {
      const auto where = path + "." + std::string(name);
      if (!property.is_object()) {
        found.push_back(where + ": expected a schema, found " + shown(property));
        continue;
      }
      check_schema(property.get_object(), where, found);
    }
  }
  for (const std::string_view keyword : {"items", "additionalProperties"}) {
    const auto* inner = schema.if_contains(keyword);
    if (inner && inner->is_object()) check_schema(inner->get_object(), below(path, keyword), found);
  }
}

}  // namespace

std::vector<std::string> check_settings(const json::object& settings_schema, const json::object& settings) {
  findings found;
  check_value(settings_schema, settings, "settings", found);
  return found;
}

std::vector<std::string> check_settings_schema(const json::object& settings_schema) {
  findings found;
  check_schema(settings_schema, "settings", found);
  return found;
}

json::object with_defaults(const json::object& settings_schema, json::object settings) {
  const auto* properties = properties_of(settings_schema);
  if (!properties) return settings;
  for (const auto& [name, property] : *properties) {
    const auto* schema = property.if_object();
    if (!schema || schema->contains("x-tenon-secret")) continue;
    auto* present = settings.if_contains(name);
    if (present && present->is_object()) {
      *present = with_defaults(*schema, std::move(present->get_object()));
    } else if (const auto* value = schema->if_contains("default"); value && !present) {
      settings[name] = *value;
    }
  }
  return settings;
}

}  // namespace tenon
