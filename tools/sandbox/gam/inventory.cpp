#include "sandbox/gam/inventory.hpp"

#include "sandbox/gam/collections.hpp"

#include <array>

namespace tenon::sandbox::gam {
namespace {

/// "customTargetingValues" -> "customTargetingValue".
std::string singular(std::string_view collection) { return std::string(collection.substr(0, collection.size() - 1)); }

json::object store_new(call& request, json::object fields) {
  auto name = next_name(*request.gam, request.subject);
  fields["name"] = name;
  fields["status"] = "ACTIVE";
  return table_of(request.gam->objects, request.subject).add(std::move(name), std::move(fields)).fields;
}

void add(gam_network& network, std::string_view collection, std::string_view id, json::object fields) {
  auto name = name_of(network, collection, id);
  fields["name"] = name;
  table_of(network.objects, collection).add(std::move(name), std::move(fields));
}

json::object pixel_size(int width, int height) {
  return {{"size", json::object{{"width", width}, {"height", height}, {"sizeType", "PIXEL"}}},
          {"environmentType", "BROWSER"}};
}

void add_ad_unit(gam_network& network, std::string_view id, std::string_view parent, std::string_view display_name,
                 json::array sizes) {
  json::object fields{{"displayName", display_name},
                      {"adUnitCode", display_name},
                      {"status", "ACTIVE"},
                      {"hasChildren", parent.empty()},
                      {"updateTime", "2026-01-01T00:00:00Z"}};
  if (!parent.empty()) fields["parentAdUnit"] = name_of(network, "adUnits", parent);
  if (!sizes.empty()) fields["adUnitSizes"] = std::move(sizes);
  add(network, "adUnits", id, std::move(fields));
}

void add_company(gam_network& network, std::string_view id, std::string_view display_name, std::string_view type) {
  add(network, "companies", id,
      {{"displayName", display_name},
       {"type", type},
       {"creditStatus", "ACTIVE"},
       {"updateTime", "2026-01-01T00:00:00Z"}});
}

struct place {
  std::string_view id;
  std::string_view name;
  std::string_view region;  ///< CLDR country
  std::string_view type;
  std::string_view parent;
};

// Country ids are 2000 + ISO 3166-1 numeric; the metro's is 200 + its Nielsen code. The ids of states are this
// stand-in's own: a client that resolves them by name need not care, and one that hardcodes them is caught.
constexpr std::array places{place{"2840", "United States", "US", "COUNTRY", ""},
                            place{"2124", "Canada", "CA", "COUNTRY", ""},
                            place{"2826", "United Kingdom", "GB", "COUNTRY", ""},
                            place{"2276", "Germany", "DE", "COUNTRY", ""},
                            place{"2250", "France", "FR", "COUNTRY", ""},
                            place{"2036", "Australia", "AU", "COUNTRY", ""},
                            place{"9000001", "California", "US", "STATE", "2840"},
                            place{"9000002", "New York", "US", "STATE", "2840"},
                            place{"9000003", "Texas", "US", "STATE", "2840"},
                            place{"9000004", "Ontario", "CA", "PROVINCE", "2124"},
                            place{"200807", "San Francisco-Oakland-San Jose, CA", "US", "DMA_REGION", "9000001"},
                            place{"9000005", "Nowhere County", "US", "COUNTY", "9000001"}};

void add_places(gam_network& network) {
  for (const auto& each : places) {
    json::object fields{{"displayName", each.name},
                        {"regionCode", each.region},
                        {"type", each.type},
                        {"targetable", each.type != "COUNTY"}};
    if (!each.parent.empty()) fields["canonicalParent"] = name_of(network, "geoTargets", each.parent);
    add(network, "geoTargets", each.id, std::move(fields));
  }
}

void add_custom_targeting(gam_network& network) {
  add(network, "customTargetingKeys", "1",
      {{"adTagName", "axe_segment"},
       {"displayName", "AXE segment"},
       {"type", "FREEFORM"},
       {"status", "ACTIVE"},
       {"reportableType", "ON"}});
  add(network, "customTargetingKeys", "3",
      {{"adTagName", "section"},
       {"displayName", "Section"},
       {"type", "PREDEFINED"},
       {"status", "ACTIVE"},
       {"reportableType", "OFF"}});
  add(network, "customTargetingValues", "2",
      {{"customTargetingKey", name_of(network, "customTargetingKeys", "1")},
       {"adTagName", "sports_fans"},
       {"displayName", "Sports fans"},
       {"matchType", "EXACT"},
       {"status", "ACTIVE"}});
  add(network, "customTargetingValues", "4",
      {{"customTargetingKey", name_of(network, "customTargetingKeys", "3")},
       {"adTagName", "news"},
       {"displayName", "News"},
       {"matchType", "EXACT"},
       {"status", "ACTIVE"}});
}

}  // namespace

http::response create_one(call& request) {
  allow_query(request);
  return answer(request, store_new(request, read_new(*request.gam, shape_of(request.subject), body_of(request),
                                                     singular(request.subject))));
}

http::response create_batch(call& request) {
  allow_query(request);
  const auto body = body_of(request);
  allow_only(body, {"requests"});
  const auto member = singular(request.subject);
  std::vector<json::object> made;
  for (const auto& each : requests_of(body)) {
    allow_only(each.get_object(), {"parent", member}, "requests[].");
    if (text_of(each.get_object(), "parent") != request.gam->name())
      throw invalid("requests[].parent", "Expected the parent of the batch.");
    made.push_back(read_new(*request.gam, shape_of(request.subject), object_of(each.get_object(), member),
                            "requests[]." + member));
  }
  json::array shown;
  for (auto& fields : made) shown.push_back(store_new(request, std::move(fields)));
  return answer(request, json::object{{request.subject, std::move(shown)}});
}

void seed(gam_network& network) {
  const auto self = network.name();
  table_of(network.objects, "networks")
      .add(self, {{"name", self},
                  {"displayName", "Sandbox network " + network.code},
                  {"networkCode", network.code},
                  {"timeZone", "Etc/UTC"},
                  {"currencyCode", "USD"},
                  {"effectiveRootAdUnit", name_of(network, "adUnits", "90")},
                  {"testNetwork", true}});
  add_ad_unit(network, "90", "", "sandbox_root", {});
  add_ad_unit(network, "99", "90", "homepage", {pixel_size(300, 250), pixel_size(728, 90)});
  add_ad_unit(network, "100", "90", "sports", {pixel_size(300, 250), pixel_size(300, 600)});
  add_ad_unit(network, "101", "90", "article", {pixel_size(300, 250), pixel_size(320, 50)});
  add(network, "placements", "7",
      {{"displayName", "Run of site"},
       {"placementCode", "run_of_site"},
       {"status", "ACTIVE"},
       {"updateTime", "2026-01-01T00:00:00Z"},
       {"targetedAdUnits", json::array{name_of(network, "adUnits", "99"), name_of(network, "adUnits", "100"),
                                       name_of(network, "adUnits", "101")}}});
  add_company(network, "555", "Acme Outdoor", "ADVERTISER");
  add_company(network, "556", "Summit Foods", "ADVERTISER");
  add_company(network, "600", "Pinnacle Agency", "AGENCY");
  add(network, "users", "77",
      {{"displayName", "Sandbox trafficker"},
       {"email", "trafficker@sandbox.example"},
       {"role", name_of(network, "roles", "5")},
       {"active", true},
       {"serviceAccount", false}});
  // Synthetic: the real ids are not public, so clients have to find them by their names.
  add(network, "deviceCategories", "40001", {{"displayName", "Desktop"}});
  add(network, "deviceCategories", "40002", {{"displayName", "Smartphone"}});
  add(network, "deviceCategories", "40003", {{"displayName", "Tablet"}});
  add(network, "deviceCategories", "40004", {{"displayName", "Connected TV"}});
  add_places(network);
  add_custom_targeting(network);
}

}  // namespace tenon::sandbox::gam
