#pragma once

#include "campaigns.hpp"

#include "../sales/delivery.hpp"

#include <map>

namespace tenon::kevel {

/// The query of a campaign's delivery by day and flight, in UTC, both days inclusive.
json::object report_query(std::int64_t campaign_id, sales::reporting_period period);

/// Delivery by flight id and day.
using delivery_by_flight = std::map<std::int64_t, std::map<std::chrono::year_month_day, sales::metrics>>;

/// Reads the records of a finished report. SERVICE_UNAVAILABLE for one without a day.
delivery_by_flight rows_of(json::object const& result);

/// What a flat rate has earned by day: Kevel counts no revenue for flat rates, so each day of the flight that has
/// passed earns its share.
std::map<std::chrono::year_month_day, sales::money> earned_by_day(sales::money price, sales::instant start,
                                                                  sales::instant end, sales::instant now);

}  // namespace tenon::kevel
