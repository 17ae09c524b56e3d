#pragma once

#include "settings.hpp"

#include "../sales/buy.hpp"

namespace tenon::kevel {

/// The flight of a package: what POST /flight takes. Throws for what Kevel cannot do: vcpm, front-loaded pacing,
/// targeting.
json::object flight_of(sales::package_plan const& plan, kevel_settings const& settings, std::int64_t campaign_id,
                       std::string const& marker);

/// Writes price, caps and goal of a package into a flight: RateType, Price, GoalType, Impressions, CapType,
/// LifetimeCapAmount.
void set_price(json::object& flight, sales::pricing_model model, sales::money rate, sales::money budget,
               std::optional<std::int64_t> impressions, sales::pacing pace, std::int64_t share_percent,
               std::string const& path);

/// Writes an overlay into a flight, replacing what was targeted: GeoTargeting, CustomTargeting, frequency cap.
/// UNSUPPORTED_FEATURE for members that cannot be targeted; those that are applied by hand are left to that.
void set_targeting(json::object& flight, json::object const& overlay, sales::manual_targeting const& by_hand,
                   std::string const& path);

/// The pricing model of a flight; nullopt for rates that are not sold through AdCP.
std::optional<sales::pricing_model> model_of(json::object const& flight);

/// A whole flight as PUT wants it back: everything that came, but no frequency numbers where no frequency is capped,
/// because Kevel answers 0 there and refuses it.
json::object for_put(json::object flight);

/// At most `most` bytes, cut between characters of UTF-8.
std::string short_name(std::string const& text, std::string const& suffix, std::size_t most);

}  // namespace tenon::kevel
