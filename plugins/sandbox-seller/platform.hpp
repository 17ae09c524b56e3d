#pragma once

#include "shelf.hpp"

namespace tenon::sandbox_seller {

/// A seller without an ad server: it sells what its settings list, keeps what it booked in the host's store, and
/// delivers by the clock. For conformance runs, and for people who want to see tenon at work.
class seller_platform final : public sales::seller {
 public:
  explicit seller_platform(sdk::platform_context context);

 private:
  sales::catalogue const& sold() const override { return catalogue_; }
  sales::creative_store& creatives() override { return shelf_; }
  sdk::task<json::object> book(json::object request, sdk::call_context call) override;
  sdk::task<json::object> change(json::object request, sdk::call_context call) override;
  sdk::task<json::object> list_buys(json::object request, sales::deadline until) override;
  sdk::task<json::object> report(json::object request, sales::deadline until) override;

  sdk::task<std::vector<std::string>> gather(std::vector<sales::assignment> assignments,
                                             std::vector<sales::creative> inlined, std::string path,
                                             sales::deadline until);

  sales::catalogue catalogue_;
  shelf shelf_;
};

}  // namespace tenon::sandbox_seller
