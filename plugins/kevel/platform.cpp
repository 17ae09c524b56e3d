#include "platform.hpp"

#include "../sales/buy_book.hpp"

namespace tenon::kevel {

kevel_platform::kevel_platform(sdk::platform_context context)
    : seller(context),
      settings_(context.settings()),
      api_(context, settings_),
      campaigns_(api_),
      library_(api_, campaigns_),
      booking_(api_, campaigns_, library_),
      changes_(api_, campaigns_, library_),
      reports_(api_) {}

sdk::task<void> kevel_platform::open() {
  auto path = "/advertiser/" + std::to_string(settings_.advertiser_id);
  auto const until = sales::handshake_deadline(api_.context());
  auto const advertiser = co_await api_.get(std::move(path), subject::advertiser, until);
  if (sales::upstream_flag(advertiser, "IsDeleted")) {
    throw sdk::errors::configuration_error("Advertiser " + std::to_string(settings_.advertiser_id) +
                                           " is deleted in Kevel");
  }
  log().info("Connected to Kevel as advertiser " + sales::upstream_text(advertiser, "Title"));
}

sdk::task<json::object> kevel_platform::book(json::object request, sdk::call_context call) {
  return booking_.create(std::move(request), std::move(call));
}

sdk::task<json::object> kevel_platform::change(json::object request, sdk::call_context call) {
  return changes_.update(std::move(request), std::move(call));
}

sdk::task<json::object> kevel_platform::list_buys(json::object request, sales::deadline until) {
  return sales::list_buys(&campaigns_, std::move(request), until);
}

sdk::task<json::object> kevel_platform::report(json::object request, sales::deadline until) {
  return sales::report_delivery(&campaigns_, &reports_, std::move(request), until);
}

}  // namespace tenon::kevel
