#include "sandbox/kevel/ads.hpp"

#include "sandbox/kevel/campaigns.hpp"
#include "sandbox/kevel/entity.hpp"
#include "sandbox/kevel/flights.hpp"

namespace tenon::sandbox::kevel {
namespace {

constexpr std::size_t most_ads = 125;

json::object as_stored(const call&, const record& held) { return held.fields; }

void check_content(const json::object& fields) {
  if (flag_of(fields, "IsHTMLJS") && text_of(fields, "ScriptBody").empty())
    throw wrong_field("ScriptBody is required when IsHTMLJS is true");
  if (const auto values = text_of(fields, "TemplateValues"); !values.empty()) {
    boost::system::error_code not_json;
    const auto parsed = json::parse(values, not_json);
    if (not_json || !parsed.is_object()) throw wrong_field("TemplateValues must be a JSON object as text");
  }
  for (const auto name : {"Url", "ImageLink"}) {
    const auto url = text_of(fields, name);
    if (!url.empty() && !url.starts_with("http://") && !url.starts_with("https://"))
      throw wrong_field(std::string(name) + " must be a URL");
  }
}

json::object read_creative(call& request, const json::object& given, const record* before) {
  auto fields = read(request, creative, given, before);
  usable_advertiser(request, std::to_string(integer_of(fields, "AdvertiserId")));
  if (!sandbox::find(request.kevel->objects, "adtype", std::to_string(integer_of(fields, "AdTypeId"))))
    throw wrong_field("AdTypeId is not an ad type of this network");
  check_content(fields);
  return fields;
}

record& usable_creative(call& request, std::string_view id) {
  const auto owner = owner_of(request, "creative", id);
  if (owner == ownership::nobodys) throw failure(404, "Creative not found.");
  if (owner == ownership::others) throw failure(400, "This creative is not part of your network");
  return *find(request, "creative", id);
}

/// An ad as it is shown: the creative whole, not only its id.
json::object show_ad(const call& request, const record& held) {
  auto shown = held.fields;
  const auto id = std::to_string(integer_of(object_of(held.fields, "Creative"), "Id"));
  if (const auto* found = sandbox::find(request.kevel->objects, "creative", id)) shown["Creative"] = found->fields;
  return shown;
}

/// The creative that an ad names, or makes when it carries a new one.
record& creative_of_ad(call& request, const json::object& given, std::int64_t advertiser_id) {
  if (const auto id = integer_of(given, "Id"); id != 0) return usable_creative(request, std::to_string(id));
  auto whole = given;
  if (!whole.contains("AdvertiserId")) whole["AdvertiserId"] = advertiser_id;
  return store_new(request, creative, read_creative(request, whole, nullptr));
}

/// Reads an ad under the flight of the path. `given` may leave its campaign out.
json::object read_ad(call& request, json::object given, const record* before) {
  const auto flight_id = id_at(request, 0);
  const auto owner = owner_of(request, "flight", flight_id);
  if (owner != ownership::ours) throw failure(400, "Flight is not a part of your network");
  const auto& parent = usable_flight(request, flight_id);
  const auto campaign_id = integer_of(parent.fields, "CampaignId");
  if (!given.contains("CampaignId") || given["CampaignId"].is_null()) given["CampaignId"] = campaign_id;
  auto fields = read(request, ad, given, before);
  if (integer_of(fields, "FlightId") != integer_of(parent.fields, "Id"))
    throw wrong_field("FlightId must be the flight of the path");
  if (integer_of(fields, "CampaignId") != campaign_id) throw wrong_field("CampaignId must be the flight's campaign");
  const auto type = integer_of(fields, "DistributionType");
  if (type < 0 || type > 3) throw wrong_field("DistributionType must be one of 1 2 3");
  if (type == 2 && fields["Percentage"].is_null()) throw wrong_field("Percentage is required for DistributionType 2");

  const auto advertiser_id = integer_of(usable_campaign(request, std::to_string(campaign_id)).fields, "AdvertiserId");
  const auto& used = creative_of_ad(request, object_of(fields, "Creative"), advertiser_id);
  if (integer_of(used.fields, "AdvertiserId") != advertiser_id)
    throw failure(400, "This creative belongs to another advertiser than the campaign");
  fields["Creative"] = json::object{{"Id", used.fields.at("Id")}};
  if (fields["DistributionType"].is_null()) fields["DistributionType"] = 1;
  return fields;
}

record& usable_ad(call& request, std::string_view id) {
  if (owner_of(request, "ad", id) != ownership::ours) throw failure(404, "Creative map not found.");
  auto& held = *find(request, "ad", id);
  if (flag_of(held.fields, "IsDeleted")) throw failure(400, "This creative map has been deleted");
  return held;
}

/// The ad of a path that names its flight first.
record& ad_in_flight(call& request) {
  usable_flight(request, id_at(request, 0));
  auto& held = usable_ad(request, id_at(request, 1));
  if (std::to_string(integer_of(held.fields, "FlightId")) != request.ids[0])
    throw failure(404, "Creative map not found.");
  return held;
}

}  // namespace

json::array ads_of(const call& request, std::string_view flight_id) {
  return collect(request, "ad", show_ad, [&](const json::object& fields) {
    return std::to_string(integer_of(fields, "FlightId")) == flight_id;
  });
}

http::response create_creative(call& request) {
  auto fields = read_creative(request, body_of(request), nullptr);
  return json_answer(200, store_new(request, creative, std::move(fields)).fields);
}

http::response get_creative(call& request) {
  return json_answer(200, usable_creative(request, id_at(request, 0)).fields);
}

http::response put_creative(call& request) {
  auto& held = usable_creative(request, id_at(request, 0));
  const auto given = body_of(request);
  require_all(given, {"Id"});
  store_update(request, held, read_creative(request, given, &held));
  return json_answer(200, held.fields);
}

http::response list_creatives(call& request) {
  return list_page(request, collect(request, "creative", as_stored, [](const json::object&) { return true; }));
}

http::response list_creatives_of_advertiser(call& request) {
  const auto id = id_at(request, 0);
  usable_advertiser(request, id);
  return list_page(request, collect(request, "creative", as_stored, [&](const json::object& fields) {
                     return std::to_string(integer_of(fields, "AdvertiserId")) == id;
                   }));
}

http::response create_ad(call& request) {
  if (ads_of(request, request.ids[0]).size() >= most_ads) throw failure(400, "A flight cannot have more than 125 ads");
  auto fields = read_ad(request, body_of(request), nullptr);
  return json_answer(200, show_ad(request, store_new(request, ad, std::move(fields))));
}

http::response put_ad(call& request) {
  auto& held = ad_in_flight(request);
  auto given = body_of(request);
  require_all(given, {"Id", "CampaignId", "FlightId", "Creative", "IsActive", "IsDeleted"});
  store_update(request, held, read_ad(request, std::move(given), &held));
  return json_answer(200, show_ad(request, held));
}

http::response delete_ad(call& request) {
  ad_in_flight(request).fields["IsDeleted"] = true;
  return json_answer(200, "Successfully deleted.");
}

http::response list_ads_of_flight(call& request) {
  const auto id = id_at(request, 0);
  usable_flight(request, id);
  return list_page(request, ads_of(request, id));
}

http::response get_ad(call& request) {
  return json_answer(200, show_ad(request, usable_ad(request, id_at(request, 0))));
}

http::response list_ads(call& request) {
  return list_page(request, collect(request, "ad", show_ad, [](const json::object&) { return true; }));
}

}  // namespace tenon::sandbox::kevel
