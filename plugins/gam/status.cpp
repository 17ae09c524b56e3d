#include "status.hpp"

#include <algorithm>

namespace tenon::gam {
namespace {

bool any(std::vector<line_item_facts const*> const& items, bool (*test)(line_item_facts const&)) {
  return std::any_of(items.begin(), items.end(), [&](auto const* item) { return test(*item); });
}

bool is_delivering(line_item_facts const& item) {
  return item.status == "DELIVERING" || item.status == "DELIVERY_EXTENDED";
}

bool is_completed(line_item_facts const& item) { return item.status == "COMPLETED"; }

bool misses_creatives(line_item_facts const& item) {
  return item.missing_creatives && !is_completed(item) && !is_paused(item);
}

bool is_waiting(line_item_facts const& item) { return !is_delivering(item) && !is_completed(item) && !is_paused(item); }

}  // namespace

bool is_paused(line_item_facts const& item) {
  return item.status == "PAUSED" || item.status == "PAUSED_INVENTORY_RELEASED";
}

bool is_canceled(line_item_facts const& item) {
  return item.archived || item.status == "CANCELED" || item.status == "DISAPPROVED";
}

std::string media_buy_status(std::string_view order_status, bool order_archived,
                             std::vector<line_item_facts> const& items, sales::instant now) {
  if (order_archived || order_status == "CANCELED" || order_status == "DELETED") {
    return "canceled";
  }
  if (order_status == "DISAPPROVED") {
    return "rejected";
  }
  std::vector<line_item_facts const*> live;
  for (auto const& item : items) {
    if (!is_canceled(item)) {
      live.push_back(&item);
    }
  }
  if (live.empty()) {
    return items.empty() ? "pending_start" : "canceled";
  }
  if (order_status == "PAUSED") {
    return "paused";
  }
  if (any(live, is_delivering)) {
    return "active";
  }
  if (any(live, misses_creatives)) {
    return "pending_creatives";
  }
  if (any(live, is_waiting)) {
    auto const over = std::all_of(live.begin(), live.end(), [&](auto const* item) { return item->end <= now; });
    return over ? "completed" : "pending_start";
  }
  return any(live, is_paused) ? "paused" : "completed";
}

std::string delivery_status(line_item_facts const& item, bool goal_met, sales::instant now) {
  if (is_delivering(item)) {
    return "delivering";
  }
  if (is_completed(item) || item.end <= now) {
    return goal_met ? "goal_met" : "flight_ended";
  }
  return {};
}

}  // namespace tenon::gam
