#include "platform.hpp"

#include "proposal_buy.hpp"

#include "../sales/buy_book.hpp"
#include "../sales/discovery.hpp"
#include "../sales/marker.hpp"

#include <algorithm>

namespace tenon::sandbox_seller {
namespace {

json::object made_answer(sales::buy_state const& state, json::object const& request) {
  auto answer = sales::created_answer(state, request);
  if (auto const proposal = sales::upstream_text(state.record, "proposal_id"); !proposal.empty()) {
    answer["proposal_id"] = proposal;
  }
  return answer;
}

constexpr char measured_by[] = "sandbox seller";  // which invents what it says was delivered

/// `parts`: of the proposal that is bought; empty: packages are.
sales::buy_plan read_plan(json::object const& request, std::vector<proposal_book::bought_part> const& parts,
                          sales::catalogue const& products, sales::instant now) {
  auto plan = parts.empty() ? sales::read_buy(request, products, now, std::chrono::seconds{0})
                            : read_proposal_buy(request, parts, products, now);
  for (auto const& package : plan.packages) {
    if (package.option->model != sales::pricing_model::flat_rate) {  // which has no units
      sales::goal_of(package.budget, package.rate, package.option->model, package.impressions, package.path);
    }
  }
  return plan;
}

}  // namespace

seller_platform::seller_platform(sdk::platform_context context)
    : seller(context),
      catalogue_(std::make_shared<sales::catalogue const>(context.settings(), measured_by)),
      plans_(read_plans(context.settings(), *catalogue_)),
      shelf_(context),
      controller_(shelf_) {}

sdk::task<void> seller_platform::refresh(sales::deadline) {
  auto const [seeded, version] = co_await shelf_.load_seeds();
  if (version != seeds_version_) {
    catalogue_ = std::make_shared<sales::catalogue const>(seeded.merged(settings()), measured_by);
    seeds_version_ = version;
  }
}

sdk::task<json::value> seller_platform::get_products(json::value request, sdk::call_context call) {
  auto const asked = sales::as_object(request, "request");
  co_await refresh(call.deadline());
  auto const products = sold();
  auto const answer = sales::products_answer(asked, *products, [](sales::product const&) { return true; });
  auto const mode = sales::text_at(asked, "buying_mode").value_or("brief");
  if (mode == "wholesale") {
    co_return answer;
  }
  auto whole = answer;
  std::function<void(proposal_book&)> how = [&](proposal_book& held) {
    whole = answer;
    if (mode == "refine") {
      held.refine(asked, whole, plans_, *products, shelf_.now());
    } else {
      held.offer(whole, plans_, *products, shelf_.now());
    }
  };
  co_await shelf_.change_proposals(sales::buyer_key(context(), call), std::move(how));
  co_return whole;
}

sdk::task<json::value> seller_platform::refine_get_products(json::value request, sdk::call_context call) {
  return get_products(std::move(request), std::move(call));
}

sdk::task<json::value> seller_platform::list_creative_formats(json::value request, sdk::call_context call) {
  auto const kept = co_await shelf_.load_seeds();
  auto const seeded = kept.first.formats();
  if (seeded.empty()) {
    co_return co_await seller::list_creative_formats(std::move(request), std::move(call));
  }
  // A test that puts formats there means to see those alone.
  auto const asked = sales::as_object(request, "request");
  auto const part = sales::read_page(asked, seeded.size());
  json::array page(seeded.begin() + static_cast<std::ptrdiff_t>(part.first),
                   seeded.begin() + static_cast<std::ptrdiff_t>(part.last));
  co_return json::object{{"formats", std::move(page)}, {"pagination", part.description}};
}

sdk::task<json::value> seller_platform::comply_test_controller(json::value request, sdk::call_context call) {
  auto buyer = sales::buyer_key(context(), call);
  auto answer = co_await controller_.run(sales::as_object(request, "request"), std::move(buyer));
  co_return answer;
}

sdk::task<std::vector<std::string>> seller_platform::gather(std::vector<sales::assignment> assignments,
                                                            std::vector<sales::creative> inlined,
                                                            sales::deadline until) {
  std::vector<std::string> ids;
  for (auto& item : inlined) {
    ids.push_back(item.id);
    co_await shelf_.put(std::move(item), false, until);
  }
  for (auto const& each : assignments) {  // it may be sent later
    if (std::find(ids.begin(), ids.end(), each.creative_id) == ids.end()) {
      ids.push_back(each.creative_id);
    }
  }
  co_return ids;
}

sdk::task<json::object> seller_platform::book(json::object request, sdk::call_context call) {
  auto const until = call.deadline();
  auto const products = sold();
  auto const key = sales::marker_key(context(), call);
  auto const buyer = sales::buyer_key(context(), call);
  // What a repeated request made stands, whatever has become of its dates and of the product since.
  auto const before = co_await shelf_.look("seller-" + key, buyer);
  if (before) {
    co_return made_answer(before->state, request);
  }
  auto const parts = co_await what_is_bought(request, buyer, products);
  std::optional<sales::catalogue> firm;
  if (!parts.empty()) {
    firm = at_firm_prices(*products, parts);
  }
  auto plan = read_plan(request, parts, firm ? *firm : *products, shelf_.now());
  if (auto answer = co_await answer_of_test(request, buyer)) {
    co_return *std::move(answer);
  }
  std::vector<std::vector<std::string>> creatives;
  for (auto const& package : plan.packages) {
    auto assignments = package.assignments;
    auto inlined = package.creatives;
    auto ids = co_await gather(std::move(assignments), std::move(inlined), until);
    creatives.push_back(std::move(ids));
  }
  sales::note_buyer(plan, buyer);
  buy_document fresh("seller-" + key, key, buyer, plan, creatives, shelf_.now());
  fresh.note_proposal(sales::text_at(request, "proposal_id").value_or(""));
  auto const kept = co_await shelf_.add(std::move(fresh));
  co_return made_answer(kept.state, request);
}

sdk::task<std::vector<proposal_book::bought_part>> seller_platform::what_is_bought(
    json::object request, std::string buyer, std::shared_ptr<sales::catalogue const> products) {
  if (sales::find(request, "proposal_id") == nullptr) {
    co_return std::vector<proposal_book::bought_part>();
  }
  auto const held = co_await shelf_.load_proposals(std::move(buyer));
  co_return held.first.buy(request, *products, shelf_.now());
}

sdk::task<std::optional<json::object>> seller_platform::answer_of_test(json::object request, std::string buyer) {
  auto const kept = co_await shelf_.load_seeds();
  if (!kept.first.answers_next_buy(buyer)) {
    co_return std::nullopt;
  }
  std::optional<json::object> said;
  std::function<void(seeds&)> take = [&](seeds& from) { said = from.take_next_buy(buyer); };
  co_await shelf_.change_seeds(std::move(take));
  if (!said) {
    co_return std::nullopt;
  }
  json::object answer{{"status", "submitted"}, {"task_id", sales::upstream_text(*said, "task_id")}};
  if (auto const message = sales::upstream_text(*said, "message"); !message.empty()) {
    answer["message"] = message;
  }
  if (auto const* key = sales::find(request, "idempotency_key")) {
    answer["idempotency_key"] = *key;
  }
  co_return answer;
}

sdk::task<json::object> seller_platform::change(json::object request, sdk::call_context call) {
  auto const until = call.deadline();
  auto const products = sold();
  auto id = sales::required_text(request, "media_buy_id");
  auto buyer = sales::buyer_key(context(), call);
  auto const before = co_await shelf_.load(id, std::move(buyer), until);
  sales::require_updatable(before.state, request);
  std::vector<std::optional<std::vector<std::string>>> creatives;
  auto const* updates = sales::array_at(request, "packages");
  for (std::size_t i = 0; updates != nullptr && i < updates->size(); ++i) {
    auto const path = sales::path_of("packages", i);
    auto const& update = sales::as_object((*updates)[i], path);
    before.state.live_package(sales::required_text(update, "package_id", path), path);
    auto assignments = sales::read_assignments(update, path);
    auto inlined = sales::read_creatives(update, path, *products);
    auto const touches = sales::find(update, "creative_assignments") != nullptr || !inlined.empty();
    auto ids = co_await gather(std::move(assignments), std::move(inlined), until);
    creatives.push_back(touches ? std::optional(std::move(ids)) : std::nullopt);
  }
  std::vector<std::string> affected;
  std::function<void(buy_document&)> how = [&](buy_document& buy) {
    affected = buy.update(request, *products, creatives, shelf_.now());
  };
  auto const kept = co_await shelf_.change(std::move(id), std::move(how));
  co_return sales::updated_answer(kept.state, affected);
}

sdk::task<json::object> seller_platform::list_buys(json::object request, std::string buyer, sales::deadline until) {
  return sales::list_buys(&shelf_, nullptr, std::move(request), std::move(buyer), until);
}

sdk::task<json::object> seller_platform::report(json::object request, std::string buyer, sales::deadline until) {
  return sales::report_delivery(&shelf_, &shelf_, std::move(request), std::move(buyer), until);
}

}  // namespace tenon::sandbox_seller
