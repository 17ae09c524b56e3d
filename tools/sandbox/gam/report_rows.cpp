#include "sandbox/gam/report_rows.hpp"

#include "sandbox/gam/delivery.hpp"
#include "sandbox/gam/error.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace tenon::sandbox::gam {
namespace {

using std::chrono::days;

constexpr std::array dimensions{std::string_view("DATE"),           std::string_view("ORDER_ID"),
                                std::string_view("ORDER_NAME"),     std::string_view("LINE_ITEM_ID"),
                                std::string_view("LINE_ITEM_NAME"), std::string_view("ADVERTISER_ID"),
                                std::string_view("ADVERTISER_NAME")};
constexpr std::array metrics{std::string_view("AD_SERVER_IMPRESSIONS"),
                             std::string_view("AD_SERVER_CLICKS"),
                             std::string_view("AD_SERVER_CTR"),
                             std::string_view("AD_SERVER_REVENUE"),
                             std::string_view("AD_SERVER_CPD_REVENUE"),
                             std::string_view("AD_SERVER_ACTIVE_VIEW_VIEWABLE_IMPRESSIONS"),
                             std::string_view("VIDEO_VIEWERSHIP_COMPLETES")};

sys_days date_of(const json::object& date, const std::string& path) {
  const auto year = integer_of(date, "year");
  const auto month = integer_of(date, "month");
  const auto day = integer_of(date, "day");
  const bool plausible = year >= 1970 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
  const std::chrono::year_month_day made{std::chrono::year(plausible ? static_cast<int>(year) : 0),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!plausible || !made.ok()) throw invalid(path, "Expected a date of the calendar from 1970 on.");
  return made;
}

std::string id_of(std::string_view resource) { return std::string(resource.substr(resource.rfind('/') + 1)); }

/// A line item with what it belongs to, as the dimensions see it.
struct subject {
  const record* item;
  const record* order;
  const record* advertiser;
};

json::value dimension_value(const subject& of, std::string_view dimension, sys_days day) {
  const auto id = [](const record* held) { return json::object{{"intValue", id_of(held->key)}}; };
  const auto name = [](const record* held) {
    return json::object{{"stringValue", text_of(held->fields, "displayName")}};
  };
  if (dimension == "ORDER_ID") return id(of.order);
  if (dimension == "ORDER_NAME") return name(of.order);
  if (dimension == "LINE_ITEM_ID") return id(of.item);
  if (dimension == "LINE_ITEM_NAME") return name(of.item);
  if (dimension == "ADVERTISER_ID") return id(of.advertiser);
  if (dimension == "ADVERTISER_NAME") return name(of.advertiser);
  std::string date = iso_date(day);
  std::erase(date, '-');
  return json::object{{"intValue", date}};
}

bool has_date(const json::object& definition) {
  return std::ranges::any_of(array_of(definition, "dimensions"),
                             [](const json::value& each) { return each.get_string() == "DATE"; });
}

void collect_ids(const json::object& value, std::vector<std::string>& ids) {
  if (value.contains("intValue")) ids.emplace_back(text_of(value, "intValue"));
  for (const auto& each : array_of(object_of(value, "intListValue"), "values")) ids.emplace_back(each.get_string());
}

/// One filter of the definition, refused when it is not an id filter or a conjunction of them.
bool admits(const subject& of, const json::object& filter) {
  if (filter.contains("andFilter"))
    return std::ranges::all_of(array_of(object_of(filter, "andFilter"), "filters"),
                               [&](const json::value& each) { return admits(of, each.get_object()); });
  const auto& by = object_of(filter, "fieldFilter");
  const auto dimension = text_of(object_of(by, "field"), "dimension");
  std::vector<std::string> ids;
  for (const auto& each : array_of(by, "values")) collect_ids(each.get_object(), ids);
  const auto value = dimension_value(of, dimension, {});
  const bool found = std::ranges::count(ids, text_of(value.get_object(), "intValue")) > 0;
  return found == (text_of(by, "operation") == "IN");
}

void check_filter(const json::object& filter) {
  for (const auto& each : array_of(object_of(filter, "andFilter"), "filters")) check_filter(each.get_object());
  if (filter.contains("andFilter") && filter.size() == 1) return;
  const auto& by = object_of(filter, "fieldFilter");
  const auto dimension = text_of(object_of(by, "field"), "dimension");
  const auto operation = text_of(by, "operation");
  if (filter.size() != 1 || by.empty() || !dimension.ends_with("_ID") ||
      std::ranges::count(dimensions, dimension) == 0 || (operation != "IN" && operation != "NOT_IN"))
    throw invalid("reportDefinition.filters",
                  "Only IN and NOT_IN on ORDER_ID, LINE_ITEM_ID and ADVERTISER_ID are served here.");
}

delivery between(const gam_network& network, const record& item, sys_seconds from, sys_seconds to) {
  auto made = delivered(network, item, to);
  const auto before = delivered(network, item, from);
  made.impressions -= before.impressions;
  made.clicks -= before.clicks;
  made.viewable -= before.viewable;
  made.completions -= before.completions;
  made.revenue -= before.revenue;
  return made;
}

json::object metric_value(const delivery& counts, std::string_view metric, bool daily_price) {
  const auto whole = [](std::int64_t value) { return json::object{{"intValue", std::to_string(value)}}; };
  const auto money = [](double value) { return json::object{{"doubleValue", std::round(value * 1e6) / 1e6}}; };
  if (metric == "AD_SERVER_IMPRESSIONS") return whole(counts.impressions);
  if (metric == "AD_SERVER_CLICKS") return whole(counts.clicks);
  if (metric == "AD_SERVER_ACTIVE_VIEW_VIEWABLE_IMPRESSIONS") return whole(counts.viewable);
  if (metric == "VIDEO_VIEWERSHIP_COMPLETES") return whole(counts.completions);
  if (metric == "AD_SERVER_REVENUE") return money(counts.revenue);
  if (metric == "AD_SERVER_CPD_REVENUE") return money(daily_price ? counts.revenue : 0);
  const auto rate =
      counts.impressions > 0 ? static_cast<double>(counts.clicks) / static_cast<double>(counts.impressions) : 0;
  return {{"doubleValue", rate}};
}

/// What the rows are grouped by, and what each group sums up to.
struct row_sum {
  json::array dimension_values;
  delivery counts;
  bool daily_price = false;
};

void add_rows(const gam_network& network, const json::object& definition, const subject& of, const day_range& range,
              sys_seconds now, std::map<std::string, row_sum>& sums) {
  const bool daily = has_date(definition);
  for (auto day = range.first; day <= range.last; day += daily ? days(1) : range.last - range.first + days(1)) {
    if (day > now) break;
    const auto end = daily ? day + days(1) : range.last + days(1);
    const auto counts = between(network, *of.item, day, std::min<sys_seconds>(end, now));
    if (counts.impressions == 0 && counts.revenue == 0) continue;
    json::array values;
    for (const auto& each : array_of(definition, "dimensions"))
      values.push_back(dimension_value(of, each.get_string(), day));
    auto& sum = sums[iso_date(day) + json::serialize(values)];
    sum.dimension_values = std::move(values);
    sum.daily_price = text_of(of.item->fields, "costType") == "CPD";
    sum.counts.impressions += counts.impressions;
    sum.counts.clicks += counts.clicks;
    sum.counts.viewable += counts.viewable;
    sum.counts.completions += counts.completions;
    sum.counts.revenue += counts.revenue;
  }
}

}  // namespace

