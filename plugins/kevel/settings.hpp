#pragma once

#include "../sales/catalogue.hpp"
#include "../sales/overlay.hpp"

#include <tenon/sdk/limiter.hpp>

#include <map>

namespace tenon::kevel {

namespace json = sales::json;

/// A place a product sells: a site, and one zone of it or all.
struct place {
  std::int64_t site_id = 0;
  std::int64_t zone_id = 0;  ///< 0: all of the site
};

/// What a product is booked as.
struct booking_terms {
  std::int64_t priority_id = 0;
  std::vector<place> places;
  std::int64_t share_percent = 100;  ///< of the inventory, for flat rates
};

/// A tenant's settings, read and checked once. An immutable value.
struct kevel_settings {
  /// Throws sdk::error CONFIGURATION_ERROR, whose operator's detail names the setting.
  kevel_settings(json::object const& source, std::string const& tenant);

  booking_terms const& terms_of(sales::product const& item) const { return terms.at(item.id); }

  std::string api_base;  ///< without a trailing slash
  std::int64_t advertiser_id = 0;
  sdk::quota quota;  ///< of the Kevel account, whoever uses it
  sales::manual_targeting by_hand;
  sales::catalogue catalogue;
  std::map<std::string, booking_terms, std::less<>> terms;  ///< by product id
};

}  // namespace tenon::kevel
