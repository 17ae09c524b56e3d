#include "sandbox/kevel/delivery.hpp"

#include <algorithm>
#include <cmath>

namespace tenon::sandbox::kevel {
namespace {

constexpr std::int64_t impressions_per_click = 400;
constexpr std::int64_t impressions_per_hour = 1000;  // of a share, and of goals that are no count

sys_seconds time_of(const json::object& fields, std::string_view name, sys_seconds missing) {
  return parse_time(text_of(fields, name), false).value_or(missing);
}

bool has_active_ad(const kevel_network& network, const json::object& flight) {
  bool found = false;
  const auto ads = network.objects.find("ad");
  if (ads == network.objects.end()) return false;
  ads->second.each([&](const record& ad) {
    if (integer_of(ad.fields, "FlightId") != integer_of(flight, "Id") || !flag_of(ad.fields, "IsActive") ||
        flag_of(ad.fields, "IsDeleted"))
      return;
    const auto* creative =
        find(network.objects, "creative", std::to_string(integer_of(object_of(ad.fields, "Creative"), "Id")));
    found = found || (creative && flag_of(creative->fields, "IsActive") && !flag_of(creative->fields, "IsDeleted"));
  });
  return found;
}

const record* campaign_of(const kevel_network& network, const record& flight) {
  return find(network.objects, "campaign", std::to_string(integer_of(flight.fields, "CampaignId")));
}

/// Served now, or until it was paused.
bool was_served(const kevel_network& network, const record& flight) {
  const auto* campaign = campaign_of(network, flight);
  const auto live = [](const record& held) { return flag_of(held.fields, "IsActive") || held.paused_at; };
  return live(flight) && campaign && live(*campaign) && has_active_ad(network, flight.fields);
}

/// CPM, CPC and the like are earned as it is delivered; a flat rate never shows in reporting.
double revenue_of(const json::object& flight, const delivery& counts) {
  const auto price = number_of(flight, "Price");
  switch (integer_of(flight, "RateType")) {
    case 2: return static_cast<double>(counts.impressions) / 1000 * price;
    case 3: return static_cast<double>(counts.clicks) * price;
    default: return 0;
  }
}

}  // namespace

delivery delivered(const kevel_network& network, const record& flight, sys_seconds at) {
  delivery made;
  const auto& fields = flight.fields;
  if (!was_served(network, flight)) return made;
  const auto start = time_of(fields, "StartDateISO", at);
  const auto end = time_of(fields, "EndDateISO", sys_seconds::max());
  const auto until =
      std::min({at, end, flight.paused_at.value_or(at), campaign_of(network, flight)->paused_at.value_or(at)});
  const auto elapsed = std::max(until - start, std::chrono::seconds(0));
  const auto goal = static_cast<double>(integer_of(fields, "Impressions"));
  const auto share =
      end == sys_seconds::max() ? 0 : static_cast<double>(elapsed.count()) / static_cast<double>((end - start).count());
  const auto type = integer_of(fields, "GoalType");
  const auto hours = static_cast<double>(elapsed.count()) / 3600;
  double impressions = hours * impressions_per_hour;
  if (type == 1) impressions = goal * share;
  if (type == 2) impressions = hours * impressions_per_hour * goal / 100;
  if (type == 3) impressions = goal * share * impressions_per_click;
  made.impressions = static_cast<std::int64_t>(impressions);
  made.clicks = made.impressions / impressions_per_click;
  made.revenue = std::round(revenue_of(fields, made) * 1e6) / 1e6;
  return made;
}

delivery delivered_between(const kevel_network& network, const record& flight, sys_seconds from, sys_seconds to) {
  auto made = delivered(network, flight, to);
  const auto before = delivered(network, flight, from);
  made.impressions -= before.impressions;
  made.clicks -= before.clicks;
  made.revenue = std::round((made.revenue - before.revenue) * 1e6) / 1e6;
  return made;
}

int delivery_status(const kevel_network& network, const record& flight, sys_seconds now) {
  if (now < time_of(flight.fields, "StartDateISO", now)) return 0;
  const bool over = now >= time_of(flight.fields, "EndDateISO", sys_seconds::max());
  if (was_served(network, flight)) return over ? 4 : 1;
  return over ? 5 : 0;
}

}  // namespace tenon::sandbox::kevel
