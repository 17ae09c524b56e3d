#pragma once

#include "settings.hpp"

#include "../sales/buy.hpp"
#include "../sales/overlay.hpp"

namespace tenon::gam {

namespace json = sales::json;

/// A targeting overlay in Ad Manager's terms: resource names, all of them checked to exist.
struct resolved_targeting {
  std::vector<std::string> geos;
  std::vector<std::string> excluded_geos;
  std::vector<std::string> device_categories;
  std::vector<std::string> excluded_device_categories;
  std::vector<sales::frequency_limit> caps;
};

/// google.type.Money.
json::object money_json(sales::money value, std::string const& currency);
sales::money money_from_json(json::object const& value);

/// The line item of a package: what batchCreate takes.
json::object line_item_of(sales::package_plan const& plan, resolved_targeting const& targeting,
                          gam_settings const& settings, std::string const& order, std::string const& marker);

/// Its `targeting`: the product's inventory and the overlay.
json::object targeting_json(booking_terms const& terms, resolved_targeting const& overlay);

/// An existing line item's targeting with the overlay's part replaced: inventory and what an operator added by hand
/// stay.
json::object replace_overlay(json::object current, resolved_targeting const& overlay);

json::array frequency_caps_json(std::vector<sales::frequency_limit> const& limits);

/// Goal for a budget at a rate; for flat rates all impressions of each day. Throws BUDGET_TOO_LOW.
json::object goal_json(sales::money budget, sales::money rate, sales::pricing_model model,
                       std::optional<std::int64_t> impressions, std::string const& path);

/// What a day costs when a flat rate covers a whole flight; a day that has begun counts.
sales::money rate_per_day(sales::money flat_rate, sales::instant start, sales::instant end);

std::string_view delivery_rate_of(sales::pacing pace);

/// Sizes as placeholders, each once.
json::array placeholders_json(std::vector<sales::format> const& formats);

/// At most 255 bytes, cut between characters of UTF-8.
std::string display_name(std::string const& text, std::string const& suffix);

}  // namespace tenon::gam
