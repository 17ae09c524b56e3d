#include "flight.hpp"

#include "../sales/overlay.hpp"
#include "../sales/state.hpp"

#include <tenon/sdk/error.hpp>

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

namespace tenon::kevel {
namespace {

using sales::pricing_model;
using sdk::error;

namespace goal_type {
constexpr int impressions = 1;
constexpr int percentage = 2;
constexpr int clicks = 3;
}  // namespace goal_type

namespace rate_type {
constexpr int flat = 1;
constexpr int cpm = 2;
constexpr int cpc = 3;
}  // namespace rate_type

constexpr int cap_by_revenue = 4;
constexpr std::int64_t largest_goal = 2'147'483'647;
constexpr std::size_t longest_flight_name = 300;

constexpr std::array<std::string_view, 8> supported{
    "geo_countries", "geo_countries_exclude", "geo_regions", "geo_regions_exclude",
    "geo_metros",    "geo_metros_exclude",    "device_type", "frequency_cap"};

struct device_rule {
  std::string_view type;
  std::string_view form_factor;
};

constexpr std::array<device_rule, 4> device_rules{
    {{"desktop", "desktop"}, {"mobile", "mobile"}, {"tablet", "tablet"}, {"ctv", "tv"}}};

void add_places(json::array& all, json::object const& overlay, bool exclude, std::string const& path) {
  std::string const suffix = exclude ? "_exclude" : "";
  auto const where = [&](std::string const& key) { return sales::path_of(path, key + suffix); };
  for (auto const& code : sales::texts_at(overlay, "geo_countries" + suffix, path)) {
    sales::require_country(code, where("geo_countries"));
    all.push_back(json::object{{"CountryCode", code}, {"IsExclude", exclude}});
  }
  for (auto const& code : sales::texts_at(overlay, "geo_regions" + suffix, path)) {
    auto const region = sales::read_region(code, where("geo_regions"));
    all.push_back(
        json::object{{"CountryCode", region.country}, {"Region", region.subdivision}, {"IsExclude", exclude}});
  }
  for (auto const& code : sales::nielsen_metros(overlay, "geo_metros" + suffix, path)) {
    all.push_back(json::object{{"CountryCode", "US"}, {"MetroCode", std::stoi(code)}, {"IsExclude", exclude}});
  }
}

std::string device_expression(json::object const& overlay, std::string const& path) {
  std::string expression;
  for (auto const& type : sales::texts_at(overlay, "device_type", path)) {
    auto const rule =
        std::find_if(device_rules.begin(), device_rules.end(), [&](auto const& each) { return each.type == type; });
    if (rule == device_rules.end()) {
      throw error("UNSUPPORTED_FEATURE", "Devices of type " + type + " cannot be targeted")
          .field(sales::path_of(path, "device_type"));
    }
    expression += (expression.empty() ? "" : " or ") + std::string("$device.formFactor = \"") +
                  std::string(rule->form_factor) + "\"";
  }
  return expression;
}

void set_frequency(json::object& flight, json::object const& overlay, std::string const& path) {
  using unit = sales::frequency_limit::unit;
  auto const limits = sales::frequency_limits(overlay, path);
  flight["IsFreqCap"] = !limits.empty();
  for (auto const* member : {"FreqCap", "FreqCapDuration", "FreqCapType"}) {
    flight.erase(member);
  }
  if (limits.empty()) {
    return;
  }
  auto const& limit = limits.front();
  if (limits.size() > 1 || limit.per == unit::campaign) {
    throw error("UNSUPPORTED_FEATURE", "A flight has one frequency cap, by minutes, hours or days")
        .field(sales::path_of(path, "frequency_cap"));
  }
  flight["FreqCap"] = limit.impressions;
  flight["FreqCapDuration"] = limit.amount;
  flight["FreqCapType"] = limit.per == unit::hour ? 1 : limit.per == unit::day ? 2 : 3;
}

json::array places_json(booking_terms const& terms) {
  json::array all;
  for (auto const& each : terms.places) {
    json::object entry{{"SiteId", each.site_id}, {"IsExclude", false}};
    if (each.zone_id > 0) {
      entry["ZoneId"] = each.zone_id;
    }
    all.push_back(std::move(entry));
  }
  return all;
}

}  // namespace

std::string short_name(std::string const& text, std::string const& suffix, std::size_t most) {
  auto const room = most - std::min(most, suffix.size() + 1);
  auto cut = std::min(text.size(), room);
  while (cut > 0 && cut < text.size() && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) {
    --cut;
  }
  return text.substr(0, cut) + " " + suffix;
}

void set_price(json::object& flight, pricing_model model, sales::money rate, sales::money budget,
               std::optional<std::int64_t> impressions, sales::pacing pace, std::int64_t share_percent,
               std::string const& path) {
  if (pace == sales::pacing::front_loaded) {
    throw error("UNSUPPORTED_FEATURE", "Delivery cannot be front-loaded").field(sales::path_of(path, "pacing"));
  }
  flight["Price"] = sales::amount_of(rate);
  flight["CapType"] = cap_by_revenue;
  flight["LifetimeCapAmount"] = sales::whole_units_up(budget);
  if (model == pricing_model::flat_rate) {
    // Revenue of flat rates is not counted upstream, so that no cap would ever be reached.
    flight.erase("CapType");
    flight.erase("LifetimeCapAmount");
    flight["RateType"] = rate_type::flat;
    flight["GoalType"] = goal_type::percentage;
    flight["Impressions"] = share_percent;
    return;
  }
  auto const units = sales::goal_of(budget, rate, model, impressions, path);
  if (units > largest_goal) {
    throw error("UNSUPPORTED_FEATURE", "A package may have two billion units at most")
        .field(sales::path_of(path, "budget"));
  }
  flight["RateType"] = model == pricing_model::cpc ? rate_type::cpc : rate_type::cpm;
  flight["GoalType"] = model == pricing_model::cpc ? goal_type::clicks : goal_type::impressions;
  flight["Impressions"] = units;
  if (pace == sales::pacing::asap) {
    flight["GoalType"] = goal_type::percentage;  // all there is, until the revenue cap ends it
    flight["Impressions"] = 100;
  }
}

void set_targeting(json::object& flight, json::object const& overlay, sales::manual_targeting const& by_hand,
                   std::string const& path) {
  sales::refuse_unsupported_targeting(overlay, supported, by_hand, path);
  json::array geo;
  add_places(geo, overlay, false, path);
  add_places(geo, overlay, true, path);
  flight["GeoTargeting"] = std::move(geo);
  auto const devices = device_expression(overlay, path);
  if (!devices.empty() || flight.contains("CustomTargeting")) {
    flight["CustomTargeting"] = devices;
  }
  set_frequency(flight, overlay, path);
}

std::optional<pricing_model> model_of(json::object const& flight) {
  switch (sales::upstream_integer(flight, "RateType")) {
    case rate_type::flat: return pricing_model::flat_rate;
    case rate_type::cpm: return pricing_model::cpm;
    case rate_type::cpc: return pricing_model::cpc;
    default: return std::nullopt;
  }
}

json::object flight_of(sales::package_plan const& plan, kevel_settings const& settings, std::int64_t campaign_id,
                       std::string const& marker) {
  auto const& terms = settings.terms_of(*plan.sold);
  json::object flight{{"CampaignId", campaign_id},
                      {"Name", short_name(plan.sold->name, "[" + marker + "]", longest_flight_name)},
                      {"StartDateISO", sales::format_instant(plan.start)},
                      {"EndDateISO", sales::format_instant(plan.end)},
                      {"PriorityId", terms.priority_id},
                      {"IsActive", !plan.paused},
                      {"SiteZoneTargeting", places_json(terms)},
                      {"CustomFieldsJson", json::serialize(sales::package_record(plan, marker))}};
  set_price(flight, plan.option->model, plan.rate, plan.budget, plan.impressions, plan.pace, terms.share_percent,
            plan.path);
  set_targeting(flight, plan.targeting, settings.by_hand, sales::path_of(plan.path, "targeting_overlay"));
  return flight;
}

json::object for_put(json::object flight) {
  if (!sales::upstream_flag(flight, "IsFreqCap")) {
    for (auto const* member : {"FreqCap", "FreqCapDuration", "FreqCapType"}) {
      flight.erase(member);
    }
  }
  return flight;
}

}  // namespace tenon::kevel
