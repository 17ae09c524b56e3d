#pragma once

#include "report_rows.hpp"

namespace tenon::kevel {

/// get_media_buy_delivery: a queued report per campaign, by day and flight. Days are UTC.
class delivery_reports {
 public:
  delivery_reports(client& api, campaign_book& campaigns) : api_(api), campaigns_(campaigns) {}

  sdk::task<json::object> answer(json::object request, sdk::call_context call);

 private:
  sdk::task<sales::buy_delivery> measure(booked_campaign booked, sales::reporting_period period, sales::deadline until);
  sdk::task<delivery_by_flight> fetch(std::int64_t campaign_id, sales::reporting_period period, sales::deadline until);

  client& api_;
  campaign_book& campaigns_;
};

}  // namespace tenon::kevel
