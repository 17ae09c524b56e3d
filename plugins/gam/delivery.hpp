#pragma once

#include "orders.hpp"
#include "report_rows.hpp"

namespace tenon::gam {

/// What get_media_buy_delivery measures by: one hidden report per order, found again by its name and moved along with
/// the days, run, and read day by day. Days are those of the network's time zone.
class delivery_reports {
 public:
  explicit delivery_reports(client& api) : api_(api) {}

  sdk::task<sales::buy_delivery> measure(booked_order booked, sales::reporting_period period, sales::deadline until);
  sales::instant now() const { return api_.now(); }

 private:
  sdk::task<delivery_by_line_item> fetch(booked_order booked, sales::deadline until);
  sdk::task<std::string> prepare(booked_order booked, sales::deadline until);
  sdk::task<std::string> run(std::string report, sales::deadline until);

  client& api_;
};

}  // namespace tenon::gam
