#pragma once

#include "sandbox/call.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

/// What line items and orders would have come to by now: status, delivery, budget. Deterministic functions of the
/// stored fields and of the time; nothing here writes.
///
/// A line item delivers evenly from its start to its end when its order is approved and it has all its creatives, and
/// stands still while paused. One click comes with 500 impressions; 7 of 10 impressions are viewable and are completed
/// views.
namespace tenon::sandbox::gam {

struct delivery {
  std::int64_t impressions = 0;
  std::int64_t clicks = 0;
  std::int64_t viewable = 0;
  std::int64_t completions = 0;
  double revenue = 0;  ///< in the network's currency
};

/// From the start of the line item to `at`.
delivery delivered(const gam_network& network, const record& line_item, sys_seconds at);

/// LineItemComputedStatus now. The stored `status` is what actions set: DRAFT, PENDING_APPROVAL, READY, PAUSED,
/// PAUSED_INVENTORY_RELEASED, DISAPPROVED; READY is refined by the clock and the creatives.
std::string_view computed_status(const gam_network& network, const record& line_item, sys_seconds now);

/// Whether some placeholder has fewer active creatives of its size than it expects.
bool misses_creatives(const gam_network& network, const record& line_item);

/// None when open-ended. Includes the automatic extension.
std::optional<sys_seconds> end_of(const json::object& line_item);

/// What `goal` and `rate` amount to, in the units of the currency.
double budget_of(const json::object& line_item);
double units_of(const json::object& money);
json::object money_of(double amount, std::string_view currency);

/// The line items of an order that still exist, oldest first.
std::vector<const record*> line_items_of(const gam_network& network, std::string_view order);

/// The stored fields and, for orders, line items and associations, everything computed.
json::object show(const gam_network& network, std::string_view collection, const record& held, sys_seconds now);

}  // namespace tenon::sandbox::gam
