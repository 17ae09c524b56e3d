#include "sandbox/gam/schema.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace tenon::sandbox::gam {
namespace {

void complain(reading& state, const std::string& path, std::string description) {
  state.found.push_back({.field = path, .description = std::move(description)});
}

std::string join(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}

bool is_choice(std::string_view choices, std::string_view value) {
  return !value.empty() && std::ranges::count(split(choices, ' '), value) > 0;
}

bool is_duration(std::string_view text) {
  if (!text.ends_with('s') || text.size() < 2) return false;
  text.remove_suffix(1);
  return text.front() != '.' && text.back() != '.' && text.find_first_not_of("0123456789.") == text.npos &&
         std::ranges::count(text, '.') <= 1;
}

bool is_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("+/-_").find(c) != std::string_view::npos;
  });
}

/// An integer written as a number or as a decimal string.
std::optional<std::int64_t> integer(const json::value& given) {
  if (given.is_string()) return parse_integer(given.get_string());
  if (!given.is_number()) return {};
  boost::system::error_code inexact;
  const auto value = given.to_number<std::int64_t>(inexact);
  return inexact ? std::nullopt : std::optional(value);
}

/// A resource name of this network that exists, or a complaint; what does not exist is 404.
void check_reference(reading& state, const field& shape, std::string_view name, const std::string& path) {
  const auto parts = split(name, '/');
  if (parts.size() != 4 || parts[0] != "networks" || parts[2] != shape.reference)
    return complain(state, path,
                    "Expected a resource name networks/{network_code}/" + std::string(shape.reference) + "/{id}.");
  if (parts[1] != state.network.code)
    return complain(state, path, "Expected a resource of network " + state.network.code + ".");
  if (!find(state.network.objects, shape.reference, name)) throw not_found(name);
}

json::value read_text(reading& state, const field& shape, const json::value& given, const std::string& path) {
  if (!given.is_string()) {
    complain(state, path, "Expected a string.");
    return nullptr;
  }
  const std::string_view text = given.get_string();
  if (shape.kind == form::timestamp) {
    const auto time = parse_time(text, true);
    if (time) return json::string(rfc3339(*time));
    complain(state, path, "Expected a time in RFC 3339, such as 2026-12-01T05:00:00Z.");
  } else if (shape.kind == form::duration && !is_duration(text)) {
    complain(state, path, "Expected a duration in seconds, such as 30s.");
  } else if (shape.kind == form::bytes && !is_base64(text)) {
    complain(state, path, "Expected base64.");
  } else if (shape.kind == form::choice && !is_choice(shape.choices, text)) {
    complain(state, path, "Expected one of: " + std::string(shape.choices) + ".");
  } else if (!shape.reference.empty() && !text.empty()) {
    check_reference(state, shape, text, path);
  }
  return given;
}

json::value read_number(reading& state, const field& shape, const json::value& given, const std::string& path) {
  if (shape.kind == form::number) {
    if (given.is_number()) return given;
    complain(state, path, "Expected a number.");
    return nullptr;
  }
  const auto value = integer(given);
  const bool fits = value && (shape.kind == form::int64 || (*value >= std::numeric_limits<std::int32_t>::min() &&
                                                            *value <= std::numeric_limits<std::int32_t>::max()));
  if (!fits) {
    complain(
        state, path,
        shape.kind == form::int64 ? "Expected a 64-bit integer as a decimal string." : "Expected a 32-bit integer.");
    return nullptr;
  }
  if (shape.kind == form::int64) return json::string(std::to_string(*value));
  return *value;
}

json::value read_one(reading& state, const field& shape, const json::value& given, const std::string& path) {
  switch (shape.kind) {
    case form::boolean:
      if (!given.is_bool()) complain(state, path, "Expected true or false.");
      return given;
    case form::int32:
    case form::int64:
    case form::number: return read_number(state, shape, given, path);
    case form::object:
    case form::opaque:
      if (!given.is_object()) {
        complain(state, path, "Expected an object.");
        return nullptr;
      }
      if (shape.kind == form::opaque) return given;
      {
        const auto outer = std::exchange(state.for_what, purpose::create);
        auto made = read(state, *shape.of, given.get_object(), path);
        state.for_what = outer;
        return made;
      }
    default: return read_text(state, shape, given, path);
  }
}

json::value read_field(reading& state, const field& shape, const json::value& given, const std::string& path) {
  if (!(shape.rules & repeated)) return read_one(state, shape, given, path);
  if (!given.is_array()) {
    complain(state, path, "Expected an array.");
    return nullptr;
  }
  json::array made;
  for (std::size_t i = 0; i < given.get_array().size(); ++i)
    made.push_back(read_one(state, shape, given.get_array()[i], path + "[" + std::to_string(i) + "]"));
  return made;
}

bool is_absent(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return !value || value->is_null() || (value->is_string() && value->get_string().empty()) ||
         (value->is_array() && value->get_array().empty());
}

}  // namespace

const field* message::find(std::string_view field_name) const noexcept {
  const auto at = std::ranges::find(fields, field_name, &field::name);
  return at == fields.end() ? nullptr : &*at;
}

json::object read(reading& state, const message& shape, const json::object& given, const std::string& path) {
  json::object made;
  for (const auto& [key, value] : given) {
    const auto* known = shape.find(key);
    const auto where = join(path, key);
    if (!known) {
      complain(state, where, "Unknown name: " + std::string(shape.name) + " has no such field.");
    } else if (known->rules & output_only) {
      complain(state, where, "The field is output-only and cannot be written.");
    } else if ((known->rules & identifier) && state.for_what == purpose::create) {
      complain(state, where, "The name is assigned by the server.");
    } else if (!value.is_null()) {
      made[key] = read_field(state, *known, value, where);
    }
  }
  if (state.for_what == purpose::create) require(state, shape, made, path);
  return made;
}

void require(reading& state, const message& shape, const json::object& merged, const std::string& path) {
  for (const auto& each : shape.fields)
    if ((each.rules & required) && is_absent(merged, each.name))
      complain(state, join(path, each.name), "The field is required.");
}

void drop_input_only(const message& shape, json::object& object) {
  for (const auto& each : shape.fields) {
    auto* value = object.if_contains(each.name);
    if (!value) continue;
    if (each.rules & input_only) {
      object.erase(each.name);
    } else if (each.of && value->is_object()) {
      drop_input_only(*each.of, value->get_object());
    } else if (each.of && value->is_array()) {
      for (auto& item : value->get_array())
        if (item.is_object()) drop_input_only(*each.of, item.get_object());
    }
  }
}

const message& shape_of(std::string_view collection) {
  struct row {
    std::string_view collection;
    const message* shape;
  };
  static constexpr std::array rows{row{"orders", &order},
                                   row{"lineItems", &line_item},
                                   row{"creatives", &creative},
                                   row{"associations", &association},
                                   row{"reports", &report},
                                   row{"adUnits", &ad_unit},
                                   row{"placements", &placement},
                                   row{"companies", &company},
                                   row{"users", &user},
                                   row{"geoTargets", &geo_target},
                                   row{"deviceCategories", &device_category},
                                   row{"networks", &network},
                                   row{"customTargetingKeys", &custom_targeting_key},
                                   row{"customTargetingValues", &custom_targeting_value}};
  return *std::ranges::find(rows, collection, &row::collection)->shape;
}

}  // namespace tenon::sandbox::gam
