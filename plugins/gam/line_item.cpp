#include "line_item.hpp"

#include "../sales/state.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace tenon::gam {
namespace {

constexpr std::size_t longest_name = 255;
constexpr std::int64_t nanos_per_micro = 1000;
constexpr std::int64_t micros_per_unit = 1'000'000;

std::string_view unit_type_of(sales::pricing_model model) {
  switch (model) {
    case sales::pricing_model::vcpm: return "VIEWABLE_IMPRESSIONS";
    case sales::pricing_model::cpc: return "CLICKS";
    case sales::pricing_model::cpm:
    case sales::pricing_model::flat_rate: break;
  }
  return "IMPRESSIONS";
}

json::array names_json(std::vector<std::string> const& names) { return json::array(names.begin(), names.end()); }

// The formats a package will be served in: those asked for, else those of its creatives, else all of its product.
std::vector<sales::format> formats_of(sales::package_plan const& plan) {
  std::vector<sales::format> chosen;
  for (auto const& wanted : sales::upstream_array(plan.source, "format_ids")) {
    for (auto const& offered : plan.sold->formats) {
      if (wanted.is_object() && sales::upstream_text(wanted.get_object(), "id") == offered.id) {
        chosen.push_back(offered);
      }
    }
  }
  if (chosen.empty()) {
    for (auto const& item : plan.creatives) {
      chosen.push_back(sales::format{{}, {}, item.width, item.height, item.duration_ms});
    }
  }
  return chosen.empty() ? plan.sold->formats : chosen;
}

bool has_weights(std::vector<sales::assignment> const& assignments) {
  return std::any_of(assignments.begin(), assignments.end(), [](auto const& each) { return each.weight.has_value(); });
}

json::object device_targeting(resolved_targeting const& overlay) {
  json::object categories;
  if (!overlay.device_categories.empty()) {
    categories["targetedCategories"] = names_json(overlay.device_categories);
  }
  if (!overlay.excluded_device_categories.empty()) {
    categories["excludedCategories"] = names_json(overlay.excluded_device_categories);
  }
  return categories;
}

}  // namespace

json::object money_json(sales::money value, std::string const& currency) {
  json::object out{{"currencyCode", currency}, {"units", std::to_string(value.micros / micros_per_unit)}};
  if (auto const rest = value.micros % micros_per_unit; rest != 0) {
    out["nanos"] = rest * nanos_per_micro;
  }
  return out;
}

sales::money money_from_json(json::object const& value) {
  return {sales::upstream_integer(value, "units") * micros_per_unit +
          sales::upstream_integer(value, "nanos") / nanos_per_micro};
}

std::string display_name(std::string const& text, std::string const& suffix) {
  auto const room = longest_name - std::min(longest_name, suffix.size() + 1);
  auto kept = text.substr(0, room);
  if (kept.size() < text.size()) {
    // Do not end within a character: its continuation bytes are 10xxxxxx.
    auto cut = kept.size();
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) {
      --cut;
    }
    kept.resize(cut);
  }
  return kept + " " + suffix;
}

std::string_view delivery_rate_of(sales::pacing pace) {
  switch (pace) {
    case sales::pacing::asap: return "AS_FAST_AS_POSSIBLE";
    case sales::pacing::front_loaded: return "FRONTLOADED";
    case sales::pacing::even: break;
  }
  return "EVENLY";
}

sales::money rate_per_day(sales::money flat_rate, sales::instant start, sales::instant end) {
  auto const days = std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::days>(end - start).count());
  return {flat_rate.micros / days};
}

json::object goal_json(sales::money budget, sales::money rate, sales::pricing_model model,
                       std::optional<std::int64_t> impressions, std::string const& path) {
  if (model == sales::pricing_model::flat_rate) {
    return {{"goalType", "DAILY"}, {"unitType", "IMPRESSIONS"}, {"units", "100"}};  // percent of the inventory
  }
  auto const units = sales::goal_of(budget, rate, model, impressions, path);
  return {{"goalType", "LIFETIME"}, {"unitType", unit_type_of(model)}, {"units", std::to_string(units)}};
}

