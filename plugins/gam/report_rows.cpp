#include "report_rows.hpp"

#include <tenon/sdk/error.hpp>

#include <boost/json/serialize.hpp>

namespace tenon::gam {
namespace {

json::object date_json(std::chrono::year_month_day day) {
  return {{"year", static_cast<int>(day.year())},
          {"month", static_cast<unsigned>(day.month())},
          {"day", static_cast<unsigned>(day.day())}};
}

[[noreturn]] void unreadable(std::string const& what) {
  throw sdk::errors::service_unavailable("A row of the delivery report cannot be trusted: " + what);
}

// The value at a place of a row; an unset value is an empty object.
json::object value_at(json::array const& values, std::size_t at) {
  return at < values.size() && values[at].is_object() ? values[at].get_object() : json::object();
}

sales::money spend_of(json::object const& value) {
  if (value.empty()) {
    return {};
  }
  auto const* amount = sales::find(value, "doubleValue");
  if (amount == nullptr || !amount->is_number()) {
    unreadable("expected AD_SERVER_REVENUE as doubleValue, found " + json::serialize(value));
  }
  auto const spend = sales::money_from(amount->to_number<double>());
  if (!spend) {
    unreadable("AD_SERVER_REVENUE is beyond reason: " + json::serialize(value));
  }
  return *spend;
}

}  // namespace

json::object report_definition(std::string const& order_id, std::string const& currency,
                               std::chrono::year_month_day first, std::chrono::year_month_day last) {
  json::object of_order{{"field", json::object{{"dimension", "ORDER_ID"}}},
                        {"operation", "IN"},
                        {"values", json::array{json::object{{"intValue", order_id}}}}};
  json::object fixed{{"startDate", date_json(first)}, {"endDate", date_json(last)}};
  return {{"dimensions", json::array{"DATE", "ORDER_ID", "LINE_ITEM_ID"}},
          {"metrics", json::array{"AD_SERVER_IMPRESSIONS", "AD_SERVER_CLICKS", "AD_SERVER_REVENUE"}},
          {"filters", json::array{json::object{{"fieldFilter", std::move(of_order)}}}},
          {"timeZoneSource", "PUBLISHER"},
          {"currencyCode", currency},
          {"dateRange", json::object{{"fixed", std::move(fixed)}}},
          {"reportType", "HISTORICAL"}};
}

void add_row(delivery_by_line_item& all, json::object const& row) {
  auto const dimensions = sales::upstream_array(row, "dimensionValues");
  auto const day = sales::day_from_number(sales::upstream_integer(value_at(dimensions, 0), "intValue"));
  auto const line_item = sales::upstream_integer(value_at(dimensions, 2), "intValue");
  if (!day || line_item == 0) {
    unreadable("expected DATE as YYYYMMDD and a LINE_ITEM_ID, found " + json::serialize(dimensions));
  }
  auto const groups = sales::upstream_array(row, "metricValueGroups");
  auto const values = sales::upstream_array(value_at(groups, 0), "primaryValues");
  sales::metrics counted;
  counted.impressions = sales::upstream_integer(value_at(values, 0), "intValue");
  counted.clicks = sales::upstream_integer(value_at(values, 1), "intValue");
  counted.spend = spend_of(value_at(values, 2));
  all[std::to_string(line_item)][*day] += counted;
}

}  // namespace tenon::gam
