// What a package that nobody serves delivers: pure.
#include "buy_document.hpp"

#include <algorithm>

namespace tenon::sandbox_seller {
namespace {

constexpr std::int64_t impressions_per_click = 1000;
constexpr std::int64_t flat_rate_cpm = 10'000'000;  // what a thousand impressions of a flat rate are taken for

sales::instant moment_at(json::object const& package, std::string_view key) {
  return sales::parse_instant(sales::upstream_text(package, key)).value_or(sales::instant{});
}

}  // namespace

std::map<std::chrono::year_month_day, std::int64_t> delivered_by_day(json::object const& package, bool buy_serves,
                                                                     sales::instant now) {
  std::map<std::chrono::year_month_day, std::int64_t> days;
  std::int64_t spent = 0;
  for (auto const& [text, micros] : sales::upstream_object(package, "delivered")) {
    if (auto const day = sales::parse_day(text)) {
      days[*day] += micros.to_number<std::int64_t>();
      spent += micros.to_number<std::int64_t>();
    }
  }
  auto const serves = buy_serves && !sales::upstream_flag(package, "paused") &&
                      !sales::upstream_flag(package, "canceled") &&
                      !sales::upstream_array(package, "creatives").empty();
  auto const end = moment_at(package, "end");
  auto const from = std::max(moment_at(package, "start"), moment_at(package, "counted_until"));
  auto const until = std::min(now, end);
  if (!serves || until <= from) {
    return days;
  }
  // Evenly over the time that is left, whole seconds, rounded down: at the end nothing is left.
  auto const left = std::max<std::int64_t>(sales::upstream_integer(package, "budget") - spent, 0);
  auto const seconds = (end - from).count();
  auto const due = [&](sales::instant at) {
    auto const passed = (at - from).count();
    return left / seconds * passed + left % seconds * passed / seconds;  // the product alone may be too large
  };
  for (auto at = from; at < until;) {
    auto const next = std::min<sales::instant>(std::chrono::floor<std::chrono::days>(at) + std::chrono::days{1}, until);
    days[sales::day_of(at)] += due(next) - due(at);
    at = next;
  }
  return days;
}

sales::metrics metrics_of(sales::money spent, sales::money rate, sales::pricing_model model) {
  sales::metrics out;
  out.spend = spent;
  if (model == sales::pricing_model::cpc) {
    out.clicks = sales::units_bought(spent, rate, model);
    out.impressions = out.clicks * impressions_per_click;
    return out;
  }
  auto const flat = model == sales::pricing_model::flat_rate;
  out.impressions = sales::units_bought(spent, flat ? sales::money{flat_rate_cpm} : rate, sales::pricing_model::cpm);
  out.clicks = out.impressions / impressions_per_click;
  return out;
}

void buy_document::simulate(sales::metrics const& more) {
  auto const before = sales::upstream_object(document_, "simulated");
  auto const sum = [&](std::string_view key, std::int64_t added) {
    return std::min(sales::upstream_integer(before, key) + added, most_simulated);
  };
  document_["simulated"] = json::object{{"impressions", sum("impressions", more.impressions)},
                                        {"clicks", sum("clicks", more.clicks)},
                                        {"spend", sum("spend", more.spend.micros)}};
}

void buy_document::simulate_spend(double percentage) {
  std::int64_t budget = 0;
  for (auto const& each : sales::upstream_array(document_, "packages")) {
    budget += sales::upstream_integer(each.as_object(), "budget");
  }
  auto simulated = sales::upstream_object(document_, "simulated");
  simulated["spend"] = static_cast<std::int64_t>(static_cast<double>(budget) * percentage / 100);
  document_["simulated"] = std::move(simulated);
}

sales::buy_delivery buy_document::delivery(sales::reporting_period period, sales::instant now) const {
  auto const state = this->state(now);
  sales::buy_delivery out;
  out.media_buy_id = state.media_buy_id;
  out.status = state.status;
  out.currency = state.currency;
  auto const simulated = sales::upstream_object(document_, "simulated");
  auto const serves =
      simulated.empty() && !sales::upstream_flag(document_, "paused") && !sales::upstream_flag(document_, "canceled");
  for (auto const& each : sales::upstream_array(document_, "packages")) {
    auto const& package = each.as_object();
    sales::package_delivery made;
    made.package_id = sales::upstream_text(package, "id");
    made.model = sales::pricing_model_from(sales::upstream_text(package, "model")).value_or(sales::pricing_model::cpm);
    made.rate = {sales::upstream_integer(package, "rate")};
    made.paused = sales::upstream_flag(package, "paused");
    std::int64_t spent = 0;
    for (auto const& [day, micros] : delivered_by_day(package, serves, now)) {
      spent += micros;
      if (period.contains(day)) {
        made.days[day] += metrics_of({micros}, made.rate, made.model);
      }
    }
    if (!simulated.empty()) {
      made.days.clear();
    }
    if (auto const today = sales::day_of(now); !simulated.empty() && out.packages.empty() && period.contains(today)) {
      made.days[today] = {.impressions = sales::upstream_integer(simulated, "impressions"),
                          .clicks = sales::upstream_integer(simulated, "clicks"),
                          .spend = {sales::upstream_integer(simulated, "spend")}};
    }
    if (moment_at(package, "end") <= now) {
      made.delivery_status = spent >= sales::upstream_integer(package, "budget") ? "goal_met" : "flight_ended";
    } else if (state.status == "active" && !made.paused) {
      made.delivery_status = "delivering";
    }
    out.packages.push_back(std::move(made));
  }
  return out;
}

}  // namespace tenon::sandbox_seller
