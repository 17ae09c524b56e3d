#include "delivery.hpp"

#include "flight.hpp"

#include <tenon/sdk/text.hpp>

#include <algorithm>

namespace tenon::kevel {
namespace {

constexpr int most_polls = 12;
constexpr std::chrono::milliseconds first_pause{100};
constexpr std::chrono::milliseconds longest_pause{5000};

namespace report_status {
constexpr std::int64_t complete = 2;
constexpr std::int64_t failed = 3;
}  // namespace report_status

void add_flat_rate(sales::package_delivery& out, flight_facts const& facts, sales::reporting_period period,
                   sales::instant now) {
  for (auto const& [day, earned] : earned_by_day(out.rate, facts.start, facts.end, now)) {
    if (period.contains(day)) {
      out.days[day].spend = earned;
    }
  }
}

std::string delivery_status(flight_facts const& facts, json::object const& flight, sales::package_delivery const& out,
                            bool campaign_active, sales::instant now) {
  sales::metrics total;
  for (auto const& [day, counted] : out.days) {
    total += counted;
  }
  auto const goal = sales::upstream_integer(flight, "Impressions");
  auto const by_impressions = sales::upstream_integer(flight, "GoalType") == 1;
  auto const cap = sales::upstream_integer(flight, "LifetimeCapAmount");
  if (facts.finished || facts.end <= now) {
    return by_impressions && total.impressions >= goal ? "goal_met" : "flight_ended";
  }
  if (cap > 0 && total.spend.micros >= cap * 1'000'000) {
    return "budget_exhausted";
  }
  return campaign_active && facts.active && facts.has_ads && facts.start <= now ? "delivering" : "";
}

}  // namespace

sdk::task<delivery_by_flight> delivery_reports::fetch(std::int64_t campaign_id, sales::reporting_period period,
                                                      sales::deadline until) {
  auto query = report_query(campaign_id, period);
  auto const queued = co_await api_.write("POST", "/report/queue", std::move(query), subject::report, until);
  auto const path = "/report/queue/" + sdk::percent_encode(sales::upstream_text(queued, "Id"));
  auto pause = first_pause;
  for (int poll = 0; poll < most_polls; ++poll) {
    auto const report = co_await api_.get(path, subject::report, until);
    auto const status = sales::upstream_integer(report, "Status");
    if (status == report_status::complete) {
      co_return rows_of(sales::upstream_object(report, "Result"));
    }
    if (status == report_status::failed) {
      throw sdk::errors::service_unavailable("The report " + path +
                                             " failed: " + sales::upstream_text(report, "Message"));
    }
    co_await api_.context().timers().sleep(pause);
    pause = std::min(pause * 2, longest_pause);
  }
  throw sdk::errors::service_unavailable("The report " + path + " has not finished in time");
}

sdk::task<sales::buy_delivery> delivery_reports::measure(booked_campaign booked, sales::reporting_period period,
                                                         sales::deadline until) {
  delivery_by_flight rows;
  if (!booked.flights.empty() && booked.state.start() <= api_.now()) {
    rows = co_await fetch(booked.id(), period, until);
  }
  auto const active = sales::upstream_flag(booked.campaign, "IsActive");
  sales::buy_delivery out;
  out.media_buy_id = booked.state.media_buy_id;
  out.status = booked.state.status;
  out.currency = booked.state.currency;
  for (std::size_t i = 0; i < booked.flights.size(); ++i) {
    auto const& flight = booked.flights[i];
    sales::package_delivery package;
    package.package_id = booked.state.packages[i].package_id;
    package.model = model_of(flight).value_or(sales::pricing_model::cpm);
    package.rate = sales::money_from(sales::upstream_number(flight, "Price")).value_or(sales::money{});
    package.paused = booked.state.packages[i].paused;
    package.days = rows[sales::upstream_integer(flight, "Id")];
    if (package.model == sales::pricing_model::flat_rate) {
      add_flat_rate(package, booked.facts[i], period, api_.now());
    }
    package.delivery_status = delivery_status(booked.facts[i], flight, package, active, api_.now());
    out.packages.push_back(std::move(package));
  }
  co_return out;
}

}  // namespace tenon::kevel
