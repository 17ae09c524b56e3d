#include "sandbox/gam/collections.hpp"

#include "sandbox/gam/filter.hpp"

#include <algorithm>
#include <array>

namespace tenon::sandbox::gam {
namespace {

constexpr std::array common_parameters{std::string_view("$fields"),     std::string_view("fields"),
                                       std::string_view("alt"),         std::string_view("$alt"),
                                       std::string_view("prettyPrint"), std::string_view("$prettyPrint"),
                                       std::string_view("quotaUser")};

std::vector<path> wanted_fields(const call& request) {
  std::string text(value_of(request.query, "$fields"));
  if (text.empty()) text = value_of(request.query, "fields");
  if (text.empty()) text = request.request.header("x-goog-fieldmask");
  return parse_mask(text);
}

void check_updatable(const message& shape, const std::vector<path>& mask, const std::string& where, violations& found) {
  for (const auto& each : mask) {
    std::string text;
    for (const auto& part : each) text += (text.empty() ? "" : ".") + part;
    const auto* target = resolve(shape, each);
    if (!target)
      found.push_back({.field = where, .description = "The mask names no field: " + text + "."});
    else if (target->rules & (output_only | identifier))
      found.push_back({.field = where, .description = "The mask names a field that cannot be written: " + text + "."});
  }
}

void check_immutable(const message& shape, const json::object& before, const json::object& after,
                     const std::string& where, violations& found) {
  for (const auto& each : shape.fields) {
    if (!(each.rules & immutable)) continue;
    const auto* was = before.if_contains(each.name);
    const auto* is = after.if_contains(each.name);
    if (was && (!is || *is != *was))
      found.push_back({.field = where + "." + std::string(each.name), .description = "The field is immutable."});
  }
}

std::int64_t page_number(const call& request, std::string_view name, std::int64_t missing) {
  const auto text = value_of(request.query, name);
  if (text.empty()) return missing;
  const auto value = parse_integer(text);
  if (!value || *value < 0) throw invalid(std::string(name), "Expected a number that is not negative.");
  return *value;
}

/// Ties a page token to the request it came from: everything that selects or orders must be the same again.
std::string fingerprint(const call& request) {
  std::string text = request.request.path;
  for (const auto name : {"filter", "orderBy", "skip", "pageSize"}) {
    text += '\n';
    text += value_of(request.query, name);
  }
  return std::to_string(std::hash<std::string>()(text));
}

std::size_t page_start(const call& request) {
  const auto token = value_of(request.query, "pageToken");
  if (token.empty()) return static_cast<std::size_t>(page_number(request, "skip", 0));
  const auto text = base64url_decode(token).value_or("");
  const auto parts = split(text, ':');
  const auto start = parse_integer(parts[0]);
  if (parts.size() != 2 || !start || *start < 0) throw invalid("pageToken", "The token is not one of this server's.");
  if (parts[1] != fingerprint(request))
    throw invalid("pageToken", "All other parameters must be the same as in the call that gave the token.");
  return static_cast<std::size_t>(*start);
}

}  // namespace

std::string name_of(const gam_network& network, std::string_view collection, std::string_view id) {
  return network.name() + "/" + std::string(collection) + "/" + std::string(id);
}

std::string next_name(gam_network& network, std::string_view collection) {
  return name_of(network, collection, std::to_string(++network.last_id));
}

json::object body_of(const call& request) {
  auto body = json_body(request.request);
  if (!body) throw invalid("", "Expected a JSON object with Content-Type: application/json.");
  return std::move(*body);
}

void allow_only(const json::object& body, std::initializer_list<std::string_view> allowed, const std::string& path) {
  violations found;
  for (const auto& [key, value] : body)
    if (std::ranges::count(allowed, std::string_view(key)) == 0)
      found.push_back(
          {.field = path + std::string(key), .description = "Unknown name: the request has no such field."});
  if (!found.empty()) throw invalid(std::move(found));
}

void allow_query(const call& request, std::initializer_list<std::string_view> allowed) {
  for (const auto& [name, value] : request.query)
    if (std::ranges::count(allowed, std::string_view(name)) == 0 &&
        std::ranges::count(common_parameters, std::string_view(name)) == 0)
      throw invalid(name, "Unknown name: the method has no such query parameter.");
}

json::object read_new(const gam_network& network, const message& shape, const json::object& given,
                      const std::string& path) {
  reading state{.network = network};
  auto made = read(state, shape, given, path);
  if (!state.found.empty()) throw invalid(std::move(state.found));
  return made;
}

json::object read_update(const gam_network& network, const message& shape, const record& held,
                         const json::object& given, std::string_view update_mask, const std::string& where) {
  auto mask = parse_mask(update_mask);
  const bool whole = mask.size() == 1 && mask[0] == path{"*"};
  json::object offered;
  for (const auto& [key, value] : given) {
    const auto* known = shape.find(key);
    const bool written = mask.empty() || whole || mentions(mask, key);
    if (!known || written || (known->rules & identifier))
      offered[key] = value;  // outside of the mask nothing is written
  }
  reading state{.network = network, .for_what = purpose::update};
  auto read_in = read(state, shape, offered, where);
  read_in.erase("name");
  if (!whole) check_updatable(shape, mask, "updateMask", state.found);
  if (!state.found.empty()) throw invalid(std::move(state.found));

  auto merged = held.fields;
  if (mask.empty() || whole)
    for (const auto& each : shape.fields)
      if (!(each.rules & (output_only | identifier)) && (whole || read_in.contains(each.name)))
        mask.push_back({std::string(each.name)});
  for (const auto& each : mask)
    if (each != path{"*"}) assign(merged, read_in, each);
  require(state, shape, merged, where);
  check_immutable(shape, held.fields, merged, where, state.found);
  if (!state.found.empty()) throw invalid(std::move(state.found));
  return merged;
}

const json::array& requests_of(const json::object& body) {
  const auto& requests = array_of(body, "requests");
  if (requests.empty() || requests.size() > batch_limit)
    throw invalid("requests", "Expected 1 to 100 requests, found " + std::to_string(requests.size()) + ".");
  for (std::size_t i = 0; i < requests.size(); ++i)
    if (!requests[i].is_object()) throw invalid("requests[" + std::to_string(i) + "]", "Expected an object.");
  return requests;
}

std::vector<record*> named(gam_network& network, std::string_view collection, const json::object& body,
                           std::size_t limit) {
  const auto& names = array_of(body, "names");
  if (names.empty() || names.size() > limit)
    throw invalid("names",
                  "Expected 1 to " + std::to_string(limit) + " names, found " + std::to_string(names.size()) + ".");
  std::vector<record*> made;
  for (const auto& each : names) {
    if (!each.is_string()) throw invalid("names", "Expected resource names.");
    made.push_back(&existing(network, collection, each.get_string()));
    if (std::ranges::count(made, made.back()) > 1)
      throw invalid("names", "Expected each name once: " + made.back()->key + ".");
  }
  return made;
}

http::response answer(const call& request, const json::value& shown) {
  return json_answer(200, trim(shown, wanted_fields(request)));
}

record& existing(gam_network& network, std::string_view collection, std::string_view name) {
  auto* held = table_of(network.objects, collection).find(name);
  if (!held) throw not_found(name);
  return *held;
}

http::response list_page(const call& request, std::string_view collection, std::string_view member,
                         const std::function<bool(const record&)>& belongs) {
  allow_query(request, {"pageSize", "pageToken", "filter", "orderBy", "skip"});
  const auto& shape = shape_of(collection);
  const auto filter = parse_filter(value_of(request.query, "filter"), shape);
  const auto order = parse_ordering(value_of(request.query, "orderBy"), shape);
  const auto asked = page_number(request, "pageSize", 0);
  const auto size = static_cast<std::size_t>(asked == 0 ? 50 : std::min<std::int64_t>(asked, 1000));
  const auto start = page_start(request);

  std::vector<json::object> all;
  table_of(request.gam->objects, collection).each([&](const record& held) {
    if (!belongs(held)) return;
    auto shown = show(*request.gam, collection, held, request.now);
    if (matches(shown, filter)) all.push_back(std::move(shown));
  });
  if (!order.field.empty())
    std::ranges::stable_sort(all,
                             [&](const auto& left, const auto& right) { return comes_before(left, right, order); });

  json::array page;
  const auto end = std::min(all.size(), start + size);
  for (auto i = std::min(start, end); i < end; ++i) page.push_back(std::move(all[i]));
  json::object made;
  if (!page.empty()) made[member] = std::move(page);
  if (end < all.size()) made["nextPageToken"] = base64url_encode(std::to_string(end) + ":" + fingerprint(request));
  const auto wanted = wanted_fields(request);
  if (!wanted.empty() && mentions(wanted, "totalSize")) made["totalSize"] = all.size();
  return answer(request, made);
}

http::response get(call& request) {
  allow_query(request);
  const auto name = name_of(*request.gam, request.subject, request.ids.back());
  return answer(request,
                show(*request.gam, request.subject, existing(*request.gam, request.subject, name), request.now));
}

http::response list(call& request) {
  return list_page(request, request.subject, request.subject, [](const record&) { return true; });
}

http::response get_network(call& request) {
  allow_query(request);
  return answer(request, existing(*request.gam, "networks", request.gam->name()).fields);
}

}  // namespace tenon::sandbox::gam
