#pragma once

#include "booking.hpp"
#include "changes.hpp"
#include "delivery.hpp"
#include "inventory.hpp"

#include "../sales/seller.hpp"

namespace tenon::gam {

/// One tenant's Ad Manager network as an AdCP seller. Of itself it keeps nothing that the network could not tell again:
/// an access token, resolved places and a list of inventory, all of which may be lost at any time. What waits for
/// creatives is in the tenant's store.
class gam_platform final : public sales::seller {
 public:
  explicit gam_platform(sdk::platform_context context);

  /// Exchanges the service account for a token and reads the network: a tenant with wrong credentials never gets a
  /// platform.
  sdk::task<void> open() override;

  /// Reads the advertiser: whether there is one that may buy.
  sdk::task<void> check_health() override;

  /// Leaves its access token to the platform that replaces it: a reload costs the token endpoint nothing.
  sdk::task<json::value> hand_over() override;

 private:
  std::shared_ptr<sales::catalogue const> sold() const override {
    return {std::shared_ptr<void>(), &settings_.catalogue};  // tasks go before their platform
  }
  sales::creative_store& creatives() override { return library_; }
  sdk::task<void> look_at_inventory(sales::deadline until) override { return inventory_.refresh(until); }
  bool has(sales::product const& item) const override { return inventory_.has(item); }
  sdk::task<json::object> book(json::object request, sdk::call_context call) override;
  sdk::task<json::object> change(json::object request, sdk::call_context call) override;
  sdk::task<json::object> list_buys(json::object request, std::string buyer, sales::deadline until) override;
  sdk::task<json::object> report(json::object request, std::string buyer, sales::deadline until) override;

  gam_settings settings_;
  client api_;
  inventory inventory_;
  order_book orders_;
  sales::awaited_creatives awaited_;
  creative_library library_;
  targeting_resolver targeting_;
  booking booking_;
  changes changes_;
  delivery_reports reports_;
};

}  // namespace tenon::gam
