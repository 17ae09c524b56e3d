#include "delivery.hpp"

#include <tenon/sdk/error.hpp>

#include <algorithm>

namespace tenon::sales {
namespace {

using sdk::error;
using std::chrono::year_month_day;

json::object describe(metrics const& value) {
  return {{"impressions", value.impressions}, {"clicks", value.clicks}, {"spend", amount_of(value.spend)}};
}

json::array describe_days(std::map<year_month_day, metrics> const& days) {
  json::array out;
  for (auto const& [day, value] : days) {
    auto entry = describe(value);
    entry["date"] = format_day(day);
    out.push_back(std::move(entry));
  }
  return out;
}

metrics sum(std::map<year_month_day, metrics> const& days) {
  metrics total;
  for (auto const& [day, value] : days) {
    total += value;
  }
  return total;
}

json::object describe_package(package_delivery const& package, std::string const& currency, bool daily) {
  auto out = describe(sum(package.days));
  out["package_id"] = package.package_id;
  out["pricing_model"] = name_of(package.model);
  out["rate"] = amount_of(package.rate);
  out["currency"] = currency;
  out["paused"] = package.paused;
  if (!package.delivery_status.empty()) {
    out["delivery_status"] = package.delivery_status;
  }
  if (daily) {
    out["daily_breakdown"] = describe_days(package.days);
  }
  return out;
}

json::object describe_buy(buy_delivery const& buy, bool daily, metrics& all) {
  std::map<year_month_day, metrics> days;
  json::array packages;
  for (auto const& package : buy.packages) {
    for (auto const& [day, value] : package.days) {
      days[day] += value;
    }
    packages.push_back(describe_package(package, buy.currency, daily));
  }
  auto const total = sum(days);
  all += total;
  return {{"media_buy_id", buy.media_buy_id},
          {"status", buy.status},
          {"totals", describe(total)},
          {"by_package", std::move(packages)},
          {"daily_breakdown", describe_days(days)}};
}

std::optional<year_month_day> day_at(json::object const& request, std::string_view key) {
  auto const text = text_at(request, key);
  if (!text) {
    return std::nullopt;
  }
  auto const day = parse_day(*text);
  if (!day) {
    throw error("VALIDATION_ERROR", std::string(key) + " must be a date as in 2026-12-01").field(std::string(key));
  }
  return day;
}

}  // namespace

metrics& metrics::operator+=(metrics const& other) {
  impressions += other.impressions;
  clicks += other.clicks;
  spend.micros += other.spend.micros;
  return *this;
}

reporting_period read_period(json::object const& request, instant flight_start, instant now) {
  for (auto const* unsupported : {"reporting_dimensions", "attribution_window"}) {
    auto const* member = find(request, unsupported);
    if (member != nullptr && !(member->is_object() && member->get_object().empty())) {
      throw error("UNSUPPORTED_FEATURE", std::string("Delivery is not reported by ") + unsupported).field(unsupported);
    }
  }
  auto const today = day_of(now);
  auto const last = day_at(request, "end_date").value_or(today);
  auto const first = day_at(request, "start_date").value_or(std::min(day_of(flight_start), last));
  if (last < first) {
    throw error("VALIDATION_ERROR", "end_date must not be before start_date").field("end_date");
  }
  return {first, last};
}

json::object delivery_answer(std::vector<buy_delivery> const& buys, reporting_period period, bool daily,
                             std::string const& currency) {
  metrics all;
  json::array deliveries;
  for (auto const& buy : buys) {
    deliveries.push_back(describe_buy(buy, daily, all));
  }
  auto totals = describe(all);
  totals["media_buy_count"] = buys.size();
  json::object range{{"start", format_day(period.first) + "T00:00:00Z"},
                     {"end", format_day(period.last) + "T23:59:59Z"}};
  return {{"reporting_period", std::move(range)},
          {"currency", buys.empty() ? currency : buys.front().currency},
          {"aggregated_totals", std::move(totals)},
          {"media_buy_deliveries", std::move(deliveries)}};
}

}  // namespace tenon::sales
