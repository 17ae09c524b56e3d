#include "controller.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace tenon::sandbox_seller {
namespace {

constexpr std::array<std::string_view, 10> scenarios{
    "force_media_buy_status", "force_creative_status", "force_create_media_buy_arm", "simulate_delivery",
    "simulate_budget_spend",  "seed_product",          "seed_pricing_option",        "seed_creative",
    "seed_media_buy",         "seed_creative_format"};
constexpr std::array<std::string_view, 7> buy_statuses{"pending_creatives", "pending_start", "active",  "paused",
                                                       "completed",         "rejected",      "canceled"};
constexpr std::array<std::string_view, 5> creative_statuses{"processing", "pending_review", "approved", "rejected",
                                                            "archived"};

bool is_one_of(auto const& all, std::string_view one) { return std::find(all.begin(), all.end(), one) != all.end(); }

json::object refused(std::string_view error, std::string detail) {
  return {{"success", false}, {"error", error}, {"error_detail", std::move(detail)}};
}

json::object missing(std::string_view param) {
  return refused("INVALID_PARAMS", "params." + std::string(param) + " is missing");
}

json::object unknown_status(std::string const& status) {
  return refused("INVALID_PARAMS", "params.status \"" + status + "\" is no such status");
}

json::object no_way(std::string const& from, std::string const& to) {
  auto made = refused("INVALID_TRANSITION", "what is " + from + " cannot become " + to);
  made["current_state"] = from;
  return made;
}

json::object moved(std::string const& from, std::string const& to) {
  return {{"success", true}, {"previous_state", from}, {"current_state", to}};
}

bool is_over(std::string_view status) { return status == "completed" || status == "rejected" || status == "canceled"; }

/// An archived creative can only be taken out of the archive, and none that was looked at is new again.
bool may_become(std::string_view from, std::string_view to) {
  if (from == "archived") {
    return to == "approved";
  }
  return to != "processing" || from == "processing";
}

}  // namespace

sdk::task<json::object> controller::run(json::object request, std::string buyer) {
  auto const scenario = sales::upstream_text(request, "scenario");
  auto params = sales::upstream_object(request, "params");
  if (scenario == "list_scenarios") {
    co_return json::object{{"success", true}, {"scenarios", json::array(scenarios.begin(), scenarios.end())}};
  }
  if (!is_one_of(scenarios, scenario)) {
    co_return refused("UNKNOWN_SCENARIO", "there is no scenario \"" + scenario + "\"; list_scenarios tells them");
  }
  if (scenario == "force_media_buy_status") {
    co_return co_await force_buy(std::move(params));
  }
  if (scenario == "force_creative_status") {
    co_return co_await force_creative(std::move(params));
  }
  if (scenario == "force_create_media_buy_arm") {
    co_return co_await force_answer(std::move(params), std::move(buyer));
  }
  if (scenario.starts_with("simulate_")) {
    co_return co_await simulate(scenario, std::move(params));
  }
  if (scenario == "seed_creative" || scenario == "seed_media_buy") {
    co_return co_await seed_entity(scenario, std::move(params));
  }
  co_return co_await seed(scenario, std::move(params));
}

sdk::task<json::object> controller::seed(std::string scenario, json::object params) {
  auto const product = sales::upstream_text(params, "product_id");
  auto const option = sales::upstream_text(params, "pricing_option_id");
  auto const format = sales::upstream_text(params, "format_id");
  auto const fixture = sales::upstream_object(params, "fixture");
  if (scenario == "seed_creative_format" && format.empty()) {
    co_return missing("format_id");
  }
  if (scenario != "seed_creative_format" && product.empty()) {
    co_return missing("product_id");
  }
  if (scenario == "seed_pricing_option" && option.empty()) {
    co_return missing("pricing_option_id");
  }
  std::function<void(seeds&)> how = [&](seeds& to) {
    if (scenario == "seed_product") {
      to.add_product(product, fixture);
    } else if (scenario == "seed_pricing_option") {
      to.add_pricing_option(product, option, fixture);
    } else {
      to.add_format(format, fixture);
    }
    sales::catalogue const tried(to.merged(shelf_.context().settings()));
  };
  std::string fault;
  try {
    co_await shelf_.change_seeds(std::move(how));
  } catch (sdk::error const& refusal) {
    if (refusal.code() != "CONFIGURATION_ERROR") {
      throw;
    }
    fault = refusal.operator_detail();
  }
  if (!fault.empty()) {
    co_return refused("INVALID_PARAMS", fault);
  }
  co_return json::object{{"success", true}};
}

sdk::task<json::object> controller::seed_entity(std::string scenario, json::object params) {
  auto const of_creative = scenario == "seed_creative";
  auto const* id_name = of_creative ? "creative_id" : "media_buy_id";
  auto const id = sales::upstream_text(params, id_name);
  auto const fixture = sales::upstream_object(params, "fixture");
  auto status = sales::upstream_text(fixture, "status");
  if (id.empty()) {
    co_return missing(id_name);
  }
  if (status.empty()) {
    status = of_creative ? "approved" : "active";
  }
  if (of_creative ? !is_one_of(creative_statuses, status) : !is_one_of(buy_statuses, status)) {
    co_return unknown_status(status);
  }
  if (of_creative) {
    co_await shelf_.seed_creative(id, fixture, status);
  } else {
    co_await shelf_.seed_buy(buy_document::seeded(id, fixture, status, shelf_.now()));
  }
  co_return json::object{{"success", true}};
}

