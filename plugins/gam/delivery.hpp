#pragma once

#include "orders.hpp"
#include "report_rows.hpp"

namespace tenon::gam {

/// get_media_buy_delivery: one hidden report per order, found again by its name and moved along with the days, run, and
/// read day by day. Days are those of the network's time zone.
class delivery_reports {
 public:
  delivery_reports(client& api, order_book& orders) : api_(api), orders_(orders) {}

  sdk::task<json::object> answer(json::object request, sdk::call_context call);

 private:
  sdk::task<sales::buy_delivery> measure(booked_order booked, sales::reporting_period period, sales::deadline until);
  sdk::task<delivery_by_line_item> fetch(booked_order booked, sales::deadline until);
  sdk::task<std::string> prepare(booked_order booked, sales::deadline until);
  sdk::task<std::string> run(std::string report, sales::deadline until);

  client& api_;
  order_book& orders_;
};

}  // namespace tenon::gam
