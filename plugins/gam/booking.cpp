#include "booking.hpp"

#include "../sales/marker.hpp"

#include <boost/json/serialize.hpp>

#include <set>

namespace tenon::gam {
namespace {

constexpr std::chrono::seconds lead{120};  // a line item must start in the future when it arrives
constexpr std::size_t most_packages = 100;
constexpr std::size_t longest_po_number = 63;
constexpr int approval_attempts = 3;
constexpr std::chrono::seconds forecast_pause{10};

std::string order_name(sales::buy_plan const& plan, std::string const& key) {
  return display_name(plan.brand.empty() ? "AdCP" : "AdCP " + plan.brand, "[" + key + "]");
}

json::object names_body(std::vector<std::string> const& names) {
  return {{"names", json::array(names.begin(), names.end())}};
}

// The first of a batch answer's objects.
json::object first_of(json::object const& answer, std::string_view member) {
  auto const all = sales::upstream_array(answer, member);
  return all.empty() || !all.front().is_object() ? json::object() : all.front().get_object();
}

// The markers of this buy's packages that more than one line item carries: their names, but for the first of each. An
// earlier attempt whose outcome was unknown has come through after all.
std::vector<std::string> surplus_of(json::array const& items, std::string const& key) {
  std::set<std::string> seen;
  std::vector<std::string> names;
  for (auto const& each : items) {
    auto const marker =
        each.is_object() ? sales::upstream_text(each.get_object(), "externalLineItemId") : std::string();
    if (marker.starts_with(key + ":") && !seen.insert(marker).second) {
      names.push_back(sales::upstream_text(each.get_object(), "name"));
    }
  }
  return names;
}

// The resource name of the line item with that marker; empty if there is none.
std::string name_by_marker(json::array const& items, std::string const& marker) {
  for (auto const& each : items) {
    if (each.is_object() && sales::upstream_text(each.get_object(), "externalLineItemId") == marker) {
      return sales::upstream_text(each.get_object(), "name");
    }
  }
  return {};
}

void check_limits(sales::buy_plan const& plan) {
  if (plan.packages.size() > most_packages) {
    throw sdk::error("VALIDATION_ERROR", "A media buy may have 100 packages at most").field("packages");
  }
  if (plan.po_number.size() > longest_po_number) {
    throw sdk::error("VALIDATION_ERROR", "po_number may have 63 characters at most").field("po_number");
  }
}

}  // namespace

sdk::task<json::object> booking::find_order(std::string name, sales::deadline until) {
  auto filter = equals("displayName", name) + " AND " + equals("advertiser", api_.settings().advertiser);
  auto const found = co_await api_.list("orders", "orders", std::move(filter), subject::other, until);
  for (auto const& each : found) {
    if (each.is_object() && sales::upstream_text(each.get_object(), "status") != "DELETED") {
      co_return each.get_object();
    }
  }
  co_return json::object();
}

sdk::task<booking::claimed_order> booking::ensure_order(sales::buy_plan plan, sales::progress* going,
                                                        sales::deadline until) {
  auto const name = order_name(plan, going->key());
  claimed_order claimed;
  claimed.order = co_await find_order(name, until);
  if (!claimed.order.empty()) {
    going->claim(name, claimed.name());
    claimed.adopted = true;
    co_return claimed;
  }
  if (!going->claimed()) {  // else an earlier attempt has been allowed to
    co_await sales::require_awaitable(&library_, sales::assignments_of(plan), going->buyer(), until);
  }
  json::object order{{"displayName", name},
                     {"advertiser", api_.settings().advertiser},
                     {"trafficker", api_.settings().trafficker},
                     {"notes", json::serialize(sales::buy_record(going->key(), api_.now(), going->buyer()))}};
  if (!plan.po_number.empty()) {
    order["poNumber"] = plan.po_number;
  }
  json::object single{{"parent", api_.settings().network}, {"order", std::move(order)}};
  json::object body{{"requests", json::array{std::move(single)}}};
  std::exception_ptr unclear;
  try {
    auto const made = co_await api_.write("POST", "orders:batchCreate", std::move(body), subject::other, until);
    claimed.order = first_of(made, "orders");
    going->claim(name, claimed.name());
    co_return claimed;
  } catch (outcome_unknown const&) {
    going->claim(name);
    unclear = std::current_exception();
  } catch (sdk::error const& fault) {
    if (fault.code() != "CONFLICT") {
      throw;
    }
    unclear = std::current_exception();  // somebody has the name: most likely an earlier attempt of ours
  }
  claimed.order = co_await find_order(name, until);
  claimed.adopted = true;
  if (claimed.order.empty()) {
    std::rethrow_exception(unclear);
  }
  going->claim(name, claimed.name());
  co_return claimed;
}

sdk::task<json::array> booking::write_line_items(json::array requests, std::string order, sales::deadline until) {
  json::object body{{"requests", std::move(requests)}};
  try {
    auto const made = co_await api_.write("POST", "lineItems:batchCreate", std::move(body), subject::other, until);
    co_return sales::upstream_array(made, "lineItems");
  } catch (outcome_unknown const&) {
    // What was made of them is looked up below; what was not is missed by the caller.
  }
  auto filter = equals("order", order);
  co_return co_await api_.list("lineItems", "lineItems", std::move(filter), subject::other, until);
}

sdk::task<std::vector<std::string>> booking::ensure_line_items(sales::buy_plan plan,
                                                               std::vector<resolved_targeting> targets,
                                                               claimed_order claimed, std::string key,
                                                               sales::deadline until) {
  auto const order = claimed.name();
  json::array items;
  if (claimed.adopted) {
    auto filter = equals("order", order);
    items = co_await api_.list("lineItems", "lineItems", std::move(filter), subject::other, until);
    auto const surplus = surplus_of(items, key);
    if (claimed.is_draft() && !surplus.empty()) {
      auto body = names_body(surplus);
      co_await api_.write("POST", "lineItems:batchDelete", std::move(body), subject::package, until);
    }
  }
  json::array missing;
  for (std::size_t i = 0; i < plan.packages.size(); ++i) {
    auto const marker = sales::marker_of(key, i);
    if (name_by_marker(items, marker).empty()) {
      auto item = line_item_of(plan.packages[i], targets[i], api_.settings(), order, marker);
      missing.push_back(json::object{{"parent", api_.settings().network}, {"lineItem", std::move(item)}});
    }
  }
  if (!missing.empty()) {
    auto const made = co_await write_line_items(std::move(missing), order, until);
    items.insert(items.end(), made.begin(), made.end());
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < plan.packages.size(); ++i) {
    names.push_back(name_by_marker(items, sales::marker_of(key, i)));
    if (names.back().empty()) {
      throw outcome_unknown("Line item " + sales::marker_of(key, i) + " of " + order +
                            " was not made, or is not listed yet");
    }
  }
  co_return names;
}

sdk::task<bool> booking::try_approve(std::string order, bool last, sales::deadline until) {
  std::vector<std::string> names;
  names.push_back(order);
  auto body = names_body(names);
  std::string path = "orders:batchApprove";
  if (api_.settings().overbook) {
    path = "orders:batchApproveAndOverbook";
  }
  std::exception_ptr unclear;
  try {
    co_await api_.write("POST", std::move(path), std::move(body), subject::media_buy, until);
    co_return true;
  } catch (outcome_unknown const&) {
    unclear = std::current_exception();
  } catch (forecast_pending const&) {
    if (last) {
      throw;
    }
  } catch (sdk::error const& fault) {
    if (fault.code() != "INVALID_STATE") {
      throw;
    }
    unclear = std::current_exception();  // it may be approved: by an earlier attempt that came through late
  }
  if (unclear == nullptr) {
    co_return false;
  }
  auto const now = co_await api_.get(order, subject::media_buy, until);
  if (sales::upstream_text(now, "status") != "APPROVED") {
    std::rethrow_exception(unclear);
  }
  co_return true;
}

sdk::task<void> booking::approve(std::string order, sales::deadline until) {
  // Ad Manager forecasts a new line item within seconds to a minute, and approves none before.
  for (int attempt = 1;; ++attempt) {
    auto const last =
        attempt == approval_attempts || (until && api_.context().time().steady() + forecast_pause >= *until);
    auto const done = co_await try_approve(order, last, until);
    if (done) {
      co_return;
    }
    co_await api_.context().timers().sleep(forecast_pause);
  }
}

sdk::task<void> booking::pause_those_asked(sales::buy_plan plan, std::vector<std::string> line_items,
                                           sales::deadline until) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < plan.packages.size(); ++i) {
    if (plan.packages[i].paused) {
      names.push_back(line_items[i]);
    }
  }
  if (names.empty()) {
    co_return;
  }
  auto body = names_body(names);
  std::exception_ptr refused;
  try {
    co_await api_.write("POST", "lineItems:batchPause", std::move(body), subject::package, until);
  } catch (sdk::error const& fault) {
    if (fault.code() != "INVALID_STATE") {
      throw;
    }
    refused = std::current_exception();  // they may be paused: by an earlier attempt that came through late
  }
  for (std::size_t i = 0; refused != nullptr && i < names.size(); ++i) {
    auto const item = co_await api_.get(names[i], subject::package, until);
    if (!is_paused(facts_of(item))) {
      std::rethrow_exception(refused);
    }
  }
}

