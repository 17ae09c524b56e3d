#pragma once

#include "report_rows.hpp"

namespace tenon::kevel {

/// What get_media_buy_delivery measures by: a queued report per campaign, by day and flight. Days are UTC.
class delivery_reports {
 public:
  explicit delivery_reports(client& api) : api_(api) {}

  sdk::task<sales::buy_delivery> measure(booked_campaign booked, sales::reporting_period period, sales::deadline until);
  sales::instant now() const { return api_.now(); }

 private:
  sdk::task<delivery_by_flight> fetch(std::int64_t campaign_id, sales::reporting_period period, sales::deadline until);

  client& api_;
};

}  // namespace tenon::kevel
