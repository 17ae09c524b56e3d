#include "buy_document.hpp"

#include <algorithm>
#include <array>

namespace tenon::sandbox_seller {
namespace {

json::array texts(std::vector<std::string> const& all) { return json::array(all.begin(), all.end()); }

sales::instant moment_at(json::object const& package, std::string_view key) {
  return sales::parse_instant(sales::upstream_text(package, key)).value_or(sales::instant{});
}

std::string status_of(json::object const& buy, sales::instant now) {
  if (auto forced = sales::upstream_text(buy, "forced"); !forced.empty()) {
    return forced;
  }
  bool live = false;
  bool over = true;
  bool begun = false;
  bool serves = false;
  bool lacks_creatives = false;
  for (auto const& each : sales::upstream_array(buy, "packages")) {
    auto const& package = each.as_object();
    if (sales::upstream_flag(package, "canceled")) {
      continue;
    }
    live = true;
    auto const ended = moment_at(package, "end") <= now;
    over = over && ended;
    auto const has_creatives = !sales::upstream_array(package, "creatives").empty();
    auto const may_serve = !ended && has_creatives && moment_at(package, "start") <= now;
    begun = begun || may_serve;
    serves = serves || (may_serve && !sales::upstream_flag(package, "paused"));
    lacks_creatives = lacks_creatives || (!ended && !has_creatives);
  }
  if (sales::upstream_flag(buy, "canceled") || !live) {
    return "canceled";
  }
  if (over) {
    return "completed";
  }
  // Only what has begun is paused, for what is paused becomes active again and nothing else (AdCP 3.0,
  // enums/media-buy-status.json). What is not there yet still waits, and its packages say that they are paused.
  if (begun) {
    return serves && !sales::upstream_flag(buy, "paused") ? "active" : "paused";
  }
  return lacks_creatives ? "pending_creatives" : "pending_start";
}

void refuse_unsupported(json::object const& update, std::string const& path) {
  for (auto const* member : {"catalogs", "optimization_goals", "keyword_targets_add", "keyword_targets_remove",
                             "negative_keywords_add", "negative_keywords_remove"}) {
    auto const* value = sales::find(update, member);
    if (value != nullptr && !(value->is_array() && value->get_array().empty())) {
      throw sdk::error("UNSUPPORTED_FEATURE", std::string(member) + " cannot be honoured by this seller")
          .field(sales::path_of(path, member));
    }
  }
}

// What was delivered so far stands from here on, whatever changes.
void settle(json::object& package, bool buy_serves, sales::instant now) {
  json::object days;
  for (auto const& [day, micros] : delivered_by_day(package, buy_serves, now)) {
    days[sales::format_day(day)] = micros;
  }
  package["delivered"] = std::move(days);
  package["counted_until"] = sales::format_instant(now);
}

std::int64_t spent_by(json::object const& package) {
  std::int64_t spent = 0;
  for (auto const& [day, micros] : sales::upstream_object(package, "delivered")) {
    spent += micros.to_number<std::int64_t>();
  }
  return spent;
}

void change_price(json::object& package, json::object const& update, sales::catalogue const& products,
                  std::string const& path) {
  auto const& record = package["record"].as_object();
  auto const* sold = products.find(sales::upstream_text(record, "product_id"));
  auto const* option = sold == nullptr ? nullptr : sold->price(sales::upstream_text(record, "pricing_option_id"));
  if (auto const bid = sales::money_at(update, "bid_price", path)) {
    if (option == nullptr || option->fixed) {
      throw sdk::error("INVALID_REQUEST", "The price of this package is fixed")
          .field(sales::path_of(path, "bid_price"));
    }
    package["rate"] = sales::price_of(*option, bid, path).micros;
  }
  if (auto const budget = sales::money_at(update, "budget", path)) {
    auto const least = option == nullptr ? sales::money{} : option->minimum_spend.value_or(sales::money{});
    if (budget->micros == 0 || *budget < least) {
      throw sdk::error("BUDGET_TOO_LOW", "The budget is below what this product needs")
          .field(sales::path_of(path, "budget"));
    }
    if (budget->micros < spent_by(package)) {
      throw sdk::error("BUDGET_EXCEEDED", "More than that is spent already").field(sales::path_of(path, "budget"));
    }
    package["budget"] = budget->micros;
  }
}

void change_dates(json::object& package, json::object const& update, sales::instant now, std::string const& path) {
  auto const held_start = moment_at(package, "start");
  auto const start = sales::instant_at(update, "start_time", path, now);
  auto const end = sales::instant_at(update, "end_time", path, now);
  if (start && held_start <= now) {
    throw sdk::error("INVALID_STATE", "The package has started: its start cannot move")
        .field(sales::path_of(path, "start_time"));
  }
  auto const begins = start ? std::max(*start, now) : held_start;
  if ((start || end) && end.value_or(moment_at(package, "end")) <= std::max(now, begins)) {
    throw sdk::error("INVALID_REQUEST", "end_time must be in the future and after the start")
        .field(sales::path_of(path, "end_time"));
  }
  package["start"] = sales::format_instant(begins);
  if (end) {
    package["end"] = sales::format_instant(*end);
  }
}

}  // namespace

buy_document::buy_document(std::string id, std::string const& key, std::string const& buyer,
                           sales::buy_plan const& plan, std::vector<std::vector<std::string>> const& creatives,
                           sales::instant now) {
  json::array packages;
  for (std::size_t i = 0; i < plan.packages.size(); ++i) {
    auto const& package = plan.packages[i];
    auto const number = std::to_string(i);
    packages.push_back(json::object{{"id", id + "-" + number},
                                    {"record", sales::package_record(package, key + ":" + number)},
                                    {"start", sales::format_instant(package.start)},
                                    {"end", sales::format_instant(package.end)},
                                    {"paused", package.paused},
                                    {"canceled", false},
                                    {"model", sales::name_of(package.option->model)},
                                    {"rate", package.rate.micros},
                                    {"budget", package.budget.micros},
                                    {"creatives", texts(creatives[i])},
                                    {"counted_until", sales::format_instant(now)},
                                    {"delivered", json::object()}});
  }
  auto record = sales::buy_record(key, now, buyer);
  if (!plan.po_number.empty()) {
    record["po_number"] = plan.po_number;
  }
  document_ = {{"id", std::move(id)},
               {"currency", plan.packages.front().option->currency},
               {"paused", false},
               {"canceled", false},
               {"record", std::move(record)},
               {"packages", std::move(packages)}};
}

buy_document buy_document::seeded(std::string id, json::object const& fixture, std::string const& status,
                                  sales::instant now) {
  auto currency = sales::upstream_text(fixture, "currency");
  return buy_document({{"currency", currency.empty() ? "USD" : currency},
                       {"paused", false},
                       {"canceled", false},
                       {"forced", status},
                       {"record", sales::buy_record(id, now, {})},
                       {"packages", json::array()},
                       {"id", std::move(id)}});
}

sales::buy_state buy_document::state(sales::instant now) const {
  sales::buy_state out;
  out.media_buy_id = sales::upstream_text(document_, "id");
  out.status = status_of(document_, now);
  out.record = sales::upstream_object(document_, "record");
  out.currency = sales::upstream_text(document_, "currency");
  for (auto const& each : sales::upstream_array(document_, "packages")) {
    auto const& package = each.as_object();
    sales::package_state made;
    made.package_id = sales::upstream_text(package, "id");
    made.record = sales::upstream_object(package, "record");
    made.record.erase("apply_by_hand");  // nobody looks here who would
    made.start = moment_at(package, "start");
    made.end = moment_at(package, "end");
    made.paused = sales::upstream_flag(package, "paused") || sales::upstream_flag(document_, "paused");
    made.canceled = sales::upstream_flag(package, "canceled") || out.status == "canceled";
    out.packages.push_back(std::move(made));
  }
  return out;
}

bool buy_document::is_for(std::string const& buyer) const {
  return sales::is_for(sales::upstream_object(document_, "record"), buyer);
}

void buy_document::note_proposal(std::string const& proposal_id) {
  if (!proposal_id.empty()) {
    document_["record"].as_object()["proposal_id"] = proposal_id;
  }
}

std::vector<std::string> buy_document::update(json::object const& request, sales::catalogue const& products,
                                              std::vector<std::optional<std::vector<std::string>>> const& creatives,
                                              sales::instant now) {
  auto const before = state(now);
  sales::require_updatable(before, request);
  auto changed = document_;
  auto const serves = !sales::upstream_flag(changed, "paused");
  auto& packages = changed["packages"].as_array();
  for (auto& each : packages) {
    settle(each.as_object(), serves, now);
  }
  std::vector<std::string> affected;
  json::object shared;
  for (auto const* member : {"start_time", "end_time"}) {
    if (auto const* value = sales::find(request, member)) {
      shared[member] = *value;
    }
  }
  for (std::size_t i = 0; !shared.empty() && i < packages.size(); ++i) {
    if (!before.packages[i].canceled) {
      change_dates(packages[i].as_object(), shared, now, {});
      affected.push_back(before.packages[i].package_id);
    }
  }
  auto const* updates = sales::array_at(request, "packages");
  for (std::size_t i = 0; updates != nullptr && i < updates->size(); ++i) {
    auto const path = sales::path_of("packages", i);
    auto const& update = sales::as_object((*updates)[i], path);
    auto const index = before.live_package(sales::required_text(update, "package_id", path), path);
    auto& package = packages[index].as_object();
    refuse_unsupported(update, path);
    change_price(package, update, products, path);
    change_dates(package, update, now, path);
    auto& record = package["record"].as_object();
    sales::amend_record(record, update);
    if (creatives[i]) {
      package["creatives"] = texts(*creatives[i]);
    }
    if (auto const paused = sales::flag_at(update, "paused", path)) {
      package["paused"] = *paused;
    }
    if (sales::flag_at(update, "canceled", path).value_or(false)) {
      package["canceled"] = true;
      record["canceled"] = sales::cancellation(update, now);
    }
    affected.push_back(before.packages[index].package_id);
  }
  auto& record = changed["record"].as_object();
  if (sales::find(request, "paused") != nullptr || sales::find(request, "canceled") != nullptr) {
    changed.erase("forced");
  }
  if (auto const paused = sales::flag_at(request, "paused")) {
    changed["paused"] = *paused;
  }
  if (sales::flag_at(request, "canceled").value_or(false)) {
    changed["canceled"] = true;
    record["canceled"] = sales::cancellation(request, now);
  }
  record["revision"] = before.revision() + 1;
  document_ = std::move(changed);
  return affected;
}

void buy_document::assign(std::string const& package_id, std::string const& creative_id, std::string const& path,
                          sales::instant now) {
  auto const index = state(now).live_package(package_id, path);
  auto& package = document_["packages"].as_array()[index].as_object();
  settle(package, !sales::upstream_flag(document_, "paused"), now);
  auto& held = package["creatives"].as_array();
  if (std::find(held.begin(), held.end(), json::value(creative_id)) == held.end()) {
    held.push_back(json::value(creative_id));
  }
}

}  // namespace tenon::sandbox_seller
