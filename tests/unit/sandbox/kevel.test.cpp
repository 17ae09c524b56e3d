// Goal: the stand-in treats keys, bodies and pages as Kevel does, the overwriting PUT above all.
// Method: whole flows through the API with the keys of two networks; the clock is turned for delivery.

#include "stand.hpp"

#include <doctest/doctest.h>

using namespace tenon::testing;

namespace {

std::int64_t first_id(stand& at, std::string_view entity) {
  return at.get("/kevel/v1/" + std::string(entity)).at("/items/0/Id").as_int64();
}

std::string path(std::string_view entity, const reply& made) {
  return "/kevel/v1/" + std::string(entity) + "/" + std::to_string(made.at("/Id").as_int64());
}

reply create_campaign(stand& at) {
  return at.post("/kevel/v1/campaign", json::object{{"AdvertiserId", first_id(at, "advertiser")},
                                                    {"Name", "AdCP mb_9f"},
                                                    {"IsActive", true},
                                                    {"CapType", 4},
                                                    {"LifetimeCapAmount", 5000}});
}

json::object flight_body(stand& at, const reply& campaign) {
  return {{"CampaignId", campaign.at("/Id")},
          {"Name", "pkg_1"},
          {"StartDateISO", at.in_hours(24)},
          {"EndDateISO", at.in_hours(24 + 400)},
          {"PriorityId", first_id(at, "priority")},
          {"GoalType", 1},
          {"Impressions", 400000},
          {"IsActive", true},
          {"RateType", 2},
          {"Price", 12.5},
          {"CapType", 4},
          {"LifetimeCapAmount", 5000},
          {"GeoTargeting", json::array{json::object{
                               {"CountryCode", "US"}, {"Region", "CA"}, {"MetroCode", 807}, {"IsExclude", false}}}},
          {"SiteZoneTargeting", json::array{json::object{{"SiteId", first_id(at, "site")}, {"IsExclude", false}}}},
          {"Keywords", "sports,news"},
          {"CustomFieldsJson", "{\"adcp\":\"mb_9f:pkg_1\"}"}};
}

reply create_flight(stand& at, const reply& campaign) { return at.post("/kevel/v1/flight", flight_body(at, campaign)); }

reply add_ad(stand& at, const reply& campaign, const reply& flight) {
  const auto creative = at.post("/kevel/v1/creative", json::object{{"AdvertiserId", campaign.at("/AdvertiserId")},
                                                                   {"AdTypeId", 5},
                                                                   {"Title", "c1"},
                                                                   {"IsActive", true},
                                                                   {"Url", "https://lp.example"},
                                                                   {"ImageLink", "https://cdn.example/x.png"}});
  return at.post(path("flight", flight) + "/creative",
                 json::object{{"FlightId", flight.at("/Id")},
                              {"CampaignId", campaign.at("/Id")},
                              {"Creative", json::object{{"Id", creative.at("/Id")}}},
                              {"IsActive", true}});
}

void check_refusal(const reply& answer, unsigned status, std::string_view text) {
  CHECK(answer.status == status);
  const auto& body = answer.body.as_object();
  CHECK((body.contains("message") ? answer.text("/message") : answer.text("/Error")) == text);
}

}  // namespace

TEST_CASE("a key opens its network alone") {
  stand at;
  const auto campaign = create_campaign(at);
  const auto north = at.kevel_secret;
  at.kevel_secret = "south-secret";
  check_refusal(at.get(path("campaign", campaign)), 400, "This campaign is not part of your network");
  CHECK(at.get("/kevel/v1/campaign").at("/totalItems") == 0);
  at.kevel_secret = "invented";
  CHECK(at.get("/kevel/v1/campaign").status == 401);
  CHECK(at.post("/kevel/v1/report/queue", json::object()).status == 403);
  CHECK(at.raw("GET", "/kevel/v1/site", {{"x-kevel-apikey", north}}).response.status == 200);
}