sdk::task<bool> controller::change_buy(std::string media_buy_id, std::function<void(buy_document&)> how) {
  try {
    co_await shelf_.change(std::move(media_buy_id), std::move(how));
  } catch (sdk::error const& fault) {
    if (fault.code() != "MEDIA_BUY_NOT_FOUND") {
      throw;
    }
    co_return false;
  }
  co_return true;
}

sdk::task<json::object> controller::force_buy(json::object params) {
  auto const id = sales::upstream_text(params, "media_buy_id");
  auto const to = sales::upstream_text(params, "status");
  if (id.empty() || to.empty()) {
    co_return missing(id.empty() ? "media_buy_id" : "status");
  }
  if (!is_one_of(buy_statuses, to)) {
    co_return unknown_status(to);
  }
  std::string from;
  std::function<void(buy_document&)> how = [&](buy_document& buy) {
    from = buy.state(shelf_.now()).status;
    if (!is_over(from)) {
      buy.force_status(to);
    }
  };
  auto const found = co_await change_buy(id, std::move(how));
  if (!found) {
    co_return refused("NOT_FOUND", "there is no media buy " + id);
  }
  co_return is_over(from) ? no_way(from, to) : moved(from, to);
}

sdk::task<json::object> controller::force_creative(json::object params) {
  auto const id = sales::upstream_text(params, "creative_id");
  auto const to = sales::upstream_text(params, "status");
  if (id.empty() || to.empty()) {
    co_return missing(id.empty() ? "creative_id" : "status");
  }
  if (!is_one_of(creative_statuses, to)) {
    co_return unknown_status(to);
  }
  auto const from = co_await shelf_.creative_status(id);
  if (!from) {
    co_return refused("NOT_FOUND", "there is no creative " + id);
  }
  if (!may_become(*from, to)) {
    co_return no_way(*from, to);
  }
  co_await shelf_.set_creative_status(id, to);
  co_return moved(*from, to);
}

sdk::task<json::object> controller::force_answer(json::object params, std::string buyer) {
  auto const arm = sales::upstream_text(params, "arm");
  auto const task_id = sales::upstream_text(params, "task_id");
  if (arm != "submitted") {
    co_return refused("INVALID_PARAMS", "params.arm: this seller has submitted alone");
  }
  if (task_id.empty()) {
    co_return missing("task_id");
  }
  auto const message = sales::upstream_text(params, "message");
  std::function<void(seeds&)> how = [&](seeds& to) { to.answer_next_buy(buyer, task_id, message); };
  co_await shelf_.change_seeds(std::move(how));
  json::object forced{{"arm", arm}, {"task_id", task_id}};
  co_return json::object{{"success", true}, {"forced", std::move(forced)}};
}

sdk::task<json::object> controller::simulate(std::string scenario, json::object params) {
  auto const id = sales::upstream_text(params, "media_buy_id");
  auto const share = sales::upstream_number(params, "spend_percentage");
  auto const by_share = scenario == "simulate_budget_spend";
  if (by_share && sales::find(params, "spend_percentage") == nullptr) {
    co_return missing("spend_percentage");
  }
  if (by_share && !(share >= 0 && share <= 100)) {
    co_return refused("INVALID_PARAMS", "params.spend_percentage must be 0 to 100");
  }
  if (id.empty()) {
    // Budgets of accounts are no matter of this seller's: what is simulated for one is only told again.
    co_return by_share && !sales::upstream_text(params, "account_id").empty()
        ? json::object{{"success", true}, {"simulated", params}}
        : missing("media_buy_id");
  }
  sales::metrics more;
  more.impressions = sales::upstream_integer(params, "impressions");
  more.clicks = sales::upstream_integer(params, "clicks");
  auto const spend = sales::upstream_object(params, "reported_spend");
  if (auto const amount = sales::money_from(sales::upstream_number(spend, "amount"))) {
    more.spend = *amount;
  }
  for (auto const amount : {more.impressions, more.clicks, more.spend.micros}) {
    if (amount < 0 || amount > most_simulated) {
      co_return refused("INVALID_PARAMS", "what is delivered must be 0 to " + std::to_string(most_simulated));
    }
  }
  std::function<void(buy_document&)> how = [&](buy_document& buy) {
    by_share ? buy.simulate_spend(share) : buy.simulate(more);
  };
  auto const found = co_await change_buy(id, std::move(how));
  if (!found) {
    co_return refused("NOT_FOUND", "there is no media buy " + id);
  }
  co_return json::object{{"success", true}, {"simulated", std::move(params)}};
}

}  // namespace tenon::sandbox_seller
