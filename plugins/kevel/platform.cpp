#include "platform.hpp"

#include "../sales/discovery.hpp"
#include "../sales/sync.hpp"

namespace tenon::kevel {
namespace {

json::object object_of(json::value request) { return sales::as_object(request, "request"); }

}  // namespace

kevel_platform::kevel_platform(sdk::platform_context context)
    : platform(context),
      settings_(context.settings()),
      api_(context, settings_),
      campaigns_(api_),
      library_(api_, campaigns_),
      booking_(api_, campaigns_, library_),
      changes_(api_, campaigns_, library_),
      reports_(api_, campaigns_) {}

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

sdk::task<json::value> kevel_platform::get_products(json::value request, sdk::call_context) {
  auto const asked = object_of(std::move(request));
  auto const always = [](sales::product const&) { return true; };
  co_return sales::products_answer(asked, settings_.catalogue, always);
}

sdk::task<json::value> kevel_platform::list_creative_formats(json::value request, sdk::call_context) {
  auto const asked = object_of(std::move(request));
  co_return sales::formats_answer(asked, settings_.catalogue);
}

sdk::task<json::value> kevel_platform::create_media_buy(json::value request, sdk::call_context call) {
  auto answer = co_await booking_.create(object_of(std::move(request)), std::move(call));
  co_return answer;
}

sdk::task<json::value> kevel_platform::update_media_buy(json::value request, sdk::call_context call) {
  auto answer = co_await changes_.update(object_of(std::move(request)), std::move(call));
  co_return answer;
}

sdk::task<json::value> kevel_platform::get_media_buys(json::value request, sdk::call_context call) {
  auto answer = co_await campaigns_.list(object_of(std::move(request)), call.deadline());
  co_return answer;
}

sdk::task<json::value> kevel_platform::get_media_buy_delivery(json::value request, sdk::call_context call) {
  auto answer = co_await reports_.answer(object_of(std::move(request)), std::move(call));
  co_return answer;
}

sdk::task<json::value> kevel_platform::sync_creatives(json::value request, sdk::call_context call) {
  auto asked = object_of(std::move(request));
  auto answer = co_await sales::sync_creatives(&library_, &settings_.catalogue, std::move(asked), call.deadline());
  co_return answer;
}

sdk::task<json::value> kevel_platform::list_creatives(json::value request, sdk::call_context call) {
  auto answer = co_await library_.list(object_of(std::move(request)), call.deadline());
  co_return answer;
}

}  // namespace tenon::kevel