TEST_CASE("a media buy from campaign to delivery") {
  stand at;
  const auto campaign = create_campaign(at);
  CHECK(campaign.status == 200);
  CHECK(campaign.at("/Flights").as_array().empty());
  const auto flight = create_flight(at, campaign);
  REQUIRE(flight.status == 200);
  CHECK(flight.text("/StartDateISO").size() == std::string_view("2026-12-01T05:00:00.0000000").size());
  CHECK(flight.at("/FreqCapType") == 0);
  CHECK(flight.at("/DeliveryStatus") == 0);
  CHECK(flight.at("/SiteZoneTargeting/0/IsExclude") == false);
  const auto ad = add_ad(at, campaign, flight);
  REQUIRE(ad.status == 200);
  CHECK(ad.text("/Creative/Title") == "c1");
  CHECK(at.get(path("flight", flight)).at("/CreativeMaps").as_array().size() == 1);

  at.clock.advance(std::chrono::hours(24 + 200));
  CHECK(at.get(path("flight", flight)).at("/DeliveryStatus") == 1);
  const auto counts = at.get("/kevel/v1/instantcounts/flight/" + std::to_string(flight.at("/Id").as_int64()));
  CHECK(counts.at("/impressions") == 200000);
  CHECK(counts.at("/revenue").to_number<double>() == doctest::Approx(2500));
}

TEST_CASE("a PUT overwrites what it leaves out") {
  stand at;
  const auto campaign = create_campaign(at);
  const auto flight = create_flight(at, campaign);
  const json::object sparse{{"Id", flight.at("/Id")},
                            {"Name", "renamed"},
                            {"StartDateISO", flight.at("/StartDateISO")},
                            {"EndDateISO", flight.at("/EndDateISO")},
                            {"CampaignId", campaign.at("/Id")},
                            {"PriorityId", flight.at("/PriorityId")},
                            {"GoalType", 1},
                            {"Impressions", 1000},
                            {"IsActive", true}};
  const auto after = at.send("PUT", path("flight", flight), sparse);
  REQUIRE(after.status == 200);
  CHECK(after.at("/Price").is_null());
  CHECK(after.at("/CustomFieldsJson").is_null());
  CHECK(after.at("/GeoTargeting").as_array().empty());
  CHECK(after.at("/Version") == 2);
  CHECK(after.at("/Id") == flight.at("/Id"));
}

TEST_CASE("what was got can be put back, but for the frequency cap's zeroes") {
  stand at;
  const auto flight = create_flight(at, create_campaign(at));
  auto body = at.get(path("flight", flight)).body;
  body.as_object()["IsActive"] = false;
  CHECK(at.send("PUT", path("flight", flight), body).status == 400);
  for (const auto name : {"FreqCap", "FreqCapDuration", "FreqCapType"}) body.as_object()[name] = nullptr;
  const auto after = at.send("PUT", path("flight", flight), body);
  CHECK(after.status == 200);
  CHECK(after.at("/IsActive") == false);
  CHECK(after.text("/CustomFieldsJson") == flight.text("/CustomFieldsJson"));
  const auto campaign = create_campaign(at);
  CHECK(at.send("PUT", path("campaign", campaign), at.get(path("campaign", campaign)).body).status == 200);
}

TEST_CASE("a field that is no field is dropped in silence, and counted") {
  stand at;
  auto body = flight_body(at, create_campaign(at));
  body["Priority"] = 5;
  const auto flight = at.post("/kevel/v1/flight", body);
  CHECK(flight.status == 200);
  CHECK_FALSE(flight.body.as_object().contains("Priority"));
  CHECK(at.get("/_sandbox/state/kevel/north").at("/ignoredFields/flight.Priority") == 1);
}

