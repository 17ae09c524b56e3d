// What an update changes of a line item's own fields: pure.
#include "changes.hpp"
#include "line_item.hpp"

namespace tenon::gam {
namespace {

using sdk::error;

// Where the line item's money stands, and where the update puts it.
struct price {
  sales::pricing_model model = sales::pricing_model::cpm;
  std::string currency;
  sales::money rate;
  sales::money budget;
  std::optional<std::int64_t> impressions;
};

price price_now(json::object const& line_item) {
  auto const model = model_of(sales::upstream_text(line_item, "costType"));
  if (!model) {
    throw error("INVALID_STATE", "The package is priced in a way that cannot be changed here");
  }
  auto const rate = sales::upstream_object(line_item, "rate");
  auto const record = sales::parse_object(sales::upstream_text(line_item, "notes"));
  price now;
  now.model = *model;
  now.currency = sales::upstream_text(rate, "currencyCode");
  now.rate = money_from_json(rate);
  now.budget = sales::money_from(sales::upstream_number(record, "budget")).value_or(sales::money{});
  if (sales::find(record, "impressions") != nullptr) {
    now.impressions = sales::upstream_integer(record, "impressions");
  }
  return now;
}

// Reads the update's prices into `wanted`. True if any of them moves the goal.
bool read_prices(price& wanted, json::object const& update, sales::pricing_option const* option,
                 std::string const& path) {
  auto const budget = sales::money_at(update, "budget", path);
  auto const bid = sales::money_at(update, "bid_price", path);
  auto const impressions = sales::integer_at(update, "impressions", path);
  if ((budget || bid || impressions) && wanted.model == sales::pricing_model::flat_rate) {
    throw error("UNSUPPORTED_FEATURE", "The price of a flat-rate package is fixed").field(path);
  }
  if (bid && option != nullptr) {
    if (option->fixed) {
      throw error("INVALID_REQUEST", "The price of this package is fixed").field(sales::path_of(path, "bid_price"));
    }
    wanted.rate = sales::price_of(*option, bid, path);
  } else if (bid) {
    wanted.rate = *bid;
  }
  wanted.budget = budget.value_or(wanted.budget);
  if (impressions) {
    wanted.impressions = impressions;
  } else if (budget) {
    wanted.impressions.reset();
  }
  return budget || bid || impressions;
}

// What was delivered in the unit that the goal counts.
std::int64_t delivered_units(json::object const& line_item, sales::pricing_model model) {
  auto const stats = sales::upstream_object(line_item, "stats");
  switch (model) {
    case sales::pricing_model::cpc: return sales::upstream_integer(stats, "clicksDelivered");
    case sales::pricing_model::vcpm: return sales::upstream_integer(stats, "viewableImpressionsDelivered");
    case sales::pricing_model::cpm:
    case sales::pricing_model::flat_rate: break;
  }
  return sales::upstream_integer(stats, "impressionsDelivered");
}

void change_goal(json::object& fields, price const& wanted, json::object const& line_item, std::string const& path) {
  auto goal = goal_json(wanted.budget, wanted.rate, wanted.model, wanted.impressions, path);
  auto const delivered = delivered_units(line_item, wanted.model);
  if (sales::upstream_integer(goal, "units") < delivered) {
    throw error("BUDGET_EXCEEDED", "More than that has been delivered already")
        .field(sales::path_of(path, "budget"))
        .details({{"spent", sales::amount_of(sales::cost_of(delivered, wanted.rate, wanted.model))},
                  {"currency", wanted.currency}});
  }
  fields["goal"] = std::move(goal);
}

void change_flight(json::object& fields, json::object const& update, line_item_facts const& facts, sales::instant now,
                   std::string const& path) {
  auto const start = sales::instant_at(update, "start_time", path, now);
  auto const end = sales::instant_at(update, "end_time", path, now);
  if (start && facts.start <= now) {
    throw error("INVALID_STATE", "The package has started: its start cannot move")
        .field(sales::path_of(path, "start_time"));
  }
  if (end && *end <= std::max(now, start.value_or(facts.start))) {
    throw error("INVALID_REQUEST", "end_time must be in the future and after the start")
        .field(sales::path_of(path, "end_time"));
  }
  if (start && !end && *start >= facts.end) {
    throw error("INVALID_REQUEST", "start_time must be before the end").field(sales::path_of(path, "start_time"));
  }
  if (start) {
    constexpr std::chrono::seconds lead{120};
    fields["startTime"] = sales::format_instant(std::max(*start, now + lead));
  }
  if (end) {
    fields["targetEndTime"] = sales::format_instant(*end);
  }
}

}  // namespace

json::object changed_fields(json::object const& update, json::object const& line_item,
                            sales::pricing_option const* option, sales::instant now, std::string const& path) {
  json::object fields;
  auto wanted = price_now(line_item);
  auto const before = wanted.rate;
  if (read_prices(wanted, update, option, path)) {
    change_goal(fields, wanted, line_item, path);
  }
  if (wanted.rate != before) {
    fields["rate"] = money_json(wanted.rate, wanted.currency);
  }
  change_flight(fields, update, facts_of(line_item), now, path);
  if (sales::find(update, "pacing") != nullptr) {
    fields["deliveryRateType"] = delivery_rate_of(sales::read_pacing(update, path));
  }
  return fields;
}

}  // namespace tenon::gam
