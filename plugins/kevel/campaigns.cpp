#include "campaigns.hpp"

#include <algorithm>
#include <charconv>

namespace tenon::kevel {
namespace {

constexpr std::string_view campaign_prefix = "kevel-";
constexpr std::string_view flight_prefix = "kevel-fl-";
constexpr std::int64_t delivery_finished = 4;

std::int64_t number_after(std::string_view id, std::string_view prefix) {
  if (!id.starts_with(prefix)) {
    return 0;
  }
  auto const number = id.substr(prefix.size());
  std::int64_t value = 0;
  auto const read = std::from_chars(number.data(), number.data() + number.size(), value);
  return read.ec == std::errc{} && read.ptr == number.data() + number.size() && value > 0 ? value : 0;
}

sales::instant moment_at(json::object const& object, std::string_view key) {
  return sales::parse_instant(sales::upstream_text(object, key)).value_or(sales::instant{});
}

bool is_serving_ad(json::value const& map) {
  return map.is_object() && sales::upstream_flag(map.get_object(), "IsActive") &&
         !sales::upstream_flag(map.get_object(), "IsDeleted");
}

bool is_over(flight_facts const& flight, sales::instant now) { return flight.finished || flight.end <= now; }

}  // namespace

std::string media_buy_id_of(std::int64_t campaign_id) {
  return std::string(campaign_prefix) + std::to_string(campaign_id);
}

std::string package_id_of(std::int64_t flight_id) { return std::string(flight_prefix) + std::to_string(flight_id); }

std::int64_t campaign_of(std::string_view media_buy_id) { return number_after(media_buy_id, campaign_prefix); }

std::int64_t flight_of_package(std::string_view package_id) { return number_after(package_id, flight_prefix); }

json::object record_of(json::object const& entity) {
  return sales::parse_object(sales::upstream_text(entity, "CustomFieldsJson"));
}

flight_facts facts_of(json::object const& flight) {
  auto const ads = sales::upstream_array(flight, "CreativeMaps");
  flight_facts facts;
  facts.active = sales::upstream_flag(flight, "IsActive");
  facts.gone = sales::upstream_flag(flight, "IsDeleted") || sales::upstream_flag(flight, "IsArchived");
  facts.has_ads = std::any_of(ads.begin(), ads.end(), is_serving_ad);
  facts.finished = sales::upstream_integer(flight, "DeliveryStatus") == delivery_finished;
  facts.start = moment_at(flight, "StartDateISO");
  facts.end = moment_at(flight, "EndDateISO");
  return facts;
}

std::string media_buy_status(bool campaign_active, bool campaign_gone, bool draft,
                             std::vector<flight_facts> const& flights, sales::instant now) {
  std::vector<flight_facts> live;
  std::copy_if(flights.begin(), flights.end(), std::back_inserter(live), [](auto const& each) { return !each.gone; });
  if (campaign_gone || (live.empty() && !flights.empty())) {
    return "canceled";
  }
  auto const running = [&](flight_facts const& each) { return each.active && !is_over(each, now); };
  if (!live.empty() && std::all_of(live.begin(), live.end(), [&](auto const& each) { return is_over(each, now); })) {
    return "completed";
  }
  if (!campaign_active && !draft) {
    return "paused";
  }
  if (std::any_of(live.begin(), live.end(), [&](auto const& each) {
        return running(each) && each.has_ads && each.start <= now && campaign_active;
      })) {
    return "active";
  }
  if (std::any_of(live.begin(), live.end(), [&](auto const& each) { return running(each) && !each.has_ads; })) {
    return "pending_creatives";
  }
  return draft || std::any_of(live.begin(), live.end(), running) ? "pending_start" : "paused";
}

bool campaign_book::is_there_for(std::string const& buyer, json::object const& campaign) const {
  auto const record = record_of(campaign);
  return sales::upstream_integer(campaign, "AdvertiserId") == api_.settings().advertiser_id &&
         sales::find(record, "tenon") != nullptr && sales::is_for(record, buyer) &&
         !sales::upstream_flag(campaign, "IsDeleted");
}

booked_campaign campaign_book::read(json::object campaign, json::array flights) const {
  booked_campaign booked;
  auto const gone = sales::upstream_flag(campaign, "IsArchived");
  for (auto& each : flights) {
    if (!each.is_object() || sales::upstream_flag(each.get_object(), "IsDeleted")) {
      continue;
    }
    auto& flight = each.get_object();
    auto const facts = facts_of(flight);
    sales::package_state package;
    package.package_id = package_id_of(sales::upstream_integer(flight, "Id"));
    package.record = record_of(flight);
    package.start = facts.start;
    package.end = facts.end;
    package.paused = !facts.active;
    package.canceled = gone || facts.gone;
    booked.state.packages.push_back(std::move(package));
    booked.facts.push_back(facts);
    booked.flights.push_back(std::move(flight));
  }
  auto& state = booked.state;
  state.media_buy_id = media_buy_id_of(sales::upstream_integer(campaign, "Id"));
  state.record = record_of(campaign);
  state.currency = sales::upstream_text(state.record, "currency");
  state.status = media_buy_status(sales::upstream_flag(campaign, "IsActive"), gone,
                                  sales::upstream_flag(state.record, "draft"), booked.facts, api_.now());
  booked.campaign = std::move(campaign);
  return booked;
}

sdk::task<booked_campaign> campaign_book::load(std::string media_buy_id, std::string buyer, sales::deadline until) {
  auto const id = campaign_of(media_buy_id);
  if (id == 0) {
    throw sales::no_such_buy();
  }
  auto const path = "/campaign/" + std::to_string(id);
  json::object campaign;
  try {
    campaign = co_await api_.get(path, subject::media_buy, until);
  } catch (sdk::error const& fault) {
    if (fault.code() != "INVALID_STATE") {
      throw;
    }
    throw sales::no_such_buy();  // it is deleted, and nobody says whose it was
  }
  if (!is_there_for(buyer, campaign)) {
    throw sales::no_such_buy();
  }
  auto flights = co_await api_.list(path + "/flight", subject::media_buy, until);
  co_return read(std::move(campaign), std::move(flights));
}

sdk::task<std::vector<std::string>> campaign_book::all_ids(std::string buyer, sales::deadline until) {
  auto path = "/campaign?advertiserId=" + std::to_string(api_.settings().advertiser_id);
  auto const campaigns = co_await api_.list(std::move(path), subject::other, until);
  std::vector<std::string> ids;
  for (auto const& each : campaigns) {
    if (each.is_object() && is_there_for(buyer, each.get_object())) {
      ids.push_back(media_buy_id_of(sales::upstream_integer(each.get_object(), "Id")));
    }
  }
  co_return ids;
}

}  // namespace tenon::kevel
