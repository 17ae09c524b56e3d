#include "settings.hpp"

#include <tenon/sdk/error.hpp>

#include <algorithm>
#include <array>

namespace tenon::gam {
namespace {

using sales::pricing_model;

// Of a network without Ad Manager 360, which has 8.
constexpr double default_rate = 2;
constexpr std::uint32_t burst = 2;

[[noreturn]] void misconfigured(std::string what) { throw sdk::errors::configuration_error(std::move(what)); }

struct type_rule {
  std::string_view name;
  int priority;
  std::string_view cost_types;
};

// What Ad Manager accepts together, and the priority it gives by default.
constexpr std::array<type_rule, 6> type_rules{{{"STANDARD", 8, "CPM CPC VCPM"},
                                               {"SPONSORSHIP", 4, "CPM CPC CPD"},
                                               {"NETWORK", 12, "CPM CPC CPD"},
                                               {"PRICE_PRIORITY", 12, "CPM CPC"},
                                               {"BULK", 12, "CPM"},
                                               {"HOUSE", 16, "CPM"}}};

type_rule const& rule_of(std::string const& type, std::string const& path) {
  auto const rule =
      std::find_if(type_rules.begin(), type_rules.end(), [&](auto const& each) { return each.name == type; });
  if (rule == type_rules.end()) {
    misconfigured(path + ".line_item_type \"" + type +
                  "\": expected STANDARD, SPONSORSHIP, NETWORK, PRICE_PRIORITY, BULK or HOUSE");
  }
  return *rule;
}

std::string default_type(sales::product const& item) {
  auto const model = item.pricing.front().model;
  if (model == pricing_model::flat_rate) {
    return "SPONSORSHIP";
  }
  return item.guaranteed || model == pricing_model::vcpm ? "STANDARD" : "PRICE_PRIORITY";
}

std::vector<std::string> resources(sales::product const& item, std::string_view key, std::string const& parent) {
  std::vector<std::string> names;
  for (auto const& id : sales::upstream_array(item.source, key)) {
    names.push_back(parent + sales::as_text(id, key));
  }
  return names;
}

booking_terms read_terms(sales::product const& item, std::string const& network) {
  auto const path = "products." + item.id;
  booking_terms terms;
  terms.line_item_type = sales::text_at(item.source, "line_item_type", path).value_or(default_type(item));
  auto const& rule = rule_of(terms.line_item_type, path);
  terms.priority = rule.priority;
  for (auto const& option : item.pricing) {
    auto const cost_type = cost_type_of(option.model);
    auto const allowed = " " + std::string(rule.cost_types) + " ";
    if (allowed.find(" " + std::string(cost_type) + " ") == std::string::npos) {
      misconfigured(path + ": pricing option " + option.id + " is " + std::string(sales::name_of(option.model)) +
                    ", but " + terms.line_item_type + " line items are sold by " + std::string(rule.cost_types));
    }
  }
  terms.ad_units = resources(item, "ad_unit_ids", network + "/adUnits/");
  terms.placements = resources(item, "placement_ids", network + "/placements/");
  if (terms.ad_units.empty() && terms.placements.empty()) {
    misconfigured(path + " has neither ad_unit_ids nor placement_ids: there is nothing to book");
  }
  return terms;
}

}  // namespace

gam_settings::gam_settings(sales::json::object const& source)
    : api_base(sales::url_at(source, "api_base", "https://admanager.googleapis.com/v1")),
      network("networks/" + sales::required_text(source, "network_code")),
      advertiser(network + "/companies/" + sales::required_text(source, "advertiser_id")),
      trafficker(network + "/users/" + sales::required_text(source, "trafficker_id")),
      scope(sales::text_at(source, "scope").value_or("https://www.googleapis.com/auth/admanager")),
      quota(network, sales::number_at(source, "requests_per_second").value_or(default_rate), burst),
      overbook(sales::flag_at(source, "overbook").value_or(false)),
      by_hand(source),
      catalogue(source, "Google Ad Manager") {
  for (auto const& item : catalogue.products()) {
    terms.emplace(item.id, read_terms(item, network));
  }
}

std::string_view cost_type_of(pricing_model model) {
  switch (model) {
    case pricing_model::cpm: return "CPM";
    case pricing_model::vcpm: return "VCPM";
    case pricing_model::cpc: return "CPC";
    case pricing_model::flat_rate: return "CPD";
  }
  return "CPM";
}

std::optional<pricing_model> model_of(std::string_view cost_type) {
  for (auto const model : {pricing_model::cpm, pricing_model::vcpm, pricing_model::cpc, pricing_model::flat_rate}) {
    if (cost_type_of(model) == cost_type) {
      return model;
    }
  }
  return std::nullopt;
}

}  // namespace tenon::gam
