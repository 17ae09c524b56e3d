#include "sandbox/kevel/campaigns.hpp"

#include "sandbox/kevel/entity.hpp"

namespace tenon::sandbox::kevel {
namespace {

json::object as_stored(const call&, const record& held) { return held.fields; }

/// Without regard to case, as a search box.
bool mentions(std::string_view text, std::string_view part) {
  const auto lower = [](std::string_view from) {
    std::string made(from);
    for (auto& c : made)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return made;
  };
  return lower(text).find(lower(part)) != std::string::npos;
}

json::object read_campaign(call& request, const json::object& given, const record* before) {
  auto fields = read(request, campaign, given, before);
  if (before && integer_of(before->fields, "AdvertiserId") != integer_of(fields, "AdvertiserId"))
    throw failure(400, "This campaign belongs to advertiser " +
                           std::to_string(integer_of(before->fields, "AdvertiserId")) +
                           "; a different advertiser cannot be specified.");
  usable_advertiser(request, std::to_string(integer_of(fields, "AdvertiserId")));
  fields["IsFreqCap"] = !fields["FreqCap"].is_null();
  return fields;
}

record& own_campaign(call& request) { return usable_campaign(request, id_at(request, 0)); }

}  // namespace

record& usable_advertiser(call& request, std::string_view id) {
  auto* held = find(request, "advertiser", id);
  if (!held) throw failure(400, "This advertiser is not part of your network");
  if (flag_of(held->fields, "IsDeleted")) throw failure(400, "This advertiser is deleted.");
  return *held;
}

record& usable_campaign(call& request, std::string_view id) {
  const auto owner = owner_of(request, "campaign", id);
  if (owner == ownership::nobodys) throw failure(404, "Campaign not found.");
  if (owner == ownership::others) throw failure(400, "This campaign is not part of your network");
  auto& held = *find(request, "campaign", id);
  if (flag_of(held.fields, "IsDeleted")) throw failure(400, "This campaign has been deleted");
  return held;
}

http::response create_advertiser(call& request) {
  auto fields = read(request, advertiser, body_of(request), nullptr);
  return json_answer(200, store_new(request, advertiser, std::move(fields)).fields);
}

http::response get_advertiser(call& request) {
  return json_answer(200, usable_advertiser(request, id_at(request, 0)).fields);
}

http::response put_advertiser(call& request) {
  auto& held = usable_advertiser(request, id_at(request, 0));
  const auto given = body_of(request);
  require_all(given, {"Id"});
  store_update(request, held, read(request, advertiser, given, &held));
  return json_answer(200, held.fields);
}

http::response list_advertisers(call& request) {
  return list_page(request, collect(request, "advertiser", as_stored, [](const json::object&) { return true; }));
}

http::response search_advertisers(call& request) {
  const auto form = parse_form(request.request.body);
  return list_page(request, collect(request, "advertiser", as_stored, [&](const json::object& fields) {
                     return mentions(text_of(fields, "Title"), value_of(form, "advertiserName"));
                   }));
}

http::response create_campaign(call& request) {
  auto fields = read_campaign(request, body_of(request), nullptr);
  fields["StartDateISO"] = kevel_time(std::chrono::floor<std::chrono::days>(request.now));
  fields["Flights"] = json::array();
  fields["Price"] = 0;
  return json_answer(200, store_new(request, campaign, std::move(fields)).fields);
}

http::response get_campaign(call& request) { return json_answer(200, own_campaign(request).fields); }

http::response put_campaign(call& request) {
  auto& held = own_campaign(request);
  const auto given = body_of(request);
  require_all(given, {"Id", "AdvertiserId", "Name", "StartDateISO", "IsActive"});
  const bool was_active = flag_of(held.fields, "IsActive");
  store_update(request, held, read_campaign(request, given, &held));
  if (was_active && !flag_of(held.fields, "IsActive")) held.paused_at = request.now;
  if (flag_of(held.fields, "IsActive")) held.paused_at.reset();
  return json_answer(200, held.fields);
}

http::response delete_campaign(call& request) {
  own_campaign(request).fields["IsDeleted"] = true;
  return json_answer(200, "Successfully deleted.");
}

http::response list_campaigns(call& request) {
  const auto advertiser_id = parse_integer(value_of(request.query, "advertiserId"));
  return list_page(request, collect(request, "campaign", as_stored, [&](const json::object& fields) {
                     return matches_flags(request, fields) &&
                            (!advertiser_id || integer_of(fields, "AdvertiserId") == *advertiser_id);
                   }));
}

http::response search_campaigns(call& request) {
  const auto form = parse_form(request.request.body);
  return list_page(request, collect(request, "campaign", as_stored, [&](const json::object& fields) {
                     return mentions(text_of(fields, "Name"), value_of(form, "campaignName"));
                   }));
}

}  // namespace tenon::sandbox::kevel
