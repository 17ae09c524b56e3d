#pragma once

#include "sandbox/call.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// Kevel's entities as tables, and how they are read, stored and listed.
///
/// Unlike Ad Manager, Kevel takes a body's unknown fields in silence: they are dropped here too, and counted, so that a
/// test can see them. And a PUT is not a patch: what the body leaves out falls back to its default.
namespace tenon::sandbox::kevel {

enum class form : std::uint8_t { text, boolean, integer, number, date, list, object };

enum behavior : std::uint8_t { optional = 0, required = 1, read_only = 2, zero_when_unset = 4 };

struct field {
  std::string_view name;
  form kind = form::text;
  std::uint8_t rules = optional;
  std::string_view choices = {};  ///< numbers separated by spaces
  std::size_t longest = 0;        ///< of a text; 0 = unlimited
};

struct entity {
  std::string_view name;  ///< "campaign": its path and its table
  std::span<const field> fields;

  const field* find(std::string_view field_name) const noexcept;
};

extern const entity advertiser, campaign, flight, ad, creative;

/// {"message": text} with that status.
refused failure(unsigned status, std::string_view text);
/// {"Error": text} with 400: how a field that is wrong is told.
refused wrong_field(std::string_view text);

json::object body_of(const call& request);

/// The whole object that a POST or a PUT leaves behind: given fields in canonical form, defaults for the rest, what is
/// read-only from `before`. Throws for a missing required field, a wrong type or a value outside of its choices.
json::object read(call& request, const entity& shape, const json::object& given, const record* before);

/// What a PUT needs besides what a POST needs.
void require_all(const json::object& given, std::initializer_list<std::string_view> names);

/// Stores a new object under the next id and gives it back.
record& store_new(call& request, const entity& shape, json::object fields);
void store_update(call& request, record& held, json::object fields);

/// The id of a path's placeholder, or 404.
std::string id_at(const call& request, std::size_t place);

/// Whose object that is.
enum class ownership : std::uint8_t { ours, others, nobodys };
ownership owner_of(const call& request, std::string_view entity_name, std::string_view id);

record* find(call& request, std::string_view entity_name, std::string_view id);

/// The list envelope. Without page or pageSize everything is one page.
http::response list_page(const call& request, const json::array& items);

/// Undeleted objects of an entity that `belongs` admits, shown by `show`.
using shower = json::object (*)(const call&, const record&);
json::array collect(const call& request, std::string_view entity_name, shower show,
                    const std::function<bool(const json::object&)>& belongs);

/// The query's isActive and isArchived, where given.
bool matches_flags(const call& request, const json::object& fields);

}  // namespace tenon::sandbox::kevel