TEST_CASE("required fields, limits and enums are told in Kevel's words") {
  stand at;
  const auto campaign = create_campaign(at);
  check_refusal(at.post("/kevel/v1/advertiser", json::object{{"IsActive", true}}), 400, "A title is required.");
  const auto refuse = [&](std::string_view name, json::value value) {
    auto body = flight_body(at, campaign);
    if (value.is_null())
      body.erase(name);
    else
      body[name] = std::move(value);
    const auto answer = at.post("/kevel/v1/flight", body);
    CHECK(answer.status == 400);
    return answer;
  };
  check_refusal(refuse("GoalType", nullptr), 400, "Goal Type is a required field");
  for (const auto name : {"Name", "StartDateISO", "CampaignId", "PriorityId", "Impressions", "IsActive", "EndDateISO"})
    refuse(name, nullptr);
  refuse("GoalType", 4);
  refuse("CapType", 0);
  refuse("FreqCapType", 0);
  refuse("Name", json::string(301, 'x'));
  refuse("Impressions", 3e9);
  refuse("StartDateISO", "tomorrow");
  refuse("CustomFieldsJson", "{");
  refuse("DailyCapAmountDecimal", "5");
  refuse("PriorityId", 1);
}

TEST_CASE("what is another's, deleted or unknown is told in Kevel's words") {
  stand at;
  const auto campaign = create_campaign(at);
  check_refusal(at.post("/kevel/v1/campaign", json::object{{"AdvertiserId", 1}, {"Name", "x"}}), 400,
                "This advertiser is not part of your network");
  check_refusal(at.get("/kevel/v1/campaign/1"), 404, "Campaign not found.");
  auto body = flight_body(at, campaign);
  body["SiteZoneTargeting"] = json::array{json::object{{"SiteId", 1}}};
  check_refusal(at.post("/kevel/v1/flight", body), 400, "This site does not belong to your network");
  body["SiteZoneTargeting"] = json::array{json::object{{"SiteId", first_id(at, "site")}, {"ZoneId", 1}}};
  check_refusal(at.post("/kevel/v1/flight", body), 400,
                "The site associated with that zone does not belong to your network");

  auto moved = at.get(path("campaign", campaign)).body;
  moved.as_object()["AdvertiserId"] = at.get("/kevel/v1/advertiser").at("/items/1/Id");
  check_refusal(at.send("PUT", path("campaign", campaign), moved), 400,
                "This campaign belongs to advertiser " + std::to_string(campaign.at("/AdvertiserId").as_int64()) +
                    "; a different advertiser cannot be specified.");

  const auto deleted = at.get(path("campaign", campaign) + "/delete");
  CHECK(deleted.status == 200);
  CHECK(deleted.body == "Successfully deleted.");
  check_refusal(at.get(path("campaign", campaign)), 400, "This campaign has been deleted");
}

TEST_CASE("an ad belongs to its flight, is put whole and is deleted by a GET") {
  stand at;
  const auto campaign = create_campaign(at);
  const auto flight = create_flight(at, campaign);
  const auto ad = add_ad(at, campaign, flight);
  const auto target = path("flight", flight) + "/creative/" + std::to_string(ad.at("/Id").as_int64());
  auto body = ad.body;
  body.as_object()["IsActive"] = false;
  CHECK(at.send("PUT", target, body).at("/IsActive") == false);
  body.as_object().erase("IsDeleted");
  CHECK(at.send("PUT", target, body).status == 400);
  CHECK(at.get(path("flight", flight) + "/creatives").at("/items").as_array().size() == 1);
  CHECK(at.get(target + "/delete").body == "Successfully deleted.");
  check_refusal(at.send("PUT", target, ad.body), 400, "This creative map has been deleted");
  CHECK(at.get(path("flight", flight) + "/creatives").at("/items").as_array().empty());
  CHECK(at.post("/kevel/v1/ad", ad.body).status == 405);
  const auto stray = at.post("/kevel/v1/flight/1/creative", ad.body);
  check_refusal(stray, 400, "Flight is not a part of your network");
}

