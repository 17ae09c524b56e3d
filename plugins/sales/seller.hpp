#pragma once

#include "sync.hpp"

#include <tenon/sdk/platform.hpp>

namespace tenon::sales {

/// The tasks of a seller, each by the part of the ad server that an adapter gives for it.
///
/// Lifetime    What a part returns by reference lives as long as the platform.
/// Threads     The platform's, one at a time.
class seller : public sdk::platform {
 public:
  using platform::platform;

  sdk::task<json::value> get_products(json::value request, sdk::call_context call);
  /// What the host makes of get_products with buying_mode "refine", for plugins that list this task.
  sdk::task<json::value> refine_get_products(json::value request, sdk::call_context call);
  sdk::task<json::value> list_creative_formats(json::value request, sdk::call_context call);
  sdk::task<json::value> create_media_buy(json::value request, sdk::call_context call);
  sdk::task<json::value> update_media_buy(json::value request, sdk::call_context call);
  sdk::task<json::value> get_media_buys(json::value request, sdk::call_context call);
  sdk::task<json::value> get_media_buy_delivery(json::value request, sdk::call_context call);
  sdk::task<json::value> sync_creatives(json::value request, sdk::call_context call);
  sdk::task<json::value> list_creatives(json::value request, sdk::call_context call);

 protected:
  /// Each task holds it until it is over.
  virtual std::shared_ptr<catalogue const> sold() const = 0;
  virtual creative_store& creatives() = 0;

  /// Learns what sold() is, before each task. By default that never changes.
  virtual sdk::task<void> refresh(deadline until);

  /// Learns what has() will be asked. By default the ad server is taken to have every product's inventory.
  virtual sdk::task<void> look_at_inventory(deadline until);
  virtual bool has(product const& item) const;

  virtual sdk::task<json::object> book(json::object request, sdk::call_context call) = 0;
  virtual sdk::task<json::object> change(json::object request, sdk::call_context call) = 0;
  /// `buyer`: see buyer_key().
  virtual sdk::task<json::object> list_buys(json::object request, std::string buyer, deadline until) = 0;
  virtual sdk::task<json::object> report(json::object request, std::string buyer, deadline until) = 0;
};

}  // namespace tenon::sales
