#pragma once

#include "booking.hpp"
#include "changes.hpp"
#include "delivery.hpp"

#include "../sales/seller.hpp"

namespace tenon::kevel {

/// One tenant's Kevel advertiser as an AdCP seller. Of itself it keeps nothing that Kevel could not tell again: ad
/// types, which may be lost at any time. What waits for creatives is in the tenant's store.
class kevel_platform final : public sales::seller {
 public:
  explicit kevel_platform(sdk::platform_context context);

  /// Reads the advertiser: a tenant with a wrong key or a deleted advertiser never gets a platform.
  sdk::task<void> open() override;

  /// Reads the sites: whether every product's are there.
  sdk::task<void> check_health() override;

 private:
  std::shared_ptr<sales::catalogue const> sold() const override {
    return {std::shared_ptr<void>(), &settings_.catalogue};  // tasks go before their platform
  }
  sales::creative_store& creatives() override { return library_; }
  sdk::task<json::object> book(json::object request, sdk::call_context call) override;
  sdk::task<json::object> change(json::object request, sdk::call_context call) override;
  sdk::task<json::object> list_buys(json::object request, std::string buyer, sales::deadline until) override;
  sdk::task<json::object> report(json::object request, std::string buyer, sales::deadline until) override;

  kevel_settings settings_;
  client api_;
  campaign_book campaigns_;
  sales::awaited_creatives awaited_;
  creative_library library_;
  booking booking_;
  changes changes_;
  delivery_reports reports_;
};

}  // namespace tenon::kevel
