#include "sandbox/kevel/inventory.hpp"

#include "sandbox/kevel/entity.hpp"

#include <algorithm>
#include <array>

namespace tenon::sandbox::kevel {
namespace {

json::object as_stored(const call&, const record& held) { return held.fields; }

std::int64_t add(kevel_world& all, kevel_network& network, std::string_view entity_name, json::object fields) {
  const auto id = ++all.last_id;
  fields["Id"] = id;
  table_of(network.objects, entity_name).add(std::to_string(id), std::move(fields));
  return id;
}

/// Ad types are Kevel's own: the same small ids everywhere.
void add_ad_types(kevel_network& network) {
  struct ad_type {
    int id;
    int width;
    int height;
    std::string_view name;
  };
  constexpr std::array rows{ad_type{4, 728, 90, "Leaderboard"}, ad_type{5, 300, 250, "Medium Rectangle"},
                            ad_type{6, 160, 600, "Wide Skyscraper"}, ad_type{43, 320, 50, "Mobile Banner"},
                            ad_type{163, 300, 600, "Half Page"}};
  for (const auto& each : rows)
    table_of(network.objects, "adtype")
        .add(std::to_string(each.id),
             {{"Id", each.id}, {"Width", each.width}, {"Height", each.height}, {"Name", each.name}});
}

json::object priority(std::string_view name, std::int64_t channel, int weight) {
  return {{"Name", name},       {"ChannelId", channel},    {"Weight", weight},
          {"IsDeleted", false}, {"SelectionAlgorithm", 0}, {"IsAuction", false}};
}

struct region {
  std::string_view country;
  std::string_view code;
  std::string_view name;
};
constexpr std::array regions{region{"US", "CA", "California"}, region{"US", "NY", "New York"},
                             region{"US", "TX", "Texas"}, region{"CA", "ON", "Ontario"}};

struct country {
  std::string_view code;
  std::string_view name;
};
constexpr std::array countries{country{"US", "United States"}, country{"CA", "Canada"}, country{"GB", "United Kingdom"},
                               country{"DE", "Germany"},       country{"FR", "France"}, country{"AU", "Australia"}};

}  // namespace

http::response list_inventory(call& request) {
  return list_page(request, collect(request, request.subject, as_stored, [](const json::object&) { return true; }));
}

http::response get_inventory(call& request) {
  const auto* held = find(request, request.subject, id_at(request, 0));
  if (!held) throw failure(404, "Not found.");
  return json_answer(200, held->fields);
}

http::response list_priorities_of_channel(call& request) {
  const auto id = parse_integer(id_at(request, 0));
  if (!find(request, "channel", request.ids[0])) throw failure(400, "This channel does not belong to your network");
  return list_page(request, collect(request, "priority", as_stored,
                                    [&](const json::object& fields) { return integer_of(fields, "ChannelId") == id; }));
}

http::response list_ad_types_of_channel(call& request) {
  if (!find(request, "channel", id_at(request, 0))) throw failure(400, "This channel does not belong to your network");
  return list_page(request, collect(request, "adtype", as_stored, [](const json::object&) { return true; }));
}

http::response list_countries(call&) {
  json::array made;
  for (const auto& each : countries)
    made.push_back(json::object{{"Name", each.name}, {"Code", each.code}, {"Regions", nullptr}});
  return json_answer(200, made);
}

http::response list_regions(call& request) {
  const auto at = std::ranges::find(countries, std::string_view(request.ids[0]), &country::code);
  if (at == countries.end()) throw failure(404, "Not found.");
  json::object made;
  for (const auto& each : regions)
    if (each.country == at->code)
      made[each.code] =
          json::object{{"Name", each.name}, {"Code", each.code}, {"CountryCode", each.country}, {"Metros", nullptr}};
  return json_answer(200, json::object{{"Name", at->name}, {"Code", at->code}, {"Regions", std::move(made)}});
}

void seed(kevel_world& all, kevel_network& network) {
  const json::object live{{"IsActive", true},
                          {"IsDeleted", false},
                          {"Version", 1},
                          {"Created", "2026-01-01T00:00:00.0000000"},
                          {"LastModified", "2026-01-01T00:00:00.0000000"}};
  for (const auto title : {"Acme Outdoor", "Summit Foods"}) {
    auto fields = live;
    fields["Title"] = title;
    add(all, network, "advertiser", std::move(fields));
  }
  add_ad_types(network);
  const auto channel = add(all, network, "channel",
                           {{"Title", "Run of network"},
                            {"AdTypes", json::array{4, 5, 6, 43, 163}},
                            {"IsDeleted", false},
                            {"Engine", "CPM"},
                            {"CPM", 0}});
  add(all, network, "priority", priority("Sponsorship", channel, 1));
  add(all, network, "priority", priority("Standard", channel, 5));
  add(all, network, "priority", priority("House", channel, 10));
  const auto site =
      add(all, network, "site", {{"Title", "News site"}, {"Url", "https://news.example"}, {"IsDeleted", false}});
  const auto second =
      add(all, network, "site", {{"Title", "Sports site"}, {"Url", "https://sports.example"}, {"IsDeleted", false}});
  add(all, network, "zone", {{"Name", "Homepage top"}, {"SiteId", site}, {"IsDeleted", false}});
  add(all, network, "zone", {{"Name", "Article side"}, {"SiteId", site}, {"IsDeleted", false}});
  add(all, network, "zone", {{"Name", "Scores top"}, {"SiteId", second}, {"IsDeleted", false}});
}

}  // namespace tenon::sandbox::kevel
