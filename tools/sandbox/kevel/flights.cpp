#include "sandbox/kevel/flights.hpp"

#include "sandbox/kevel/ads.hpp"
#include "sandbox/kevel/campaigns.hpp"
#include "sandbox/kevel/delivery.hpp"
#include "sandbox/kevel/entity.hpp"

#include <cmath>

namespace tenon::sandbox::kevel {
namespace {

constexpr std::size_t most_flights = 125;
constexpr std::int64_t most_revenue = 500'000'000;

void check_goal(const json::object& fields) {
  const auto goal_type = integer_of(fields, "GoalType");
  const bool endless = goal_type == 2 || goal_type == 9 || goal_type == 10;
  if (!endless && fields.at("EndDateISO").is_null()) throw wrong_field("EndDateISO is required for this Goal Type");
  const auto goal = integer_of(fields, "Impressions");
  if (goal < 1) throw wrong_field("Impressions must be at least 1");
  if (goal_type == 2 && goal > 100) throw wrong_field("Impressions must be at most 100 for a percentage goal");
  if (goal_type >= 8 && goal > most_revenue)
    throw wrong_field("Impressions must be at most 500000000 for a revenue goal");
  const auto start = parse_time(text_of(fields, "StartDateISO"), false);
  const auto end = parse_time(text_of(fields, "EndDateISO"), false);
  if (end && *end <= *start) throw wrong_field("EndDateISO must be after StartDateISO");
}

void check_caps(const json::object& fields) {
  for (const auto name : {"DailyCapAmount", "LifetimeCapAmount"}) {
    const auto& whole = fields.at(name);
    const auto& exact = fields.at(std::string(name) + "Decimal");
    if (!whole.is_null() && !exact.is_null() &&
        integer_of(fields, name) != std::llround(std::ceil(exact.to_number<double>())))
      throw wrong_field(std::string(name) + " must be " + name + "Decimal rounded up");
  }
  const bool capped = !fields.at("DailyCapAmount").is_null() || !fields.at("LifetimeCapAmount").is_null();
  if (capped && fields.at("CapType").is_null()) throw wrong_field("CapType is required with a cap");
  if (flag_of(fields, "IsFreqCap") &&
      (integer_of(fields, "FreqCap") == 0 || integer_of(fields, "FreqCapDuration") == 0 ||
       integer_of(fields, "FreqCapType") == 0))
    throw wrong_field("FreqCap, FreqCapDuration and FreqCapType are required when IsFreqCap is true");
}

/// Sites and zones as they come back: both spellings of the flag are read, the real one is written.
json::array read_sites(call& request, const json::array& given) {
  json::array made;
  for (const auto& each : given) {
    if (!each.is_object()) throw wrong_field("SiteZoneTargeting must be an array of objects");
    const auto& target = each.get_object();
    const auto* site = sandbox::find(request.kevel->objects, "site", std::to_string(integer_of(target, "SiteId")));
    if (!site) throw failure(400, "This site does not belong to your network");
    json::object shown{
        {"Id", ++request.kevel_all->last_id}, {"SiteId", integer_of(target, "SiteId")}, {"ZoneId", nullptr}};
    if (const auto zone_id = integer_of(target, "ZoneId"); zone_id != 0) {
      const auto* zone = sandbox::find(request.kevel->objects, "zone", std::to_string(zone_id));
      if (!zone || integer_of(zone->fields, "SiteId") != integer_of(target, "SiteId"))
        throw failure(400, "The site associated with that zone does not belong to your network");
      shown["ZoneId"] = zone_id;
    }
    shown["IsExclude"] = flag_of(target, "IsExclude") || flag_of(target, "IsExcluded");
    made.push_back(std::move(shown));
  }
  return made;
}

json::array read_places(call& request, const json::array& given) {
  json::array made;
  for (const auto& each : given) {
    if (!each.is_object()) throw wrong_field("GeoTargeting must be an array of objects");
    const auto& target = each.get_object();
    const auto country = text_of(target, "CountryCode");
    if (country.size() != 2) throw wrong_field("GeoTargeting needs a CountryCode of two letters");
    json::object shown{{"LocationId", ++request.kevel_all->last_id},
                       {"CountryCode", country},
                       {"Region", nullptr},
                       {"MetroCode", nullptr}};
    if (!text_of(target, "Region").empty()) shown["Region"] = text_of(target, "Region");
    if (target.contains("MetroCode") && target.at("MetroCode").is_number()) shown["MetroCode"] = target.at("MetroCode");
    shown["IsExclude"] = flag_of(target, "IsExclude");
    made.push_back(std::move(shown));
  }
  return made;
}

json::object read_flight(call& request, const json::object& given, const record* before) {
  auto fields = read(request, flight, given, before);
  usable_campaign(request, std::to_string(integer_of(fields, "CampaignId")));
  if (!sandbox::find(request.kevel->objects, "priority", std::to_string(integer_of(fields, "PriorityId"))))
    throw failure(400, "This priority does not belong to your network");
  check_goal(fields);
  check_caps(fields);
  const auto& custom = text_of(fields, "CustomFieldsJson");
  boost::system::error_code not_json;
  if (!custom.empty()) json::parse(custom, not_json);
  if (not_json) throw wrong_field("CustomFieldsJson must be JSON");
  fields["SiteZoneTargeting"] = read_sites(request, array_of(fields, "SiteZoneTargeting"));
  fields["GeoTargeting"] = read_places(request, array_of(fields, "GeoTargeting"));
  fields["NoEndDate"] = fields["EndDateISO"].is_null();
  return fields;
}

std::size_t flights_in(const call& request, std::int64_t campaign_id) {
  std::size_t count = 0;
  table_of(request.kevel->objects, "flight").each([&](const record& held) {
    count += integer_of(held.fields, "CampaignId") == campaign_id && !flag_of(held.fields, "IsDeleted");
  });
  return count;
}

}  // namespace

record& usable_flight(call& request, std::string_view id) {
  const auto owner = owner_of(request, "flight", id);
  if (owner == ownership::nobodys) throw failure(404, "Flight not found.");
  if (owner == ownership::others) throw failure(400, "This Flight does not belong to your network.");
  auto& held = *find(request, "flight", id);
  if (flag_of(held.fields, "IsDeleted")) throw failure(400, "This flight has been deleted");
  return held;
}

json::object show_flight(const call& request, const record& held) {
  auto shown = held.fields;
  shown["DeliveryStatus"] = delivery_status(*request.kevel, held, request.now);
  shown["CreativeMaps"] = ads_of(request, held.key);
  return shown;
}

http::response create_flight(call& request) {
  auto fields = read_flight(request, body_of(request), nullptr);
  if (flights_in(request, integer_of(fields, "CampaignId")) >= most_flights)
    throw failure(400, "A campaign cannot have more than 125 flights");
  return json_answer(200, show_flight(request, store_new(request, flight, std::move(fields))));
}

http::response get_flight(call& request) {
  return json_answer(200, show_flight(request, usable_flight(request, id_at(request, 0))));
}

http::response put_flight(call& request) {
  auto& held = usable_flight(request, id_at(request, 0));
  const auto given = body_of(request);
  require_all(given, {"Id"});
  auto fields = read_flight(request, given, &held);
  if (integer_of(fields, "CampaignId") != integer_of(held.fields, "CampaignId"))
    throw failure(400, "A flight cannot be moved to another campaign");
  const bool was_active = flag_of(held.fields, "IsActive");
  store_update(request, held, std::move(fields));
  if (was_active && !flag_of(held.fields, "IsActive")) held.paused_at = request.now;
  if (flag_of(held.fields, "IsActive")) held.paused_at.reset();
  return json_answer(200, show_flight(request, held));
}

http::response delete_flight(call& request) {
  usable_flight(request, id_at(request, 0)).fields["IsDeleted"] = true;
  return json_answer(200, "Successfully deleted.");
}

http::response list_flights(call& request) {
  return list_page(request, collect(request, "flight", show_flight,
                                    [&](const json::object& fields) { return matches_flags(request, fields); }));
}

http::response list_flights_of(call& request) {
  const auto id = id_at(request, 0);
  if (request.subject == "campaign")
    usable_campaign(request, id);
  else
    usable_advertiser(request, id);
  return list_page(request, collect(request, "flight", show_flight, [&](const json::object& fields) {
                     const auto campaign_id = std::to_string(integer_of(fields, "CampaignId"));
                     const auto* parent = sandbox::find(request.kevel->objects, "campaign", campaign_id);
                     const auto owner = request.subject == "campaign"
                                            ? campaign_id
                                            : std::to_string(integer_of(parent->fields, "AdvertiserId"));
                     return owner == id && matches_flags(request, fields);
                   }));
}

}  // namespace tenon::sandbox::kevel
