#include "platform.hpp"

#include "../sales/buy_book.hpp"

namespace tenon::gam {

gam_platform::gam_platform(sdk::platform_context context)
    : seller(context),
      settings_(context.settings()),
      api_(context, settings_),
      inventory_(api_),
      orders_(api_),
      awaited_(context),
      library_(api_, orders_, awaited_),
      targeting_(api_),
      booking_(api_, orders_, library_, targeting_, awaited_),
      changes_(api_, orders_, library_, targeting_, awaited_),
      reports_(api_) {}

sdk::task<void> gam_platform::open() {
  auto const network = co_await api_.get_in_handshake(settings_.network, subject::network);
  log().info("Connected to Ad Manager network " + sales::upstream_text(network, "displayName") + " (" +
             settings_.network + ", " + sales::upstream_text(network, "timeZone") + ")");
}

sdk::task<void> gam_platform::check_health() {
  // open() has read the network; whether it can book is another matter.
  auto const advertiser = co_await api_.get_in_handshake(settings_.advertiser, subject::network);
  auto const credit = sales::upstream_text(advertiser, "creditStatus");
  if (!credit.empty() && credit != "ACTIVE") {  // no reason to keep older settings in force
    log().warn("The credit of " + settings_.advertiser + " is " + credit +
               " in Ad Manager: orders may not be approved");
  }
}

sdk::task<json::value> gam_platform::hand_over() { co_return json::value(api_.hand_over()); }

sdk::task<json::object> gam_platform::book(json::object request, sdk::call_context call) {
  return booking_.create(std::move(request), std::move(call));
}

sdk::task<json::object> gam_platform::change(json::object request, sdk::call_context call) {
  return changes_.update(std::move(request), std::move(call));
}

sdk::task<json::object> gam_platform::list_buys(json::object request, std::string buyer, sales::deadline until) {
  return sales::list_buys(&orders_, &awaited_, std::move(request), std::move(buyer), until);
}

sdk::task<json::object> gam_platform::report(json::object request, std::string buyer, sales::deadline until) {
  return sales::report_delivery(&orders_, &reports_, std::move(request), std::move(buyer), until);
}

}  // namespace tenon::gam
