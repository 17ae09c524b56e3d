#include "sandbox/gam/delivery.hpp"

#include <algorithm>

namespace tenon::sandbox::gam {
namespace {

std::string_view currency_of(const gam_network& network) {
  const auto* self = find(network.objects, "networks", network.name());
  return self ? text_of(self->fields, "currencyCode") : std::string_view();
}

void add_line_item(const gam_network& network, const record& held, sys_seconds now, json::object& shown) {
  const auto counts = delivered(network, held, now);
  const auto* order = find(network.objects, "orders", text_of(held.fields, "order"));
  if (order) shown["orderDisplayName"] = text_of(order->fields, "displayName");
  shown["status"] = computed_status(network, held, now);
  shown["missingCreatives"] = misses_creatives(network, held);
  shown["budget"] = money_of(budget_of(held.fields), currency_of(network));
  shown["stats"] = json::object{{"impressionsDelivered", std::to_string(counts.impressions)},
                                {"clicksDelivered", std::to_string(counts.clicks)},
                                {"videoCompletionsDelivered", std::to_string(counts.completions)},
                                {"viewableImpressionsDelivered", std::to_string(counts.viewable)}};
  if (const auto end = end_of(held.fields)) shown["endTime"] = rfc3339(*end);
}

/// Times are in one notation, so their texts compare as they do.
void add_order(const gam_network& network, const record& held, sys_seconds now, json::object& shown) {
  std::string_view start;
  std::string end;
  bool unlimited = false;
  delivery sum;
  for (const auto* item : line_items_of(network, held.key)) {
    const auto item_start = text_of(item->fields, "startTime");
    if (start.empty() || item_start < start) start = item_start;
    const auto item_end = end_of(item->fields);
    unlimited = unlimited || !item_end;
    if (item_end) end = std::max(end, rfc3339(*item_end));
    const auto counts = delivered(network, *item, now);
    sum.impressions += counts.impressions;
    sum.clicks += counts.clicks;
    sum.viewable += counts.viewable;
  }
  if (!start.empty()) shown["startTime"] = start;
  if (!end.empty() && !unlimited) shown["endTime"] = end;
  shown["unlimitedEndTime"] = unlimited;
  shown["impressionsDelivered"] = std::to_string(sum.impressions);
  shown["totalClicksDelivered"] = std::to_string(sum.clicks);
  shown["totalViewableImpressionsDelivered"] = std::to_string(sum.viewable);
}

}  // namespace

std::vector<const record*> line_items_of(const gam_network& network, std::string_view order) {
  std::vector<const record*> made;
  const auto names = network.line_items_of.find(std::string(order));
  if (names == network.line_items_of.end()) return made;
  for (const auto& name : names->second)
    if (const auto* held = find(network.objects, "lineItems", name)) made.push_back(held);
  return made;
}

json::object show(const gam_network& network, std::string_view collection, const record& held, sys_seconds now) {
  json::object shown = held.fields;
  if (collection == "lineItems") add_line_item(network, held, now, shown);
  if (collection == "orders") add_order(network, held, now, shown);
  return shown;
}

}  // namespace tenon::sandbox::gam
