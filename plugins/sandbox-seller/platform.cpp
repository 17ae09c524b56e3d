#include "platform.hpp"

#include "../sales/buy_book.hpp"
#include "../sales/marker.hpp"

#include <algorithm>

namespace tenon::sandbox_seller {

seller_platform::seller_platform(sdk::platform_context context)
    : seller(context), catalogue_(context.settings()), shelf_(context, catalogue_) {}

sdk::task<std::vector<std::string>> seller_platform::gather(std::vector<sales::assignment> assignments,
                                                            std::vector<sales::creative> inlined, std::string path,
                                                            sales::deadline until) {
  std::vector<std::string> ids;
  for (auto& item : inlined) {
    ids.push_back(item.id);
    co_await shelf_.put(std::move(item), false, until);
  }
  for (auto const& each : assignments) {
    co_await shelf_.require(each.creative_id, sales::path_of(path, "creative_assignments"));
    if (std::find(ids.begin(), ids.end(), each.creative_id) == ids.end()) {
      ids.push_back(each.creative_id);
    }
  }
  co_return ids;
}

sdk::task<json::object> seller_platform::book(json::object request, sdk::call_context call) {
  auto const until = call.deadline();
  auto const plan = sales::read_buy(request, catalogue_, shelf_.now(), std::chrono::seconds{0});
  for (auto const& package : plan.packages) {
    sales::goal_of(package.budget, package.rate, package.option->model, package.impressions, package.path);
  }
  std::vector<std::vector<std::string>> creatives;
  for (auto const& package : plan.packages) {
    auto assignments = package.assignments;
    auto inlined = package.creatives;
    auto ids = co_await gather(std::move(assignments), std::move(inlined), package.path, until);
    creatives.push_back(std::move(ids));
  }
  auto const key = sales::marker_key(context(), call);
  buy_document fresh("seller-" + key, key, plan, creatives, shelf_.now());
  auto const kept = co_await shelf_.add(std::move(fresh));
  co_return sales::created_answer(kept.state, request);
}

sdk::task<json::object> seller_platform::change(json::object request, sdk::call_context call) {
  auto const until = call.deadline();
  auto id = sales::required_text(request, "media_buy_id");
  auto const before = co_await shelf_.load(id, until);
  sales::require_updatable(before.state, request);
  std::vector<std::optional<std::vector<std::string>>> creatives;
  auto const* updates = sales::array_at(request, "packages");
  for (std::size_t i = 0; updates != nullptr && i < updates->size(); ++i) {
    auto const path = sales::path_of("packages", i);
    auto const& update = sales::as_object((*updates)[i], path);
    before.state.live_package(sales::required_text(update, "package_id", path), path);
    auto assignments = sales::read_assignments(update, path);
    auto inlined = sales::read_creatives(update, path, catalogue_);
    auto const touches = sales::find(update, "creative_assignments") != nullptr || !inlined.empty();
    auto ids = co_await gather(std::move(assignments), std::move(inlined), path, until);
    creatives.push_back(touches ? std::optional(std::move(ids)) : std::nullopt);
  }
  std::vector<std::string> affected;
  std::function<void(buy_document&)> how = [&](buy_document& buy) {
    affected = buy.update(request, catalogue_, creatives, shelf_.now());
  };
  auto const kept = co_await shelf_.change(std::move(id), std::move(how));
  co_return sales::updated_answer(kept.state, affected);
}

sdk::task<json::object> seller_platform::list_buys(json::object request, sales::deadline until) {
  return sales::list_buys(&shelf_, std::move(request), until);
}

sdk::task<json::object> seller_platform::report(json::object request, sales::deadline until) {
  return sales::report_delivery(&shelf_, &shelf_, std::move(request), until);
}

}  // namespace tenon::sandbox_seller
