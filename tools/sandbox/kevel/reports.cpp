#include "sandbox/kevel/reports.hpp"

#include "sandbox/kevel/delivery.hpp"
#include "sandbox/kevel/entity.hpp"

#include <algorithm>
#include <array>

namespace tenon::sandbox::kevel {
namespace {

using std::chrono::days;

/// A report's dimension and the key of its value in the answer; both names of a flight are taken.
struct dimension {
  std::string_view name;
  std::string_view shown;
};
constexpr std::array dimensions{dimension{"brandId", "BrandId"}, dimension{"campaignId", "CampaignId"},
                                dimension{"optionId", "OptionId"}, dimension{"flightId", "FlightId"}};

std::int64_t value_of_dimension(const kevel_network& network, const record& flight, std::string_view name) {
  const auto campaign_id = integer_of(flight.fields, "CampaignId");
  if (name == "campaignId") return campaign_id;
  if (name != "brandId") return integer_of(flight.fields, "Id");
  const auto* campaign = sandbox::find(network.objects, "campaign", std::to_string(campaign_id));
  return campaign ? integer_of(campaign->fields, "AdvertiserId") : 0;
}

const dimension* known(std::string_view name) {
  const auto at = std::ranges::find(dimensions, name, &dimension::name);
  return at == dimensions.end() ? nullptr : &*at;
}

void check(const json::object& query) {
  require_all(query, {"StartDateISO", "EndDateISO", "GroupBy", "Parameters"});
  const auto start = parse_time(text_of(query, "StartDateISO"), false);
  const auto end = parse_time(text_of(query, "EndDateISO"), false);
  if (!start || !end || *end < *start || *end - *start > days(1096))
    throw wrong_field("StartDateISO and EndDateISO must be dates in order, at most three years apart");
  for (const auto& each : array_of(query, "GroupBy"))
    if (!each.is_string() || (each.get_string() != "day" && !known(each.get_string())))
      throw wrong_field("GroupBy takes day, brandId, campaignId, optionId and flightId here");
  for (const auto& each : array_of(query, "Parameters"))
    for (const auto& [key, value] : each.is_object() ? each.get_object() : json::object())
      if (!known(key) || !value.is_number())
        throw wrong_field("Parameters take the ids brandId, campaignId, optionId and flightId here");
  const auto zone = text_of(query, "TimeZone");
  if (!zone.empty() && zone != "UTC") throw wrong_field("TimeZone takes UTC here");
}

bool admits(const kevel_network& network, const record& flight, const json::array& parameters) {
  return std::ranges::all_of(parameters, [&](const json::value& each) {
    const auto& wanted = each.get_object();
    return std::ranges::all_of(wanted, [&](const auto& pair) {
      return value_of_dimension(network, flight, pair.key()) == integer_of(wanted, pair.key());
    });
  });
}

json::object counts_object(const delivery& counts) {
  return {{"Impressions", counts.impressions},
          {"Clicks", counts.clicks},
          {"FraudulentClicks", 0},
          {"Revenue", counts.revenue},
          {"Events", json::object()}};
}

void add(delivery& sum, const delivery& part) {
  sum.impressions += part.impressions;
  sum.clicks += part.clicks;
  sum.revenue += part.revenue;
}

/// One record: what was delivered from `from` to `to`, split by the dimensions asked for.
json::object record_of(const call& request, const json::object& query, sys_seconds from, sys_seconds to) {
  const auto& network = *request.kevel;
  std::map<std::string, std::pair<json::object, delivery>> groups;
  delivery sum;
  table_of(request.kevel->objects, "flight").each([&](const record& flight) {
    if (!admits(network, flight, array_of(query, "Parameters"))) return;
    const auto counts = delivered_between(network, flight, from, to);
    if (counts.impressions == 0) return;
    json::object grouping;
    for (const auto& each : array_of(query, "GroupBy"))
      if (const auto* by = known(each.get_string()))
        grouping[by->shown] = value_of_dimension(network, flight, by->name);
    auto& group = groups[json::serialize(grouping)];
    if (group.first.empty()) group.first = {{"Grouping", grouping}, {"Title", text_of(flight.fields, "Name")}};
    add(group.second, counts);
    add(sum, counts);
  });
  json::array details;
  for (auto& [key, group] : groups) {
    for (auto& [name, value] : counts_object(group.second)) group.first[name] = value;
    details.push_back(std::move(group.first));
  }
  auto made = counts_object(sum);
  made["TrueRevenue"] = sum.revenue;
  made["Date"] = rfc3339(from);
  made["FirstDate"] = rfc3339(from);
  made["LastDate"] = rfc3339(to);
  made["Details"] = std::move(details);
  return made;
}

json::object result_of(const call& request, const json::object& query) {
  const auto start = *parse_time(text_of(query, "StartDateISO"), false);
  const auto end = std::min(*parse_time(text_of(query, "EndDateISO"), false), request.now);
  const bool daily = std::ranges::any_of(array_of(query, "GroupBy"),
                                         [](const json::value& each) { return each.get_string() == "day"; });
  json::array records;
  delivery sum;
  for (auto from = start; from < end;) {
    const auto next = daily ? std::min<sys_seconds>(std::chrono::floor<days>(from) + days(1), end) : end;
    auto made = record_of(request, query, from, next);
    add(sum, {.impressions = integer_of(made, "Impressions"),
              .clicks = integer_of(made, "Clicks"),
              .revenue = number_of(made, "Revenue")});
    if (integer_of(made, "Impressions") > 0) records.push_back(std::move(made));
    from = next;
  }
  return {{"StartDateISO", query.at("StartDateISO")},
          {"EndDateISO", query.at("EndDateISO")},
          {"GroupBy", query.at("GroupBy")},
          {"TotalImpressions", sum.impressions},
          {"TotalClicks", sum.clicks},
          {"TotalRevenue", sum.revenue},
          {"Records", std::move(records)}};
}

/// The period of the counts: the last `days`, or from `start` to the end of `end`, or everything.
std::pair<sys_seconds, sys_seconds> period_of(const call& request) {
  const auto oldest = request.now - days(90);
  if (const auto back = parse_integer(value_of(request.query, "days"))) {
    if (*back < 0 || *back > 90) throw failure(400, "Cannot request data more than 90 days old");
    return {request.now - days(*back), request.now};
  }
  if (!has(request.query, "start") && !has(request.query, "end")) return {sys_seconds(), request.now};
  const auto start = parse_time(value_of(request.query, "start"), false);
  const auto end = parse_time(value_of(request.query, "end"), false);
  if (!start || !end || *end < *start) throw failure(400, "Start date must be before end date");
  if (*start < oldest) throw failure(400, "Cannot request data more than 90 days old");
  return {*start, std::min(*end + days(1), request.now)};
}

}  // namespace

http::response queue_report(call& request) {
  const auto query = body_of(request);
  check(query);
  const auto hex = random_hex(16);
  const auto id = hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
                  hex.substr(20);
  table_of(request.kevel->objects, "report").add(id, {{"Polls", 0}, {"Result", result_of(request, query)}});
  return json_answer(200, json::object{{"Id", id}});
}

http::response poll_report(call& request) {
  auto* held = find(request, "report", request.ids[0]);
  if (!held) throw failure(404, "Report not found.");
  const auto polls = integer_of(held->fields, "Polls") + 1;
  held->fields["Polls"] = polls;
  if (polls < 2) return json_answer(200, json::object{{"Id", held->key}, {"Status", 1}});
  return json_answer(200, json::object{{"Id", held->key}, {"Status", 2}, {"Result", held->fields.at("Result")}});
}

http::response instant_counts(call& request) {
  const auto id = id_at(request, 0);
  if (owner_of(request, request.subject, id) != ownership::ours) throw failure(400, "Does not exist");
  const auto [from, to] = period_of(request);
  const auto* ad = request.subject == "ad" ? find(request, "ad", id) : nullptr;
  delivery sum;
  bool any = false;
  table_of(request.kevel->objects, "flight").each([&](const record& flight) {
    const auto name = request.subject == "advertiser" ? "brandId"
                      : request.subject == "campaign" ? "campaignId"
                                                      : "flightId";
    const auto wanted = ad ? integer_of(ad->fields, "FlightId") : parse_integer(id).value_or(0);
    if (value_of_dimension(*request.kevel, flight, name) != wanted) return;
    const auto counts = delivered_between(*request.kevel, flight, from, to);
    any = any || counts.impressions > 0;
    add(sum, counts);
  });
  if (!any) throw failure(400, "No data for id returned");
  return json_answer(200, json::object{{"impressions", sum.impressions},
                                       {"clicks", sum.clicks},
                                       {"conversions", 0},
                                       {"revenue", sum.revenue},
                                       {"gmv", 0}});
}

}  // namespace tenon::sandbox::kevel
