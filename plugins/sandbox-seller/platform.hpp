#pragma once

#include "controller.hpp"

namespace tenon::sandbox_seller {

/// A seller without an ad server: it sells what its settings list, keeps what it booked in the host's store, and
/// delivers by the clock. For conformance runs, and for people who want to see tenon at work.
class seller_platform final : public sales::seller {
 public:
  explicit seller_platform(sdk::platform_context context);

  /// The seller's, with proposals unless the request is for wholesale.
  sdk::task<json::value> get_products(json::value request, sdk::call_context call);
  sdk::task<json::value> refine_get_products(json::value request, sdk::call_context call);
  sdk::task<json::value> list_creative_formats(json::value request, sdk::call_context call);
  sdk::task<json::value> comply_test_controller(json::value request, sdk::call_context call);

 private:
  std::shared_ptr<sales::catalogue const> sold() const override { return catalogue_; }
  sdk::task<void> refresh(sales::deadline until) override;
  sales::creative_store& creatives() override { return shelf_; }
  sdk::task<json::object> book(json::object request, sdk::call_context call) override;
  sdk::task<json::object> change(json::object request, sdk::call_context call) override;
  sdk::task<json::object> list_buys(json::object request, std::string buyer, sales::deadline until) override;
  sdk::task<json::object> report(json::object request, std::string buyer, sales::deadline until) override;

  /// How a test wants this buy to be answered, if it wants anything.
  sdk::task<std::optional<json::object>> answer_of_test(json::object request, std::string buyer);

  /// The parts of the proposal that the request buys; empty: it buys packages.
  sdk::task<std::vector<proposal_book::bought_part>> what_is_bought(json::object request, std::string buyer,
                                                                    std::shared_ptr<sales::catalogue const> products);

  sdk::task<std::vector<std::string>> gather(std::vector<sales::assignment> assignments,
                                             std::vector<sales::creative> inlined, sales::deadline until);

  std::shared_ptr<sales::catalogue const> catalogue_;
  std::vector<media_plan> const plans_;
  std::uint64_t seeds_version_ = 0;  ///< of what the catalogue was made from
  shelf shelf_;
  controller controller_;
};

}  // namespace tenon::sandbox_seller
