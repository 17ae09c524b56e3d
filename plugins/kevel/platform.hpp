#pragma once

#include "booking.hpp"
#include "changes.hpp"
#include "delivery.hpp"

#include <tenon/sdk/platform.hpp>

namespace tenon::kevel {

/// One tenant's Kevel advertiser as an AdCP seller. It keeps nothing that Kevel could not tell again: ad types, which
/// may be lost at any time.
class kevel_platform final : public sdk::platform {
 public:
  explicit kevel_platform(sdk::platform_context context);

  /// Reads the advertiser: a tenant with a wrong key or a deleted advertiser never gets a platform.
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
  kevel_settings settings_;
  client api_;
  campaign_book campaigns_;
  creative_library library_;
  booking booking_;
  changes changes_;
  delivery_reports reports_;
};

}  // namespace tenon::kevel
