#pragma once

#include "sandbox/call.hpp"
#include "sandbox/gam/error.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// The messages of Ad Manager REST v1 as tables, and the strict reading of a request against them (proto3 JSON).
namespace tenon::sandbox::gam {

enum class form : std::uint8_t {
  text,
  boolean,
  int32,
  int64,  ///< a decimal string; a number is accepted
  number,
  timestamp,  ///< RFC 3339
  duration,   ///< "30s"
  bytes,      ///< base64
  choice,     ///< an enum: one of `choices`
  object,     ///< a message of its own: `of`
  opaque      ///< a message this stand-in takes as it comes
};

/// google.api.field_behavior, as bits.
enum behavior : std::uint8_t {
  optional = 0,
  required = 1,
  output_only = 2,
  immutable = 4,
  input_only = 8,
  repeated = 16,
  identifier = 32
};

struct message;

struct field {
  std::string_view name;
  form kind = form::text;
  std::uint8_t rules = optional;
  std::string_view choices = {};  ///< separated by spaces
  const message* of = nullptr;
  std::string_view reference = {};  ///< the collection a resource name must be of, "companies"
};

struct message {
  std::string_view name;
  std::span<const field> fields;

  const field* find(std::string_view field_name) const noexcept;
};

/// What a request's object may do: `create` sees every required field, `update` may leave out top-level ones.
enum class purpose : std::uint8_t { create, update };

struct reading {
  const gam_network& network;  ///< where references must lead
  purpose for_what = purpose::create;
  violations found = {};
};

/// The object in canonical form: int64 as strings, times in UTC, nulls left out. What is wrong goes to `found`: unknown
/// fields, wrong types, missing required fields, writes to output-only fields, names of other networks. A reference
/// that leads nowhere is 404.
json::object read(reading& state, const message& shape, const json::object& given, const std::string& path);

/// Required top-level fields that are not there (after an update was merged).
void require(reading& state, const message& shape, const json::object& merged, const std::string& path);

/// Drops what is input-only, at any depth: it is never shown.
void drop_input_only(const message& shape, json::object& object);

// The messages.
extern const message order, line_item, size, targeting, creative_placeholder, goal;
extern const message creative, association;
extern const message report, report_filter;
extern const message ad_unit, placement, company, user, geo_target, device_category, network, custom_targeting_key,
    custom_targeting_value;

/// The message of a collection ("orders" -> order). The collection must be one.
const message& shape_of(std::string_view collection);

}  // namespace tenon::sandbox::gam
