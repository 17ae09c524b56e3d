#pragma once

#include "../sales/catalogue.hpp"
#include "../sales/overlay.hpp"

#include <tenon/sdk/limiter.hpp>

#include <map>
#include <string>
#include <vector>

namespace tenon::gam {

/// What a product is booked as.
struct booking_terms {
  std::string line_item_type;
  int priority = 0;
  std::vector<std::string> ad_units;    ///< resource names
  std::vector<std::string> placements;  ///< resource names
};

/// A tenant's settings, read and checked once. An immutable value.
struct gam_settings {
  /// Throws sdk::error CONFIGURATION_ERROR, whose operator's detail names the setting.
  explicit gam_settings(sales::json::object const& source);

  booking_terms const& terms_of(sales::product const& item) const { return terms.at(item.id); }

  std::string api_base;    ///< without a trailing slash
  std::string network;     ///< "networks/123456"
  std::string advertiser;  ///< "networks/123456/companies/555"
  std::string trafficker;  ///< "networks/123456/users/77"
  std::string scope;
  sdk::quota quota;  ///< of the network's API, whoever uses it
  bool overbook = false;
  sales::manual_targeting by_hand;
  sales::catalogue catalogue;
  std::map<std::string, booking_terms, std::less<>> terms;  ///< by product id
};

/// How Ad Manager names a pricing model: CPM, VCPM, CPC, CPD.
std::string_view cost_type_of(sales::pricing_model model);

/// The reverse; nullopt for cost types that are not sold through AdCP.
std::optional<sales::pricing_model> model_of(std::string_view cost_type);

}  // namespace tenon::gam
