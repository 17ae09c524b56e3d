#pragma once

#include "state.hpp"

#include <map>

namespace tenon::sales {

struct metrics {
  std::int64_t impressions = 0;
  std::int64_t clicks = 0;
  money spend;

  metrics& operator+=(metrics const& other);
};

/// What a package delivered, day by day.
struct package_delivery {
  std::string package_id;
  pricing_model model = pricing_model::cpm;
  money rate;
  bool paused = false;
  std::string delivery_status;  ///< empty: not said
  std::map<std::chrono::year_month_day, metrics> days;
};

struct buy_delivery {
  std::string media_buy_id;
  std::string status;
  std::string currency;
  std::vector<package_delivery> packages;
};

/// The days a delivery request is about, both inclusive.
struct reporting_period {
  std::chrono::year_month_day first;
  std::chrono::year_month_day last;

  bool contains(std::chrono::year_month_day day) const { return first <= day && day <= last; }
};

/// Reads start_date and end_date. Without them: `flight_start` to `today`. VALIDATION_ERROR when malformed or reversed;
/// UNSUPPORTED_FEATURE for reporting_dimensions and attribution windows.
reporting_period read_period(json::object const& request, instant flight_start, instant now);

/// The answer of get_media_buy_delivery.
json::object delivery_answer(std::vector<buy_delivery> const& buys, reporting_period period, bool daily,
                             std::string const& currency);

}  // namespace tenon::sales
