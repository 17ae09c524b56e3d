#include "targeting.hpp"

#include "regions.hpp"

#include <algorithm>
#include <array>

namespace tenon::gam {
namespace {

constexpr std::array<std::string_view, 9> supported{
    "geo_countries",      "geo_countries_exclude", "geo_regions",         "geo_regions_exclude", "geo_metros",
    "geo_metros_exclude", "device_type",           "device_type_exclude", "frequency_cap"};

struct device_rule {
  std::string_view type;
  std::string_view category;  ///< a display name
};

// A type may be several categories, and networks differ in which they have.
constexpr std::array<device_rule, 7> device_rules{{{"desktop", "Desktop"},
                                                   {"mobile", "Smartphone"},
                                                   {"mobile", "High-end mobile devices"},
                                                   {"mobile", "Feature Phone"},
                                                   {"tablet", "Tablet"},
                                                   {"ctv", "Connected TV"},
                                                   {"ctv", "Set Top Box"}}};

[[noreturn]] void no_such_place(std::string const& meaning, std::string const& path) {
  throw sdk::error("VALIDATION_ERROR", meaning + " cannot be targeted").field(path);
}

}  // namespace

sdk::task<std::string> targeting_resolver::only_place(std::string filter, std::string meaning, std::string path,
                                                      sales::deadline until) {
  if (auto const known = known_.find(meaning); known != known_.end()) {
    co_return known->second;
  }
  auto const found = co_await api_.list("geoTargets", "geoTargets", std::move(filter), subject::inventory, until);
  std::string name;
  for (auto const& place : found) {
    if (!place.is_object() || !sales::upstream_flag(place.get_object(), "targetable")) {
      continue;
    }
    if (!name.empty()) {
      no_such_place(meaning + " means more than one place and", path);
    }
    name = sales::upstream_text(place.get_object(), "name");
  }
  if (name.empty()) {
    no_such_place(meaning, path);
  }
  known_[meaning] = name;
  co_return name;
}

sdk::task<std::string> targeting_resolver::country(std::string code, std::string path, sales::deadline until) {
  sales::require_country(code, path);
  auto filter = equals("regionCode", code) + " AND " + equals("type", "COUNTRY");
  co_return co_await only_place(std::move(filter), code, path, until);
}

sdk::task<std::string> targeting_resolver::region(std::string code, std::string path, sales::deadline until) {
  auto const parts = sales::read_region(code, path);
  auto const name = region_name(parts.country, parts.subdivision);
  if (!name) {
    no_such_place(code, path);
  }
  auto const parent = co_await country(parts.country, path, until);
  auto filter = equals("canonicalParent", parent) + " AND " + equals("displayName", *name);
  co_return co_await only_place(std::move(filter), code, path, until);
}

sdk::task<std::string> targeting_resolver::metro(std::string code, std::string path, sales::deadline until) {
  auto const name = api_.settings().network + "/geoTargets/200" + code;
  if (known_.contains(name)) {
    co_return name;
  }
  bool usable = false;
  try {
    auto const found = co_await api_.get(name, subject::place, until);
    usable = sales::upstream_flag(found, "targetable");
  } catch (sdk::error const& fault) {
    if (fault.code() != "VALIDATION_ERROR") {
      throw;
    }
  }
  if (!usable) {
    no_such_place("Nielsen DMA " + code, path);
  }
  known_[name] = name;
  co_return name;
}

sdk::task<std::vector<std::string>> targeting_resolver::places(json::object overlay, std::string suffix,
                                                               std::string path, sales::deadline until) {
  std::vector<std::string> names;
  auto const countries = "geo_countries" + suffix;
  for (auto const& code : sales::texts_at(overlay, countries, path)) {
    names.push_back(co_await country(code, sales::path_of(path, countries), until));
  }
  auto const regions = "geo_regions" + suffix;
  for (auto const& code : sales::texts_at(overlay, regions, path)) {
    names.push_back(co_await region(code, sales::path_of(path, regions), until));
  }
  auto const metros = "geo_metros" + suffix;
  for (auto const& code : sales::nielsen_metros(overlay, metros, path)) {
    names.push_back(co_await metro(code, sales::path_of(path, metros), until));
  }
  co_return names;
}

sdk::task<std::vector<std::string>> targeting_resolver::devices(std::vector<std::string> types, std::string path,
                                                                sales::deadline until) {
  std::vector<std::string> names;
  if (!types.empty() && categories_.empty()) {
    categories_ = co_await api_.list("deviceCategories", "deviceCategories", {}, subject::inventory, until);
  }
  for (auto const& type : types) {
    auto const before = names.size();
    for (auto const& category : categories_) {
      auto const shown =
          category.is_object() ? sales::upstream_text(category.get_object(), "displayName") : std::string();
      auto const means = [&](device_rule const& rule) { return rule.type == type && rule.category == shown; };
      if (std::any_of(device_rules.begin(), device_rules.end(), means)) {
        names.push_back(sales::upstream_text(category.get_object(), "name"));
      }
    }
    if (names.size() == before) {
      throw sdk::error("UNSUPPORTED_FEATURE", "Devices of type " + type + " cannot be targeted").field(path);
    }
  }
  co_return names;
}

sdk::task<resolved_targeting> targeting_resolver::resolve(json::object overlay, std::string path,
                                                          sales::deadline until) {
  sales::refuse_unsupported_targeting(overlay, supported, api_.settings().by_hand, path);
  resolved_targeting result;
  result.caps = sales::frequency_limits(overlay, path);
  result.geos = co_await places(overlay, "", path, until);
  result.excluded_geos = co_await places(overlay, "_exclude", path, until);
  auto types = sales::texts_at(overlay, "device_type", path);
  result.device_categories = co_await devices(std::move(types), sales::path_of(path, "device_type"), until);
  auto excluded = sales::texts_at(overlay, "device_type_exclude", path);
  result.excluded_device_categories =
      co_await devices(std::move(excluded), sales::path_of(path, "device_type_exclude"), until);
  co_return result;
}

}  // namespace tenon::gam