sdk::task<void> booking::give_package(sales::package_plan const* package, std::string line_item,
                                      sales::package_awaits* waits, seen_creatives* seen, sales::deadline until) {
  auto wanted = co_await library_.gather(package->assignments, package->creatives, &waits->absent(), seen, until);
  if (!wanted.empty()) {
    waits->require_held();
    co_await library_.associate(std::move(line_item), std::move(wanted), false, until);
  }
  co_await waits->settle(false, package->end);
}

sdk::task<void> booking::give_creatives(sales::buy_plan plan, std::vector<std::string> line_items,
                                        claimed_order claimed, sales::progress const* going, sales::deadline until) {
  std::vector<std::string> may_have_come;
  seen_creatives seen;
  for (std::size_t i = 0; i < plan.packages.size(); ++i) {
    auto const& package = plan.packages[i];
    sales::package_awaits waits(awaited_, going->buyer(), package_id_of(line_items[i]),
                                media_buy_id_of(claimed.name()));
    if (claimed.adopted) {  // an earlier attempt may have written down that it waits for what is there now
      co_await waits.hold(going->key());
      for (auto const& each : package.assignments) {
        may_have_come.push_back(each.creative_id);
      }
    }
    std::exception_ptr failure;
    try {
      co_await give_package(&package, line_items[i], &waits, &seen, waits.held_until(until));
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure != nullptr) {
      co_await waits.release();
      std::rethrow_exception(failure);
    }
    sales::add_expected(may_have_come, waits.waiting(), package.creatives);
  }
  co_await sales::carry_out_known(&library_, std::move(may_have_come), going->buyer(), until);
}

