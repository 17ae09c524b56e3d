#include "delivery.hpp"

#include "line_item.hpp"

#include <tenon/sdk/text.hpp>

#include <algorithm>

namespace tenon::gam {
namespace {

constexpr int most_polls = 12;
constexpr std::chrono::milliseconds first_pause{200};
constexpr std::chrono::milliseconds longest_pause{5000};
constexpr int most_pages = 50;

sales::package_delivery describe(booked_order const& booked, std::size_t index, sales::reporting_period period,
                                 delivery_by_line_item const& rows, sales::instant now) {
  auto const& item = booked.line_items[index];
  auto const& package = booked.state.packages[index];
  sales::package_delivery out;
  out.package_id = package.package_id;
  out.model = model_of(sales::upstream_text(item, "costType")).value_or(sales::pricing_model::cpm);
  out.rate = money_from_json(sales::upstream_object(item, "rate"));
  out.paused = package.paused;
  if (auto const found = rows.find(last_segment(sales::upstream_text(item, "name"))); found != rows.end()) {
    for (auto const& [day, counted] : found->second) {
      if (period.contains(day)) {
        out.days[day] += counted;
      }
    }
  }
  auto const goal = sales::upstream_integer(sales::upstream_object(item, "goal"), "units");
  auto const delivered = sales::upstream_integer(sales::upstream_object(item, "stats"), "impressionsDelivered");
  out.delivery_status = delivery_status(booked.facts[index], goal > 0 && delivered >= goal, now);
  return out;
}

}  // namespace

sdk::task<std::string> delivery_reports::prepare(booked_order booked, sales::deadline until) {
  auto const order = last_segment(sales::upstream_text(booked.order, "name"));
  auto const name = "AdCP delivery " + order;
  auto const first = sales::day_of(booked.state.start());
  auto const last = std::max(first, std::min(sales::day_of(api_.now()), sales::day_of(booked.state.end())));
  auto definition = report_definition(order, booked.state.currency, first, last);

  auto const known = co_await api_.list("reports", "reports", equals("displayName", name), subject::other, until);
  if (known.empty() || !known.front().is_object()) {
    json::object report{{"displayName", name}, {"visibility", "HIDDEN"}, {"reportDefinition", std::move(definition)}};
    auto const made = co_await api_.write("POST", "reports", std::move(report), subject::other, until);
    co_return sales::upstream_text(made, "name");
  }
  auto const& held = known.front().get_object();
  auto const report = sales::upstream_text(held, "name");
  if (sales::upstream_object(sales::upstream_object(held, "reportDefinition"), "dateRange") !=
      sales::upstream_object(definition, "dateRange")) {
    json::object change{{"reportDefinition", std::move(definition)}};
    auto const path = report + "?updateMask=reportDefinition";
    co_await api_.write("PATCH", path, std::move(change), subject::other, until);
  }
  co_return report;
}

sdk::task<std::string> delivery_reports::run(std::string report, sales::deadline until) {
  auto operation = co_await api_.write("POST", report + ":run", json::object(), subject::other, until);
  auto const name = sales::upstream_text(operation, "name");
  auto pause = first_pause;
  for (int poll = 0; !sales::upstream_flag(operation, "done"); ++poll) {
    if (poll == most_polls) {
      throw sdk::errors::service_unavailable("The report run " + name + " has not finished in time");
    }
    co_await api_.context().timers().sleep(pause);
    pause = std::min(pause * 2, longest_pause);
    operation = co_await api_.get(name, subject::other, until);
  }
  auto const result = sales::upstream_text(sales::upstream_object(operation, "response"), "reportResult");
  if (result.empty()) {
    auto const why = sales::upstream_text(sales::upstream_object(operation, "error"), "message");
    throw sdk::errors::service_unavailable("The report run " + name + " failed: " + why);
  }
  co_return result;
}

sdk::task<delivery_by_line_item> delivery_reports::fetch(booked_order booked, sales::deadline until) {
  auto report = co_await prepare(std::move(booked), until);
  auto const result = co_await run(std::move(report), until);
  delivery_by_line_item rows;
  std::string token;
  for (int page = 0; page < most_pages; ++page) {
    auto path = result + ":fetchRows?pageSize=10000";
    if (!token.empty()) {
      path += "&pageToken=" + sdk::percent_encode(token);
    }
    auto const answer = co_await api_.get(std::move(path), subject::other, until);
    for (auto const& row : sales::upstream_array(answer, "rows")) {
      if (row.is_object()) {
        add_row(rows, row.get_object());
      }
    }
    token = sales::upstream_text(answer, "nextPageToken");
    if (token.empty()) {
      co_return rows;
    }
  }
  throw sdk::errors::service_unavailable("The result " + result + " has more pages than a delivery report can have");
}

sdk::task<sales::buy_delivery> delivery_reports::measure(booked_order booked, sales::reporting_period period,
                                                         sales::deadline until) {
  delivery_by_line_item rows;
  if (!booked.line_items.empty() && booked.state.start() <= api_.now()) {
    rows = co_await fetch(booked, until);
  }
  sales::buy_delivery out;
  out.media_buy_id = booked.state.media_buy_id;
  out.status = booked.state.status;
  out.currency = booked.state.currency;
  for (std::size_t i = 0; i < booked.line_items.size(); ++i) {
    out.packages.push_back(describe(booked, i, period, rows, api_.now()));
  }
  co_return out;
}

}  // namespace tenon::gam