day_range days_of(const json::object& definition, sys_seconds now) {
  const auto& range = object_of(definition, "dateRange");
  const auto today = std::chrono::floor<days>(now);
  if (range.contains("fixed") == range.contains("relative"))
    throw invalid("reportDefinition.dateRange", "Expected either fixed or relative.");
  if (range.contains("fixed")) {
    const auto& fixed = object_of(range, "fixed");
    const day_range made{.first = date_of(object_of(fixed, "startDate"), "reportDefinition.dateRange.fixed.startDate"),
                         .last = date_of(object_of(fixed, "endDate"), "reportDefinition.dateRange.fixed.endDate")};
    if (made.last < made.first || made.last - made.first > days(1096))
      throw invalid("reportDefinition.dateRange.fixed",
                    "Expected an end on or after the start, at most three years later.");
    return made;
  }
  const std::chrono::year_month_day date(today);
  const auto relative = text_of(range, "relative");
  if (relative == "TODAY") return {today, today};
  if (relative == "YESTERDAY") return {today - days(1), today - days(1)};
  if (relative == "LAST_7_DAYS") return {today - days(7), today - days(1)};
  if (relative == "LAST_30_DAYS") return {today - days(30), today - days(1)};
  if (relative == "THIS_MONTH_TO_DATE") return {sys_days(date.year() / date.month() / 1), today};
  if (relative == "ALL_AVAILABLE") return {today - days(1096), today};
  throw invalid("reportDefinition.dateRange.relative", "Not served here: " + std::string(relative) + ".");
}

