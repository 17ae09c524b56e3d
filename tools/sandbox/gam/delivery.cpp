#include "sandbox/gam/delivery.hpp"

#include <algorithm>
#include <cmath>

namespace tenon::sandbox::gam {
namespace {

constexpr std::int64_t impressions_per_click = 500;
constexpr double most_units = 1e12;        // keeps every product below exact
constexpr double most_impressions = 1e15;  // and every count within its integer

sys_seconds start_of(const json::object& line_item) {
  return parse_time(text_of(line_item, "startTime"), true).value_or(sys_seconds());
}

bool was_approved(std::string_view stored_status) {
  return stored_status == "READY" || stored_status.starts_with("PAUSED");
}

bool sells_a_share(const json::object& line_item) {
  const auto type = text_of(line_item, "lineItemType");
  return type == "SPONSORSHIP" || type == "NETWORK" || type == "HOUSE";
}

double hours(std::chrono::seconds time) { return static_cast<double>(time.count()) / 3600; }

/// Units of the goal delivered after `elapsed` of `whole`; a share of the inventory, as an open goal, counts on 1000 an
/// hour.
double units_after(const json::object& line_item, std::chrono::seconds elapsed, std::chrono::seconds whole) {
  const auto& goal = object_of(line_item, "goal");
  const auto units = std::min(static_cast<double>(integer_of(goal, "units")), most_units);
  if (sells_a_share(line_item)) return hours(elapsed) * 1000 * units / 100;
  if (text_of(goal, "goalType") == "DAILY") return hours(elapsed) / 24 * units;
  if (text_of(goal, "goalType") == "LIFETIME" && whole.count() > 0)
    return units * static_cast<double>(elapsed.count()) / static_cast<double>(whole.count());
  return hours(elapsed) * 1000;
}

double impressions_for(const json::object& line_item, double units) {
  const auto unit = text_of(object_of(line_item, "goal"), "unitType");
  if (unit == "CLICKS") return units * impressions_per_click;
  if (unit == "VIEWABLE_IMPRESSIONS" || unit == "COMPLETED_VIEWS") return units * 10 / 7;
  return units;
}

double revenue_of(const json::object& line_item, const delivery& counts, std::chrono::seconds elapsed) {
  const auto rate = units_of(object_of(line_item, "rate"));
  const auto cost = text_of(line_item, "costType");
  if (cost == "CPC") return static_cast<double>(counts.clicks) * rate;
  if (cost == "CPD") return hours(elapsed) / 24 * rate;
  if (cost == "CPCV") return static_cast<double>(counts.completions) * rate;
  if (cost == "VCPM") return static_cast<double>(counts.viewable) / 1000 * rate;
  return static_cast<double>(counts.impressions) / 1000 * rate;
}

bool same_size(const json::object& left, const json::object& right) {
  return integer_of(left, "width") == integer_of(right, "width") &&
         integer_of(left, "height") == integer_of(right, "height");
}

bool fills(const gam_network& network, const json::object& association, const json::object& wanted) {
  for (const auto& each : array_of(association, "sizes"))
    if (same_size(each.get_object(), wanted)) return true;
  const auto* creative = find(network.objects, "creatives", text_of(association, "creative"));
  return creative && same_size(object_of(creative->fields, "size"), wanted);
}

}  // namespace

std::optional<sys_seconds> end_of(const json::object& line_item) {
  const auto end = parse_time(text_of(line_item, "targetEndTime"), true);
  if (!end || flag_of(line_item, "endTimeUnlimited")) return {};
  return *end + std::chrono::days(integer_of(line_item, "autoExtensionDays"));
}

double units_of(const json::object& money) {
  return static_cast<double>(integer_of(money, "units")) + static_cast<double>(integer_of(money, "nanos")) / 1e9;
}

json::object money_of(double amount, std::string_view currency) {
  const auto whole = std::floor(amount);
  const auto nanos = std::llround((amount - whole) * 1e6) * 1000;
  const auto units = static_cast<std::int64_t>(whole) + nanos / 1'000'000'000;
  json::object made{{"currencyCode", currency}, {"units", std::to_string(units)}};
  if (nanos % 1'000'000'000 != 0) made["nanos"] = nanos % 1'000'000'000;
  return made;
}

double budget_of(const json::object& line_item) {
  const auto rate = units_of(object_of(line_item, "rate"));
  const auto cost = text_of(line_item, "costType");
  const auto end = end_of(line_item);
  if (cost == "CPD") return end ? rate * hours(*end - start_of(line_item)) / 24 : 0;
  const auto& goal = object_of(line_item, "goal");
  const auto units = std::min(static_cast<double>(integer_of(goal, "units")), most_units);
  if (sells_a_share(line_item) || text_of(goal, "goalType") != "LIFETIME") return 0;
  return cost == "CPC" || cost == "CPCV" ? units * rate : units / 1000 * rate;
}

bool misses_creatives(const gam_network& network, const record& line_item) {
  std::vector<const json::object*> active;
  const auto all = network.objects.find("associations");
  if (all != network.objects.end())
    all->second.each_below(line_item.key + "/creatives/", [&](const record& held) {
      if (text_of(held.fields, "status") == "ACTIVE") active.push_back(&held.fields);
    });
  return std::ranges::any_of(array_of(line_item.fields, "creativePlaceholders"), [&](const json::value& each) {
    const auto& placeholder = each.get_object();
    const auto filled = std::ranges::count_if(active, [&](const json::object* association) {
      return fills(network, *association, object_of(placeholder, "size"));
    });
    return filled < integer_of(placeholder, "expectedCreativeCount", 1);
  });
}

delivery delivered(const gam_network& network, const record& line_item, sys_seconds at) {
  delivery made;
  const auto& fields = line_item.fields;
  if (!was_approved(text_of(fields, "status")) || misses_creatives(network, line_item)) return made;
  const auto start = start_of(fields);
  const auto end = end_of(fields);
  auto until = std::min(at, line_item.paused_at.value_or(at));
  if (end) until = std::min(until, *end);
  const auto elapsed = std::max(until - start, std::chrono::seconds(0));
  const auto units = units_after(fields, elapsed, end ? *end - start : std::chrono::seconds(0));
  made.impressions = static_cast<std::int64_t>(std::min(impressions_for(fields, std::floor(units)), most_impressions));
  made.clicks = made.impressions / impressions_per_click;
  made.viewable = made.impressions * 7 / 10;
  made.completions = made.impressions * 7 / 10;
  made.revenue = std::round(revenue_of(fields, made, elapsed) * 1e6) / 1e6;
  return made;
}

std::string_view computed_status(const gam_network& network, const record& line_item, sys_seconds now) {
  const auto stored = text_of(line_item.fields, "status");
  if (stored != "READY") return stored;
  const auto end = end_of(line_item.fields);
  if (end && now >= *end) return "COMPLETED";
  if (misses_creatives(network, line_item)) return "INACTIVE";
  return now >= start_of(line_item.fields) ? "DELIVERING" : "READY";
}

}  // namespace tenon::sandbox::gam
