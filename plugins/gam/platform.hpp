#pragma once

#include "booking.hpp"
#include "changes.hpp"
#include "delivery.hpp"
#include "inventory.hpp"

#include <tenon/sdk/platform.hpp>

namespace tenon::gam {

/// One tenant's Ad Manager network as an AdCP seller. It keeps nothing that the network could not tell again: an access
/// token, resolved places and a list of inventory, all of which may be lost at any time.
class gam_platform final : public sdk::platform {
 public:
  explicit gam_platform(sdk::platform_context context);

  /// Exchanges the service account for a token and reads the network: a tenant with wrong credentials never gets a
  /// platform.
  sdk::task<void> open() override;

  sdk::task<json::value> get_products(json::value request, sdk::call_context call);
  sdk::task<json::value> list_creative_formats(json::value request, sdk::call_context call);
  sdk::task<json::value> create_media_buy(json::value request, sdk::call_context call);
  sdk::task<json::value> update_media_buy(json::value request, sdk::call_context call);
  sdk::task<json::value> get_media_buys(json::value request, sdk::call_context call);
  sdk::task<json::value> get_media_buy_delivery(json::value request, sdk::call_context call);
  sdk::task<json::value> sync_creatives(json::value request, sdk::call_context call);
  sdk::task<json::value> list_creatives(json::value request, sdk::call_context call);

 private:
  gam_settings settings_;
  client api_;
  inventory inventory_;
  order_book orders_;
  creative_library library_;
  targeting_resolver targeting_;
  booking booking_;
  changes changes_;
  delivery_reports reports_;
};

}  // namespace tenon::gam