json::array placeholders_json(std::vector<sales::format> const& formats) {
  json::array out;
  std::vector<std::pair<int, int>> seen;
  for (auto const& item : formats) {
    std::pair const size{item.width, item.height};
    if (std::find(seen.begin(), seen.end(), size) != seen.end()) {
      continue;
    }
    seen.push_back(size);
    json::object pixels{{"width", item.width}, {"height", item.height}, {"sizeType", "PIXEL"}};
    out.push_back(json::object{{"size", std::move(pixels)}, {"expectedCreativeCount", 1}});
  }
  return out;
}

json::array frequency_caps_json(std::vector<sales::frequency_limit> const& limits) {
  using unit = sales::frequency_limit::unit;
  json::array out;
  for (auto const& limit : limits) {
    auto const* name = limit.per == unit::minute ? "MINUTE"
                       : limit.per == unit::hour ? "HOUR"
                       : limit.per == unit::day  ? "DAY"
                                                 : "LIFETIME";
    out.push_back(json::object{{"maxImpressions", std::to_string(limit.impressions)},
                               {"timeAmount", std::to_string(limit.amount)},
                               {"timeUnit", name}});
  }
  return out;
}

json::object replace_overlay(json::object current, resolved_targeting const& overlay) {
  current.erase("geoTargeting");
  if (!overlay.geos.empty() || !overlay.excluded_geos.empty()) {
    current["geoTargeting"] =
        json::object{{"targetedGeos", names_json(overlay.geos)}, {"excludedGeos", names_json(overlay.excluded_geos)}};
  }
  auto technology = sales::upstream_object(current, "technologyTargeting");
  technology.erase("deviceCategoryTargeting");
  if (auto categories = device_targeting(overlay); !categories.empty()) {
    technology["deviceCategoryTargeting"] = std::move(categories);
  }
  current.erase("technologyTargeting");
  if (!technology.empty()) {
    current["technologyTargeting"] = std::move(technology);
  }
  return current;
}

json::object targeting_json(booking_terms const& terms, resolved_targeting const& overlay) {
  json::object inventory;
  json::array units;
  for (auto const& unit : terms.ad_units) {
    units.push_back(json::object{{"adUnit", unit}, {"includeDescendants", true}});
  }
  if (!units.empty()) {
    inventory["targetedAdUnits"] = std::move(units);
  }
  if (!terms.placements.empty()) {
    inventory["targetedPlacements"] = names_json(terms.placements);
  }
  json::object targeting{{"inventoryTargeting", std::move(inventory)}};
  return replace_overlay(std::move(targeting), overlay);
}

json::object line_item_of(sales::package_plan const& plan, resolved_targeting const& targeting,
                          gam_settings const& settings, std::string const& order, std::string const& marker) {
  auto const& terms = settings.terms_of(*plan.sold);
  auto const model = plan.option->model;
  auto const rate =
      model == sales::pricing_model::flat_rate ? rate_per_day(plan.rate, plan.start, plan.end) : plan.rate;
  auto const formats = formats_of(plan);
  json::object item{{"order", order},
                    {"displayName", display_name(plan.sold->name, "[" + marker + "]")},
                    {"externalLineItemId", marker},
                    {"startTime", sales::format_instant(plan.start)},
                    {"targetEndTime", sales::format_instant(plan.end)},
                    {"lineItemType", terms.line_item_type},
                    {"priority", terms.priority},
                    {"costType", cost_type_of(model)},
                    {"rate", money_json(rate, plan.option->currency)},
                    {"goal", goal_json(plan.budget, plan.rate, model, plan.impressions, plan.path)},
                    {"creativeRotationType", has_weights(plan.assignments) ? "WEIGHTED" : "EVENLY"},
                    {"deliveryRateType", delivery_rate_of(plan.pace)},
                    {"creativePlaceholders", placeholders_json(formats)},
                    {"targeting", targeting_json(terms, targeting)},
                    {"notes", json::serialize(sales::package_record(plan, marker))}};
  if (!targeting.caps.empty()) {
    item["frequencyCaps"] = frequency_caps_json(targeting.caps);
  }
  auto longest = 0;
  for (auto const& each : formats) {
    longest = std::max(longest, each.duration_ms);
  }
  if (longest > 0) {
    item["environmentType"] = "VIDEO_PLAYER";
    item["maxVideoCreativeDuration"] = std::to_string((longest + 999) / 1000) + "s";
  }
  if (settings.overbook) {
    item["allowOverbook"] = true;
  }
  return item;
}

}  // namespace tenon::gam
