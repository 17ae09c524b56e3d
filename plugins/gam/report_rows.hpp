#pragma once

#include "../sales/delivery.hpp"

#include <map>
#include <string>

namespace tenon::gam {

namespace json = sales::json;

/// The definition of an order's delivery report, from `first` to `last` inclusive: by day and line item, in the
/// network's time zone.
json::object report_definition(std::string const& order_id, std::string const& currency,
                               std::chrono::year_month_day first, std::chrono::year_month_day last);

/// Delivery by line item id and day.
using delivery_by_line_item = std::map<std::string, std::map<std::chrono::year_month_day, sales::metrics>>;

/// Adds a row of a report's result. Values stand in the order of report_definition()'s dimensions and metrics.
///
/// Money is trusted only as a double, in currency units: a whole number might as well be millionths, and an answer that
/// is wrong by a factor of a million is worse than none. Such a row throws SERVICE_UNAVAILABLE.
void add_row(delivery_by_line_item& all, json::object const& row);

}  // namespace tenon::gam
