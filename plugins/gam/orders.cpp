#include "orders.hpp"

#include "line_item.hpp"

#include <algorithm>

namespace tenon::gam {
namespace {

constexpr std::string_view order_prefix = "gam-";
constexpr std::string_view item_prefix = "gam-li-";

std::string number_after(std::string_view id, std::string_view prefix) {
  if (!id.starts_with(prefix) || id.size() == prefix.size() || id.size() > prefix.size() + 20) {
    return {};
  }
  auto const number = id.substr(prefix.size());
  auto const digits = std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits ? std::string(number) : std::string();
}

sales::instant moment_at(json::object const& object, std::string_view key) {
  return sales::parse_instant(sales::upstream_text(object, key)).value_or(sales::instant{});
}

}  // namespace

std::string media_buy_id_of(std::string_view order_resource) {
  return std::string(order_prefix) + last_segment(order_resource);
}

std::string package_id_of(std::string_view line_item_resource) {
  return std::string(item_prefix) + last_segment(line_item_resource);
}

std::string order_of(std::string_view media_buy_id, gam_settings const& settings) {
  auto const number = number_after(media_buy_id, order_prefix);
  return number.empty() ? number : settings.network + "/orders/" + number;
}

std::string line_item_of_package(std::string_view package_id, gam_settings const& settings) {
  auto const number = number_after(package_id, item_prefix);
  return number.empty() ? number : settings.network + "/lineItems/" + number;
}

line_item_facts facts_of(json::object const& line_item) {
  line_item_facts facts;
  facts.status = sales::upstream_text(line_item, "status");
  facts.archived = sales::upstream_flag(line_item, "archived");
  facts.missing_creatives = sales::upstream_flag(line_item, "missingCreatives");
  facts.start = moment_at(line_item, "startTime");
  facts.end = moment_at(line_item, sales::find(line_item, "endTime") != nullptr ? "endTime" : "targetEndTime");
  return facts;
}

bool order_book::is_there_for(std::string const& buyer, json::object const& order) const {
  auto const record = sales::parse_object(sales::upstream_text(order, "notes"));
  return sales::upstream_text(order, "advertiser") == api_.settings().advertiser &&
         sales::find(record, "tenon") != nullptr && sales::is_for(record, buyer) &&
         sales::upstream_text(order, "status") != "DELETED";
}

booked_order order_book::read(json::object order, json::array items) const {
  booked_order booked;
  for (auto& item : items) {
    if (!item.is_object()) {
      continue;
    }
    auto& line_item = item.get_object();
    auto const facts = facts_of(line_item);
    sales::package_state package;
    package.package_id = package_id_of(sales::upstream_text(line_item, "name"));
    package.record = sales::parse_object(sales::upstream_text(line_item, "notes"));
    package.start = facts.start;
    package.end = facts.end;
    package.paused = is_paused(facts);
    package.canceled = is_canceled(facts);
    booked.state.packages.push_back(std::move(package));
    booked.facts.push_back(facts);
    booked.line_items.push_back(std::move(line_item));
  }
  booked.state.media_buy_id = media_buy_id_of(sales::upstream_text(order, "name"));
  booked.state.record = sales::parse_object(sales::upstream_text(order, "notes"));
  booked.state.currency = sales::upstream_text(order, "currencyCode");
  if (!booked.line_items.empty()) {
    booked.state.currency =
        sales::upstream_text(sales::upstream_object(booked.line_items.front(), "rate"), "currencyCode");
  }
  booked.state.status = media_buy_status(sales::upstream_text(order, "status"), sales::upstream_flag(order, "archived"),
                                         booked.facts, api_.now());
  booked.order = std::move(order);
  return booked;
}

sdk::task<booked_order> order_book::load(std::string media_buy_id, std::string buyer, sales::deadline until) {
  auto const name = order_of(media_buy_id, api_.settings());
  if (name.empty()) {
    throw sales::no_such_buy();
  }
  auto order = co_await api_.get(name, subject::media_buy, until);
  if (!is_there_for(buyer, order)) {
    throw sales::no_such_buy();
  }
  auto filter = equals("order", name);
  auto items = co_await api_.list("lineItems", "lineItems", std::move(filter), subject::media_buy, until);
  co_return read(std::move(order), std::move(items));
}

sdk::task<std::vector<std::string>> order_book::all_ids(std::string buyer, sales::deadline until) {
  auto filter = equals("advertiser", api_.settings().advertiser);
  auto const orders = co_await api_.list("orders", "orders", std::move(filter), subject::other, until);
  std::vector<std::string> ids;
  for (auto const& order : orders) {
    if (order.is_object() && is_there_for(buyer, order.get_object())) {
      ids.push_back(media_buy_id_of(sales::upstream_text(order.get_object(), "name")));
    }
  }
  co_return ids;
}

}  // namespace tenon::gam
