#include "sandbox/gam/line_item_rules.hpp"

#include "sandbox/gam/delivery.hpp"
#include "sandbox/gam/error.hpp"

#include <algorithm>
#include <array>

namespace tenon::sandbox::gam {
namespace {

/// Which prices and goals a type of line item is sold by.
struct type_rule {
  std::string_view type;
  std::string_view costs;
  std::string_view goals;
  std::int64_t priority;
};

constexpr std::array type_rules{type_rule{"SPONSORSHIP", "CPM CPC CPD", "DAILY", 4},
                                type_rule{"STANDARD", "CPM CPC VCPM CPCV CPM_IN_TARGET", "LIFETIME", 8},
                                type_rule{"NETWORK", "CPM CPC CPD", "DAILY", 12},
                                type_rule{"BULK", "CPM", "LIFETIME", 12},
                                type_rule{"PRICE_PRIORITY", "CPM CPC", "NONE LIFETIME DAILY", 12},
                                type_rule{"HOUSE", "CPM", "DAILY", 16}};

const type_rule* rule_of(const json::object& fields) {
  const auto at = std::ranges::find(type_rules, text_of(fields, "lineItemType"), &type_rule::type);
  return at == type_rules.end() ? nullptr : &*at;
}

constexpr std::int64_t most_rate = 1'000'000'000;

bool lists(std::string_view words, std::string_view word) { return std::ranges::count(split(words, ' '), word) > 0; }

void check_dates(const record* before, const json::object& fields, sys_seconds now, const std::string& path) {
  const auto start = *parse_time(text_of(fields, "startTime"), true);
  const bool moved = !before || text_of(before->fields, "startTime") != text_of(fields, "startTime");
  if (before && moved && *parse_time(text_of(before->fields, "startTime"), true) <= now)
    throw broken_rule("LineItemError", "ALREADY_STARTED", "The start of a line item that has started cannot change.",
                      path + ".startTime");
  if (moved && start <= now)
    throw broken_rule("LineItemFlightDateError", "START_DATE_TIME_IS_IN_PAST", "The start must be in the future.",
                      path + ".startTime");
  const auto end = end_of(fields);
  const bool unlimited = flag_of(fields, "endTimeUnlimited");
  const auto type = text_of(fields, "lineItemType");
  if (!end && !unlimited)
    throw invalid(path + ".targetEndTime", "The field is required unless endTimeUnlimited is true.");
  if (unlimited && (type == "STANDARD" || type == "BULK"))
    throw broken_rule("ReservationDetailsError", "UNLIMITED_END_DATE_TIME_NOT_ALLOWED", "This type needs an end.",
                      path + ".endTimeUnlimited");
  if (end && *end <= start)
    throw broken_rule("LineItemFlightDateError", "END_DATE_TIME_NOT_AFTER_START_TIME",
                      "The end must be after the start.", path + ".targetEndTime");
  const bool end_moved = !before || end_of(before->fields) != end;
  if (end && end_moved && *end <= now)
    throw broken_rule("LineItemFlightDateError", "END_DATE_TIME_IS_IN_PAST", "The end must be in the future.",
                      path + ".targetEndTime");
}

void check_price(const gam_network& network, const json::object& fields, const type_rule& rule,
                 const std::string& path) {
  const auto& rate = object_of(fields, "rate");
  const auto* self = find(network.objects, "networks", network.name());
  if (text_of(rate, "currencyCode") != text_of(self->fields, "currencyCode"))
    throw invalid(path + ".rate.currencyCode",
                  "Expected the network's currency, " + std::string(text_of(self->fields, "currencyCode")) + ".");
  const auto nanos = integer_of(rate, "nanos");
  if (integer_of(rate, "units") < 0 || integer_of(rate, "units") > most_rate || nanos < 0 || nanos > 999'999'999)
    throw invalid(path + ".rate", "Expected units of 0 to 1000000000 and nanos of 0 to 999999999.");
  const auto cost = text_of(fields, "costType");
  if (cost == "CPA")
    throw broken_rule("ReservationDetailsError", "CPA_DEPRECATED", "CPA is no longer sold.", path + ".costType");
  if (!lists(rule.costs, cost))
    throw broken_rule("ReservationDetailsError", "COST_TYPE_NOT_ALLOWED", "The type is not sold at this cost type.",
                      path + ".costType");
  const auto unit = text_of(object_of(fields, "goal"), "unitType");
  const bool pairs = (cost == "VCPM") == (unit == "VIEWABLE_IMPRESSIONS") &&
                     (cost == "CPCV") == (unit == "COMPLETED_VIEWS") && (unit != "CLICKS" || cost == "CPC");
  if (!pairs)
    throw broken_rule("ReservationDetailsError", "COST_TYPE_UNIT_TYPE_MISMATCH_NOT_ALLOWED",
                      "The goal's unit does not go with the cost type.", path + ".goal.unitType");
}

void check_goal(const gam_network& network, const record* before, const json::object& fields, const type_rule& rule,
                sys_seconds now, const std::string& path) {
  const auto& goal = object_of(fields, "goal");
  const auto type = text_of(goal, "goalType");
  if (goal.empty()) throw invalid(path + ".goal", "The field is required.");
  if (!lists(rule.goals, type))
    throw invalid(path + ".goal.goalType",
                  "Expected one of: " + std::string(rule.goals) + " for " + std::string(rule.type) + ".");
  if (type != "NONE" && text_of(goal, "unitType").empty())
    throw invalid(path + ".goal.unitType", "The field is required.");
  const auto units = integer_of(goal, "units");
  if (type != "NONE" && units < 1)
    throw broken_rule("RangeError", "TOO_LOW", "The goal must be at least 1.", path + ".goal.units");
  const bool share = type == "DAILY" && rule.type != "PRICE_PRIORITY";
  if (share && units > 100)
    throw broken_rule("ReservationDetailsError", "PERCENTAGE_UNITS_BOUGHT_TOO_HIGH", "The goal is a percentage.",
                      path + ".goal.units");
  if (before && type == "LIFETIME" && units < delivered(network, *before, now).impressions &&
      text_of(goal, "unitType") == "IMPRESSIONS")
    throw broken_rule("RangeError", "TOO_LOW", "The goal is below what has been delivered.", path + ".goal.units");
}

void check_targeting(const gam_network& network, const json::object& fields, const std::string& path) {
  const auto& targeting = object_of(fields, "targeting");
  const auto& inventory = object_of(targeting, "inventoryTargeting");
  if (array_of(inventory, "targetedAdUnits").empty() && array_of(inventory, "targetedPlacements").empty())
    throw broken_rule("InventoryTargetingError", "AT_LEAST_ONE_PLACEMENT_OR_INVENTORY_UNIT_REQUIRED",
                      "Nothing is targeted.", path + ".targeting.inventoryTargeting");
  for (const auto list : {"targetedGeos", "excludedGeos"})
    for (const auto& each : array_of(object_of(targeting, "geoTargeting"), list)) {
      const auto* place = find(network.objects, "geoTargets", each.get_string());
      if (place && !flag_of(place->fields, "targetable"))
        throw broken_rule("GeoTargetingError", "UNTARGETABLE_LOCATION",
                          "The place cannot be targeted: " + std::string(each.get_string()),
                          path + ".targeting.geoTargeting." + list);
    }
}

void check_details(const json::object& fields, const std::string& path) {
  if (text_of(fields, "displayName").size() > 255)
    throw invalid(path + ".displayName", "Expected at most 255 characters.");
  if (text_of(fields, "externalLineItemId").size() > 255)
    throw invalid(path + ".externalLineItemId", "Expected at most 255 characters.");
  const auto extension = integer_of(fields, "autoExtensionDays");
  if (extension < 0 || extension > 7) throw invalid(path + ".autoExtensionDays", "Expected 0 to 7.");
  for (const auto& each : array_of(fields, "frequencyCaps")) {
    const auto& cap = each.get_object();
    if (integer_of(cap, "maxImpressions") < 1 || integer_of(cap, "timeAmount") < 1 || text_of(cap, "timeUnit").empty())
      throw invalid(path + ".frequencyCaps", "Expected maxImpressions and timeAmount of at least 1, and a timeUnit.");
  }
  if (text_of(fields, "environmentType") == "VIDEO_PLAYER" && text_of(fields, "maxVideoCreativeDuration").empty())
    throw invalid(path + ".maxVideoCreativeDuration", "The field is required for VIDEO_PLAYER.");
  for (const auto& each : array_of(fields, "creativePlaceholders")) {
    const auto& size = object_of(each.get_object(), "size");
    if (text_of(size, "sizeType") == "PIXEL" && (integer_of(size, "width") < 1 || integer_of(size, "height") < 1))
      throw invalid(path + ".creativePlaceholders", "Expected a width and a height of at least 1.");
  }
}

}  // namespace

void check_line_item(const gam_network& network, const record* before, const json::object& fields, sys_seconds now,
                     const std::string& path) {
  const auto* order = find(network.objects, "orders", text_of(fields, "order"));
  if (flag_of(order->fields, "archived"))
    throw wrong_state("OrderError", "UPDATE_ARCHIVED_ORDER_NOT_ALLOWED", "The order is archived.");
  const auto order_status = text_of(order->fields, "status");
  if (order_status == "DELETED" || order_status == "CANCELED")
    throw wrong_state("OrderError", "UPDATE_CANCELED_ORDER_NOT_ALLOWED",
                      "The order is " + std::string(order_status) + ".");
  if (before && flag_of(before->fields, "archived"))
    throw wrong_state("LineItemError", "UPDATE_ARCHIVED_LINE_ITEM_NOT_ALLOWED", "The line item is archived.");
  const auto* rule = rule_of(fields);
  if (!rule)
    throw broken_rule("ReservationDetailsError", "LINE_ITEM_TYPE_NOT_ALLOWED",
                      "This type cannot be created over the API.", path + ".lineItemType");
  check_details(fields, path);
  check_dates(before, fields, now, path);
  check_price(network, fields, *rule, path);
  check_goal(network, before, fields, *rule, now, path);
  check_targeting(network, fields, path);
}

void add_line_item_defaults(json::object& fields) {
  const auto add = [&](std::string_view name, json::value value) {
    if (!fields.contains(name)) fields[name] = std::move(value);
  };
  if (const auto* rule = rule_of(fields)) add("priority", rule->priority);
  add("deliveryRateType", "EVENLY");
  add("environmentType", "BROWSER");
  add("roadblockingType", "ONE_OR_MORE");
}

}  // namespace tenon::sandbox::gam