void check_report(const json::object& definition, sys_seconds now) {
  if (text_of(definition, "reportType") != "HISTORICAL")
    throw invalid("reportDefinition.reportType", "Only HISTORICAL is served here.");
  for (const auto& each : array_of(definition, "dimensions"))
    if (std::ranges::count(dimensions, std::string_view(each.get_string())) == 0)
      throw invalid("reportDefinition.dimensions",
                    "Not compatible with the metrics, or not served here: " + std::string(each.get_string()) + ".");
  for (const auto& each : array_of(definition, "metrics"))
    if (std::ranges::count(metrics, std::string_view(each.get_string())) == 0)
      throw invalid("reportDefinition.metrics", "Not served here: " + std::string(each.get_string()) + ".");
  for (const auto& each : array_of(definition, "filters")) check_filter(each.get_object());
  const auto zone = text_of(definition, "timeZoneSource");
  const bool provided =
      zone == "PROVIDED" && (text_of(definition, "timeZone") == "Etc/UTC" || text_of(definition, "timeZone") == "UTC");
  if (!zone.empty() && zone != "PUBLISHER" && !provided)
    throw invalid("reportDefinition.timeZoneSource",
                  "Expected PUBLISHER, or PROVIDED with Etc/UTC: this stand-in knows no other zone.");
  const auto currency = text_of(definition, "currencyCode");
  if (!currency.empty() && currency != "USD")
    throw invalid("reportDefinition.currencyCode", "Expected the network's currency, USD.");
  for (const auto name : {"comparisonDateRange", "sorts", "flags", "timePeriodColumn"})
    if (definition.contains(name)) throw invalid("reportDefinition." + std::string(name), "Not served here.");
  days_of(definition, now);
}

json::array rows_of(const gam_network& network, const json::object& definition, sys_seconds now) {
  const auto range = days_of(definition, now);
  std::map<std::string, row_sum> sums;
  const auto items = network.objects.find("lineItems");
  if (items != network.objects.end())
    items->second.each([&](const record& item) {
      subject of{.item = &item,
                 .order = find(network.objects, "orders", text_of(item.fields, "order")),
                 .advertiser = nullptr};
      of.advertiser = find(network.objects, "companies", text_of(of.order->fields, "advertiser"));
      const auto& filters = array_of(definition, "filters");
      if (std::ranges::all_of(filters, [&](const json::value& each) { return admits(of, each.get_object()); }))
        add_rows(network, definition, of, range, now, sums);
    });
  json::array rows;
  for (auto& [key, sum] : sums) {
    json::array values;
    for (const auto& each : array_of(definition, "metrics"))
      values.push_back(metric_value(sum.counts, each.get_string(), sum.daily_price));
    rows.push_back(
        json::object{{"dimensionValues", std::move(sum.dimension_values)},
                     {"metricValueGroups", json::array{json::object{{"primaryValues", std::move(values)}}}}});
  }
  return rows;
}

}  // namespace tenon::sandbox::gam
