#include "platform.hpp"

#include "../sales/discovery.hpp"
#include "../sales/sync.hpp"

namespace tenon::gam {
namespace {

json::object object_of(json::value request) { return sales::as_object(request, "request"); }

}  // namespace

gam_platform::gam_platform(sdk::platform_context context)
    : platform(context),
      settings_(context.settings()),
      api_(context, settings_),
      inventory_(api_),
      orders_(api_),
      library_(api_),
      targeting_(api_),
      booking_(api_, orders_, library_, targeting_),
      changes_(api_, orders_, library_, targeting_),
      reports_(api_, orders_) {}

sdk::task<void> gam_platform::open() {
  auto const until = sales::handshake_deadline(api_.context());
  auto const network = co_await api_.get(settings_.network, subject::network, until);
  log().info("Connected to Ad Manager network " + sales::upstream_text(network, "displayName") + " (" +
             settings_.network + ", " + sales::upstream_text(network, "timeZone") + ")");
}

sdk::task<json::value> gam_platform::get_products(json::value request, sdk::call_context call) {
  auto const asked = object_of(std::move(request));
  co_await inventory_.refresh(call.deadline());
  auto const has_inventory = [this](sales::product const& item) { return inventory_.has(item); };
  co_return sales::products_answer(asked, settings_.catalogue, has_inventory);
}

sdk::task<json::value> gam_platform::list_creative_formats(json::value request, sdk::call_context) {
  auto const asked = object_of(std::move(request));
  co_return sales::formats_answer(asked, settings_.catalogue);
}

sdk::task<json::value> gam_platform::create_media_buy(json::value request, sdk::call_context call) {
  auto answer = co_await booking_.create(object_of(std::move(request)), std::move(call));
  co_return answer;
}

sdk::task<json::value> gam_platform::update_media_buy(json::value request, sdk::call_context call) {
  auto answer = co_await changes_.update(object_of(std::move(request)), std::move(call));
  co_return answer;
}

sdk::task<json::value> gam_platform::get_media_buys(json::value request, sdk::call_context call) {
  auto answer = co_await orders_.list(object_of(std::move(request)), call.deadline());
  co_return answer;
}

sdk::task<json::value> gam_platform::get_media_buy_delivery(json::value request, sdk::call_context call) {
  auto answer = co_await reports_.answer(object_of(std::move(request)), std::move(call));
  co_return answer;
}

sdk::task<json::value> gam_platform::sync_creatives(json::value request, sdk::call_context call) {
  auto asked = object_of(std::move(request));
  auto answer = co_await sales::sync_creatives(&library_, &settings_.catalogue, std::move(asked), call.deadline());
  co_return answer;
}

sdk::task<json::value> gam_platform::list_creatives(json::value request, sdk::call_context call) {
  auto answer = co_await library_.list(object_of(std::move(request)), call.deadline());
  co_return answer;
}

}  // namespace tenon::gam