sdk::task<void> booking::complete(sales::buy_plan plan, std::vector<resolved_targeting> targets, claimed_order claimed,
                                  sales::progress const* going, sales::deadline until) {
  auto const line_items = co_await ensure_line_items(plan, std::move(targets), claimed, going->key(), until);
  if (claimed.is_draft() || going->resumed()) {
    co_await give_creatives(plan, line_items, claimed, going, until);
  }
  if (claimed.is_draft()) {
    co_await approve(claimed.name(), until);
  }
  // An earlier attempt may have come as far as the approval. A buyer that only repeats its request has seen the buy,
  // and may have resumed it since, or given it other creatives.
  if (claimed.is_draft() || going->resumed()) {
    co_await pause_those_asked(std::move(plan), line_items, until);
  }
}

sdk::task<json::object> booking::find_claimed(sales::progress const* going, sales::deadline until) {
  if (going->made().empty()) {
    co_return co_await find_order(going->name(), until);
  }
  try {
    co_return co_await api_.get(going->made(), subject::media_buy, until);
  } catch (sdk::error const& fault) {
    if (fault.code() != "MEDIA_BUY_NOT_FOUND") {
      throw;
    }
  }
  co_return json::object();  // deleted by an earlier attempt
}

sdk::task<bool> booking::discard(sales::progress const* going, sales::deadline until) {
  auto const order = co_await find_claimed(going, until);
  auto const status = sales::upstream_text(order, "status");
  auto const stands = !order.empty() && status != "DELETED" && !sales::upstream_flag(order, "archived");
  if (stands && status != "DRAFT") {
    co_return false;  // approved, and then it is a buy
  }
  auto const name = order.empty() ? going->made() : sales::upstream_text(order, "name");
  if (stands) {
    std::vector<std::string> names;
    names.push_back(name);
    auto body = names_body(names);
    co_await api_.write("POST", "orders:batchDelete", std::move(body), subject::media_buy, until);
  }
  if (!name.empty()) {
    co_await awaited_.forget_buy(going->buyer(), media_buy_id_of(name));
  }
  co_return true;
}

sdk::task<json::object> booking::attempt(json::object request, sales::progress* going, sales::deadline until) {
  auto plan = sales::read_buy(request, api_.settings().catalogue, going->asked_at(), lead);
  sales::note_buyer(plan, going->buyer());
  sales::start_no_earlier(plan, api_.now() + lead);
  check_limits(plan);
  // Everything that can be refused is refused before anything is written.
  std::vector<resolved_targeting> targets;
  for (auto const& package : plan.packages) {
    auto const path = sales::path_of(package.path, "targeting_overlay");
    targets.push_back(co_await targeting_.resolve(package.targeting, path, until));
    line_item_of(package, targets.back(), api_.settings(), {}, {});
  }
  auto const claimed = co_await ensure_order(plan, going, until);
  if (!sales::upstream_flag(claimed.order, "archived")) {  // else it was canceled since: that is the answer
    co_await complete(plan, std::move(targets), claimed, going, until);
  }
  auto booked = co_await orders_.load(media_buy_id_of(claimed.name()), going->buyer(), until);
  co_await awaited_.mark(going->buyer(), &booked.state);
  sales::tell_lists(api_.context().log(), sales::buy_state(), booked.state);
  co_return sales::created_answer(booked.state, request);
}

sdk::task<json::object> booking::create(json::object request, sdk::call_context call) {
  return sales::make_in_attempts(this, &api_.context(), std::move(request), std::move(call));
}

}  // namespace tenon::gam
