#pragma once

#include "../sales/dates.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tenon::gam {

/// What of a line item decides its status.
struct line_item_facts {
  std::string status;
  bool archived = false;
  bool missing_creatives = false;
  sales::instant start;
  sales::instant end;
};

/// The MediaBuyStatus of an order and its line items. An order that is not approved yet is pending_start, or
/// pending_creatives while creatives are missing: nothing of it can serve.
std::string media_buy_status(std::string_view order_status, bool order_archived,
                             std::vector<line_item_facts> const& items, sales::instant now);

bool is_paused(line_item_facts const& item);
bool is_canceled(line_item_facts const& item);

/// The delivery status of a package's report: delivering, completed, goal_met, flight_ended; empty when there is
/// nothing to say.
std::string delivery_status(line_item_facts const& item, bool goal_met, sales::instant now);

}  // namespace tenon::gam
