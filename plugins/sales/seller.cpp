#include "seller.hpp"

#include "discovery.hpp"
#include "marker.hpp"
#include "progress.hpp"

namespace tenon::sales {
namespace {

json::object object_of(json::value request) { return as_object(request, "request"); }

}  // namespace

sdk::task<void> seller::refresh(deadline) { co_return; }

sdk::task<void> seller::look_at_inventory(deadline) { co_return; }

bool seller::has(product const&) const { return true; }

sdk::task<json::value> seller::get_products(json::value request, sdk::call_context call) {
  auto const asked = object_of(std::move(request));
  co_await refresh(call.deadline());
  co_await look_at_inventory(call.deadline());
  auto const has_inventory = [this](product const& item) { return has(item); };
  co_return products_answer(asked, *sold(), has_inventory);
}

sdk::task<json::value> seller::refine_get_products(json::value request, sdk::call_context call) {
  return get_products(std::move(request), std::move(call));
}

sdk::task<json::value> seller::list_creative_formats(json::value request, sdk::call_context call) {
  auto const asked = object_of(std::move(request));
  co_await refresh(call.deadline());
  co_return formats_answer(asked, *sold());
}

sdk::task<json::value> seller::create_media_buy(json::value request, sdk::call_context call) {
  auto asked = object_of(std::move(request));
  co_await refresh(call.deadline());
  auto answer = co_await book(std::move(asked), std::move(call));
  co_return answer;
}

sdk::task<json::value> seller::update_media_buy(json::value request, sdk::call_context call) {
  auto asked = object_of(std::move(request));
  co_await refresh(call.deadline());
  auto answer = co_await change(std::move(asked), std::move(call));
  co_return answer;
}

sdk::task<json::value> seller::get_media_buys(json::value request, sdk::call_context call) {
  auto buyer = buyer_key(context(), call);
  auto answer = co_await list_buys(object_of(std::move(request)), std::move(buyer), call.deadline());
  co_return answer;
}

sdk::task<json::value> seller::get_media_buy_delivery(json::value request, sdk::call_context call) {
  auto buyer = buyer_key(context(), call);
  auto answer = co_await report(object_of(std::move(request)), std::move(buyer), call.deadline());
  co_return answer;
}

sdk::task<json::value> seller::sync_creatives(json::value request, sdk::call_context call) {
  auto asked = object_of(std::move(request));
  co_await refresh(call.deadline());
  auto const products = sold();
  auto buyer = buyer_key(context(), call);
  auto const until = settle_by(context(), call);  // what is held is let go before the call ends
  auto answer = co_await sales::sync_creatives(&creatives(), products.get(), std::move(asked), std::move(buyer), until);
  co_return answer;
}

sdk::task<json::value> seller::list_creatives(json::value request, sdk::call_context call) {
  auto answer = co_await creatives().list(object_of(std::move(request)), call.deadline());
  co_return answer;
}

}  // namespace tenon::sales
