#include "platform.hpp"

#include "../sales/buy_book.hpp"

#include <set>

namespace tenon::kevel {

kevel_platform::kevel_platform(sdk::platform_context context)
    : seller(context),
      settings_(context.settings(), context.tenant()),
      api_(context, settings_),
      campaigns_(api_),
      awaited_(context),
      library_(api_, campaigns_, awaited_),
      booking_(api_, campaigns_, library_, awaited_),
      changes_(api_, campaigns_, library_, awaited_),
      reports_(api_) {}

sdk::task<void> kevel_platform::open() {
  auto path = "/advertiser/" + std::to_string(settings_.advertiser_id);
  auto const advertiser = co_await api_.get_in_handshake(std::move(path), subject::advertiser);
  if (sales::upstream_flag(advertiser, "IsDeleted")) {
    throw sdk::errors::configuration_error("Advertiser " + std::to_string(settings_.advertiser_id) +
                                           " is deleted in Kevel");
  }
  log().info("Connected to Kevel as advertiser " + sales::upstream_text(advertiser, "Title"));
}

sdk::task<void> kevel_platform::check_health() {
  // open() has read the advertiser; whether there is where to book is another matter.
  auto const sites = co_await api_.get_in_handshake("/site", subject::other);
  std::set<std::int64_t> known;
  for (auto const& each : sales::upstream_array(sites, "items")) {
    if (each.is_object() && !sales::upstream_flag(each.get_object(), "IsDeleted")) {
      known.insert(sales::upstream_integer(each.get_object(), "Id"));
    }
  }
  for (auto const& [product, terms] : settings_.terms) {
    for (auto const& at : terms.places) {
      if (!known.contains(at.site_id)) {
        throw sdk::errors::configuration_error("products." + product +
                                               ".places: expected a site of the network, found " +
                                               std::to_string(at.site_id) + ", which Kevel does not list");
      }
    }
  }
}

sdk::task<json::object> kevel_platform::book(json::object request, sdk::call_context call) {
  return booking_.create(std::move(request), std::move(call));
}

sdk::task<json::object> kevel_platform::change(json::object request, sdk::call_context call) {
  return changes_.update(std::move(request), std::move(call));
}

sdk::task<json::object> kevel_platform::list_buys(json::object request, std::string buyer, sales::deadline until) {
  return sales::list_buys(&campaigns_, &awaited_, std::move(request), std::move(buyer), until);
}

sdk::task<json::object> kevel_platform::report(json::object request, std::string buyer, sales::deadline until) {
  return sales::report_delivery(&campaigns_, &reports_, std::move(request), std::move(buyer), until);
}

}  // namespace tenon::kevel
