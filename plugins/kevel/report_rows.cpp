#include "report_rows.hpp"

#include <algorithm>

namespace tenon::kevel {

json::object report_query(std::int64_t campaign_id, sales::reporting_period period) {
  return {{"StartDateISO", sales::format_day(period.first) + "T00:00:00Z"},
          {"EndDateISO", sales::format_day(period.last) + "T23:59:59Z"},
          {"GroupBy", json::array{"day", "optionId"}},  // an option is a flight
          {"Parameters", json::array{json::object{{"campaignId", campaign_id}}}},
          {"TimeZone", "UTC"}};
}

delivery_by_flight rows_of(json::object const& result) {
  delivery_by_flight rows;
  for (auto const& each : sales::upstream_array(result, "Records")) {
    if (!each.is_object()) {
      continue;
    }
    auto const date = sales::upstream_text(each.get_object(), "Date");
    auto const day = sales::parse_day(std::string_view(date).substr(0, 10));
    if (!day) {
      throw sdk::errors::service_unavailable("A record of the delivery report has no day: expected Date, found \"" +
                                             date + "\"");
    }
    for (auto const& part : sales::upstream_array(each.get_object(), "Details")) {
      if (!part.is_object()) {
        continue;
      }
      auto const& detail = part.get_object();
      sales::metrics counted;
      counted.impressions = sales::upstream_integer(detail, "Impressions");
      counted.clicks = sales::upstream_integer(detail, "Clicks");
      counted.spend = sales::money_from(sales::upstream_number(detail, "Revenue")).value_or(sales::money{});
      rows[sales::upstream_integer(sales::upstream_object(detail, "Grouping"), "OptionId")][*day] += counted;
    }
  }
  return rows;
}

std::map<std::chrono::year_month_day, sales::money> earned_by_day(sales::money price, sales::instant start,
                                                                  sales::instant end, sales::instant now) {
  std::map<std::chrono::year_month_day, sales::money> days;
  auto const whole = std::max<std::int64_t>(1, (end - start).count());
  auto const share_until = [&](sales::instant moment) {
    auto const passed = std::clamp<std::int64_t>((moment - start).count(), 0, whole);
    return static_cast<std::int64_t>(static_cast<long double>(price.micros) * passed / whole);
  };
  auto const last = std::min(end, now);
  for (auto day = std::chrono::floor<std::chrono::days>(start); day < last; day += std::chrono::days{1}) {
    auto const from = share_until(std::max<sales::instant>(day, start));
    auto const to = share_until(std::min<sales::instant>(day + std::chrono::days{1}, last));
    days[std::chrono::year_month_day{day}] = sales::money{to - from};
  }
  return days;
}

}  // namespace tenon::kevel