TEST_CASE("a list is one page unless pages are asked for, and ends with an empty one") {
  stand at;
  for (int i = 0; i < 5; ++i) create_campaign(at);
  CHECK(at.get("/kevel/v1/campaign").at("/items").as_array().size() == 5);
  CHECK(at.get("/kevel/v1/campaign?page=1&pageSize=2").at("/items").as_array().size() == 2);
  CHECK(at.get("/kevel/v1/campaign?page=3&pageSize=2").at("/items").as_array().size() == 1);
  CHECK(at.get("/kevel/v1/campaign?page=4&pageSize=2").at("/items").as_array().empty());
  CHECK(at.get("/kevel/v1/campaign?page=9000000000000000000&pageSize=2").at("/items").as_array().empty());
  CHECK(at.get("/kevel/v1/campaign?isArchived=true").at("/items").as_array().empty());
  CHECK(at.get("/kevel/v1/campaign?advertiserId=1").at("/items").as_array().empty());
}

TEST_CASE("a paused flight stands still") {
  stand at;
  const auto campaign = create_campaign(at);
  const auto flight = create_flight(at, campaign);
  add_ad(at, campaign, flight);
  at.clock.advance(std::chrono::hours(24 + 100));
  auto body = at.get(path("flight", flight)).body;
  body.as_object()["IsActive"] = false;
  for (const auto name : {"FreqCap", "FreqCapDuration", "FreqCapType"}) body.as_object()[name] = nullptr;
  CHECK(at.send("PUT", path("flight", flight), body).status == 200);
  at.clock.advance(std::chrono::hours(100));
  CHECK(at.get("/kevel/v1/instantcounts/flight/" + std::to_string(flight.at("/Id").as_int64())).at("/impressions") ==
        100000);
}

TEST_CASE("a queued report is polled until it is complete") {
  stand at;
  const auto campaign = create_campaign(at);
  const auto flight = create_flight(at, campaign);
  add_ad(at, campaign, flight);
  const auto start = at.now();
  at.clock.advance(std::chrono::hours(24 + 400));
  const auto queued =
      at.post("/kevel/v1/report/queue",
              json::object{{"StartDateISO", tenon::sandbox::rfc3339(start)},
                           {"EndDateISO", at.in_hours(0)},
                           {"GroupBy", json::array{"day", "optionId"}},
                           {"Parameters", json::array{json::object{{"campaignId", campaign.at("/Id")}}}},
                           {"TimeZone", "UTC"}});
  const auto target = "/kevel/v1/report/queue/" + queued.text("/Id");
  CHECK(at.get(target).at("/Status") == 1);
  const auto complete = at.get(target);
  CHECK(complete.at("/Status") == 2);
  CHECK(complete.at("/Result/TotalImpressions") == 400000);
  CHECK(complete.at("/Result/TotalRevenue").to_number<double>() == doctest::Approx(5000));
  CHECK(complete.at("/Result/Records/0/Details/0/Grouping/OptionId") == flight.at("/Id"));
  CHECK(at.post("/kevel/v1/report/queue", json::object{{"GroupBy", json::array()}}).status == 400);
}

TEST_CASE("instant counts without data, of nothing or too old are refused") {
  stand at;
  const auto campaign = create_campaign(at);
  const auto id = std::to_string(campaign.at("/Id").as_int64());
  check_refusal(at.get("/kevel/v1/instantcounts/campaign/1"), 400, "Does not exist");
  check_refusal(at.get("/kevel/v1/instantcounts/campaign/" + id), 400, "No data for id returned");
  check_refusal(at.get("/kevel/v1/instantcounts/campaign/" + id + "?days=91"), 400,
                "Cannot request data more than 90 days old");
  check_refusal(at.get("/kevel/v1/instantcounts/campaign/" + id + "?start=2023-11-10&end=2023-11-01"), 400,
                "Start date must be before end date");
}
