#include "sandbox/kevel/entity.hpp"

#include <algorithm>
#include <array>

namespace tenon::sandbox::kevel {
namespace {

std::string quoted(const field& shape) { return std::string(shape.name); }

bool is_choice(const field& shape, const json::value& given) {
  return shape.choices.empty() || std::ranges::count(split(shape.choices, ' '), json::serialize(given)) > 0;
}

json::value read_date(const field& shape, const json::value& given) {
  const auto time = given.is_string() ? parse_time(given.get_string(), false) : std::nullopt;
  if (!time) throw wrong_field(quoted(shape) + " must be a date in ISO 8601");
  return json::string(kevel_time(*time));
}

json::value read_text(const field& shape, const json::value& given) {
  if (!given.is_string()) throw wrong_field(quoted(shape) + " must be a string");
  if (shape.longest > 0 && given.get_string().size() > shape.longest)
    throw wrong_field(quoted(shape) + " must be at most " + std::to_string(shape.longest) + " characters");
  return given;
}

json::value read_number(const field& shape, const json::value& given) {
  boost::system::error_code inexact;
  if (!given.is_number()) throw wrong_field(quoted(shape) + " must be a number");
  const auto whole = given.to_number<std::int32_t>(inexact);
  if (shape.kind == form::number && inexact) return given;
  if (inexact) throw wrong_field(quoted(shape) + " must be a 32-bit integer");
  if ((shape.rules & zero_when_unset) && whole < 1) throw wrong_field(quoted(shape) + " must be at least 1, or null");
  if (!is_choice(shape, json::value(whole)))
    throw wrong_field(quoted(shape) + " must be one of " + std::string(shape.choices));
  return whole;
}

json::value read_one(const field& shape, const json::value& given) {
  switch (shape.kind) {
    case form::date: return read_date(shape, given);
    case form::text: return read_text(shape, given);
    case form::integer:
    case form::number: return read_number(shape, given);
    case form::boolean:
      if (!given.is_bool()) throw wrong_field(quoted(shape) + " must be true or false");
      return given;
    case form::list:
      if (!given.is_array()) throw wrong_field(quoted(shape) + " must be an array");
      return given;
    case form::object:
      if (!given.is_object()) throw wrong_field(quoted(shape) + " must be an object");
      return given;
  }
  return nullptr;
}

json::value default_of(const field& shape) {
  if (shape.rules & zero_when_unset) return 0;
  if (shape.kind == form::boolean) return false;
  return nullptr;
}

void count_unknown(call& request, const entity& shape, const json::object& given) {
  constexpr std::array servers{std::string_view("Id"), std::string_view("Version"), std::string_view("Created"),
                               std::string_view("LastModified")};
  for (const auto& [key, value] : given)
    if (!shape.find(key) && std::ranges::count(servers, std::string_view(key)) == 0)
      ++request.kevel->ignored_fields[std::string(shape.name) + "." + std::string(key)];
}

std::string_view required_message(const entity& shape, std::string_view name) {
  if (name == "GoalType") return "Goal Type is a required field";
  if (shape.name == "advertiser" && name == "Title") return "A title is required.";
  return {};
}

std::int64_t page_number(const call& request, std::string_view name, std::int64_t missing) {
  const auto number = parse_integer(value_of(request.query, name)).value_or(missing);
  return number < 1 ? missing : number;
}

}  // namespace

const field* entity::find(std::string_view field_name) const noexcept {
  const auto at = std::ranges::find(fields, field_name, &field::name);
  return at == fields.end() ? nullptr : &*at;
}

refused failure(unsigned status, std::string_view text) {
  return refused(json_answer(status, json::object{{"message", text}}));
}
refused wrong_field(std::string_view text) { return refused(json_answer(400, json::object{{"Error", text}})); }

json::object body_of(const call& request) {
  auto body = json_body(request.request);
  if (!body) throw failure(400, "The body must be a JSON object with Content-Type: application/json");
  return std::move(*body);
}

json::object read(call& request, const entity& shape, const json::object& given, const record* before) {
  count_unknown(request, shape, given);
  json::object made;
  for (const auto& each : shape.fields) {
    const auto* value = given.if_contains(each.name);
    const bool absent =
        !value || value->is_null() || (each.kind == form::text && value->is_string() && value->get_string().empty());
    if (each.rules & read_only) {
      const auto* kept = before ? before->fields.if_contains(each.name) : nullptr;
      made[each.name] = kept ? *kept : default_of(each);
    } else if (absent && (each.rules & required)) {
      const auto known = required_message(shape, each.name);
      throw wrong_field(known.empty() ? std::string(each.name) + " is a required field" : std::string(known));
    } else {
      made[each.name] = absent ? default_of(each) : read_one(each, *value);
    }
  }
  if (before && given.contains("Id") && integer_of(given, "Id") != integer_of(before->fields, "Id"))
    throw wrong_field("Id must be the id of the path");
  return made;
}

void require_all(const json::object& given, std::initializer_list<std::string_view> names) {
  for (const auto name : names)
    if (!given.contains(name) || given.at(name).is_null())
      throw wrong_field(std::string(name) + " is a required field");
}

record& store_new(call& request, const entity& shape, json::object fields) {
  const auto id = ++request.kevel_all->last_id;
  fields["Id"] = id;
  fields["Version"] = 1;
  fields["Created"] = kevel_time(request.now);
  fields["LastModified"] = kevel_time(request.now);
  return table_of(request.kevel->objects, shape.name).add(std::to_string(id), std::move(fields));
}

void store_update(call& request, record& held, json::object fields) {
  const auto version = integer_of(held.fields, "Version") + 1;
  for (const auto name : {"Id", "Created"}) fields[name] = held.fields[name];
  held.fields = std::move(fields);
  held.fields["Version"] = version;
  held.fields["LastModified"] = kevel_time(request.now);
}

std::string id_at(const call& request, std::size_t place) {
  if (!parse_integer(request.ids[place])) throw failure(404, "Not found.");
  return request.ids[place];
}

ownership owner_of(const call& request, std::string_view entity_name, std::string_view id) {
  for (const auto& [name, network] : request.kevel_all->networks)
    if (sandbox::find(network.objects, entity_name, id))
      return &network == request.kevel ? ownership::ours : ownership::others;
  return ownership::nobodys;
}

record* find(call& request, std::string_view entity_name, std::string_view id) {
  return table_of(request.kevel->objects, entity_name).find(id);
}

http::response list_page(const call& request, const json::array& items) {
  const bool paged = has(request.query, "page") || has(request.query, "pageSize");
  const auto total = static_cast<std::int64_t>(items.size());
  const auto size =
      paged ? std::min<std::int64_t>(page_number(request, "pageSize", 500), 500) : std::max<std::int64_t>(total, 1);
  const auto page = paged ? page_number(request, "page", 1) : 1;
  json::array shown;
  if (page <= total / size + 1)
    for (auto i = (page - 1) * size; i < std::min(page * size, total); ++i)
      shown.push_back(items[static_cast<std::size_t>(i)]);
  return json_answer(200, json::object{{"page", page},
                                       {"pageSize", paged ? size : total},
                                       {"totalPages", (total + size - 1) / size},
                                       {"totalItems", total},
                                       {"items", std::move(shown)}});
}

json::array collect(const call& request, std::string_view entity_name, shower show,
                    const std::function<bool(const json::object&)>& belongs) {
  json::array made;
  table_of(request.kevel->objects, entity_name).each([&](const record& held) {
    if (!flag_of(held.fields, "IsDeleted") && belongs(held.fields)) made.push_back(show(request, held));
  });
  return made;
}

bool matches_flags(const call& request, const json::object& fields) {
  const auto agrees = [&](std::string_view parameter, std::string_view name) {
    const auto wanted = value_of(request.query, parameter);
    return wanted.empty() || (wanted == "true") == flag_of(fields, name);
  };
  return agrees("isActive", "IsActive") && agrees("isArchived", "IsArchived");
}

}  // namespace tenon::sandbox::kevel
