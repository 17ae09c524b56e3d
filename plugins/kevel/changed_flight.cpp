// What an update changes of a flight: pure.
#include "changes.hpp"
#include "flight.hpp"

#include <boost/json/serialize.hpp>

namespace tenon::kevel {
namespace {

using sdk::error;

void refuse_unsupported(json::object const& update, std::string const& path) {
  for (auto const* member : {"catalogs", "optimization_goals", "keyword_targets_add", "keyword_targets_remove",
                             "negative_keywords_add", "negative_keywords_remove"}) {
    auto const* value = sales::find(update, member);
    if (value != nullptr && !(value->is_array() && value->get_array().empty())) {
      throw error("UNSUPPORTED_FEATURE", std::string(member) + " cannot be honoured by this seller")
          .field(sales::path_of(path, member));
    }
  }
}

bool moves_price(json::object const& update) {
  for (auto const* member : {"budget", "bid_price", "impressions", "pacing"}) {
    if (sales::find(update, member) != nullptr) {
      return true;
    }
  }
  return false;
}

void change_price(json::object& flight, json::object const& record, json::object const& update,
                  kevel_settings const& settings, std::string const& path) {
  auto const model = model_of(flight);
  if (!model || *model == sales::pricing_model::flat_rate) {
    throw error("UNSUPPORTED_FEATURE", "The price of this package is fixed").field(path);
  }
  auto const* sold = settings.catalogue.find(sales::upstream_text(record, "product_id"));
  auto const* option = sold == nullptr ? nullptr : sold->price(sales::upstream_text(record, "pricing_option_id"));
  auto rate = sales::money_from(sales::upstream_number(flight, "Price")).value_or(sales::money{});
  if (auto const bid = sales::money_at(update, "bid_price", path)) {
    if (option != nullptr && option->fixed) {
      throw error("INVALID_REQUEST", "The price of this package is fixed").field(sales::path_of(path, "bid_price"));
    }
    rate = option == nullptr ? *bid : sales::price_of(*option, bid, path);
  }
  auto const held = sales::money_from(sales::upstream_number(record, "budget")).value_or(sales::money{});
  auto const budget = sales::money_at(update, "budget", path);
  auto impressions = sales::integer_at(update, "impressions", path);
  if (!impressions && !budget && sales::find(record, "impressions") != nullptr) {
    impressions = sales::upstream_integer(record, "impressions");
  }
  auto const& paced = sales::find(update, "pacing") != nullptr ? update : record;
  auto const share = sold == nullptr ? 100 : settings.terms_of(*sold).share_percent;
  set_price(flight, *model, rate, budget.value_or(held), impressions, sales::read_pacing(paced, path), share, path);
}

void change_dates(json::object& flight, json::object const& update, sales::instant now, std::string const& path) {
  auto const facts = facts_of(flight);
  auto const start = sales::instant_at(update, "start_time", path, now);
  auto const end = sales::instant_at(update, "end_time", path, now);
  if (start && facts.start <= now) {
    throw error("INVALID_STATE", "The package has started: its start cannot move")
        .field(sales::path_of(path, "start_time"));
  }
  auto const begins = std::max(start.value_or(facts.start), start ? now : facts.start);
  if ((end || start) && end.value_or(facts.end) <= std::max(now, begins)) {
    throw error("INVALID_REQUEST", "end_time must be in the future and after the start")
        .field(sales::path_of(path, "end_time"));
  }
  if (start) {
    flight["StartDateISO"] = sales::format_instant(begins);
  }
  if (end) {
    flight["EndDateISO"] = sales::format_instant(*end);
  }
}

}  // namespace

json::object changed_flight(json::object flight, json::object const& update, kevel_settings const& settings,
                            sales::instant now, std::string const& path) {
  refuse_unsupported(update, path);
  auto record = record_of(flight);
  if (moves_price(update)) {
    change_price(flight, record, update, settings, path);
  }
  change_dates(flight, update, now, path);
  if (auto const* overlay = sales::object_at(update, "targeting_overlay", path)) {
    set_targeting(flight, *overlay, settings.by_hand, sales::path_of(path, "targeting_overlay"));
  }
  if (auto const paused = sales::flag_at(update, "paused", path)) {
    flight["IsActive"] = !*paused;
  }
  sales::amend_record(record, update);
  if (sales::flag_at(update, "canceled", path).value_or(false)) {
    flight["IsActive"] = false;
    flight["IsArchived"] = true;
    record["canceled"] = sales::cancellation(update, now);
  }
  flight["CustomFieldsJson"] = json::serialize(record);
  return for_put(std::move(flight));
}

}  // namespace tenon::kevel
