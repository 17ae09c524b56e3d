// Goal: the tables between AdCP and Kevel say what they should at every row. Method: pure functions, one row a case.
#include "plugins/kevel/campaigns.hpp"
#include "plugins/kevel/errors.hpp"
#include "plugins/kevel/flight.hpp"
#include "plugins/kevel/library.hpp"

#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

using namespace tenon::kevel;
namespace sales = tenon::sales;
using namespace std::chrono_literals;

namespace {

sales::instant const now = *sales::parse_instant("2026-11-23T12:00:00Z");

}  // namespace

TEST_CASE("refusals by message, word for word, else by status") {
  struct row {
    unsigned status;
    std::string_view body;
    subject about;
    std::string_view code;
  };
  for (auto const& each :
       {row{401, "{}", subject::other, "CONFIGURATION_ERROR"}, row{403, "{}", subject::report, "CONFIGURATION_ERROR"},
        row{400, R"({"message":"This advertiser is not part of your network"})", subject::other, "ACCOUNT_NOT_FOUND"},
        row{400, R"({"Error":"This advertiser is deleted."})", subject::other, "ACCOUNT_NOT_FOUND"},
        row{404, R"({"message":"Campaign not found."})", subject::other, "MEDIA_BUY_NOT_FOUND"},
        row{400, R"({"message":"This campaign is not part of your network"})", subject::other, "MEDIA_BUY_NOT_FOUND"},
        row{400, R"({"message":"This campaign has been deleted"})", subject::other, "INVALID_STATE"},
        row{400, R"({"message":"Flight is not a part of your network"})", subject::other, "PACKAGE_NOT_FOUND"},
        row{400, R"({"message":"This creative map has been deleted"})", subject::other, "CREATIVE_NOT_FOUND"},
        row{400, R"("This channel has been deleted")", subject::other, "CONFIGURATION_ERROR"},
        row{400, R"({"message":"This campaign belongs to advertiser 7; a different advertiser cannot be specified."})",
            subject::other, "VALIDATION_ERROR"},
        row{400, R"({"message":"The name \"Campaign not found.\" is taken"})", subject::other, "INVALID_REQUEST"},
        row{404, "", subject::package, "PACKAGE_NOT_FOUND"}, row{429, "", subject::other, "RATE_LIMITED"},
        row{500, "report queue unavailable", subject::report, "SERVICE_UNAVAILABLE"}}) {
    CAPTURE(each.body);
    CHECK(error_from({each.status, "", std::string(each.body)}, each.about, now).code() == each.code);
  }
}

TEST_CASE("a refusal that passes says when to come back, if Kevel does") {
  CHECK(error_from({429, "30", ""}, subject::other, now).retry_after_s() == 30);
  CHECK(error_from({429, "", ""}, subject::other, now).retry_after_s() == 1);
  CHECK(error_from({503, "Mon, 23 Nov 2026 12:00:45 GMT", ""}, subject::other, now).retry_after_s() == 45);
  CHECK(error_from({503, "", ""}, subject::other, now).retry_after_s() == 0);
}

TEST_CASE("the status of a media buy") {
  auto const ready = flight_facts{true, false, true, false, now - 1h, now + 24h};
  auto const later = flight_facts{true, false, true, false, now + 1h, now + 24h};
  auto const bare = flight_facts{true, false, false, false, now - 1h, now + 24h};
  auto const off = flight_facts{false, false, true, false, now - 1h, now + 24h};
  auto const past = flight_facts{true, false, true, false, now - 48h, now - 24h};
  auto const gone = flight_facts{false, true, true, false, now - 1h, now + 24h};
  struct row {
    bool active;
    bool campaign_gone;
    bool draft;
    std::vector<flight_facts> flights;
    std::string_view status;
  };
  for (auto const& each : std::vector<row>{{true, false, false, {ready, bare}, "active"},
                                           {true, false, false, {later}, "pending_start"},
                                           {true, false, false, {bare, later}, "pending_creatives"},
                                           {false, false, false, {ready}, "paused"},
                                           {true, false, false, {off}, "paused"},
                                           {true, false, false, {past}, "completed"},
                                           {false, false, false, {past}, "completed"},
                                           {true, false, false, {gone, ready}, "active"},
                                           {true, false, false, {gone}, "canceled"},
                                           {false, true, false, {ready}, "canceled"},
                                           {false, false, true, {later}, "pending_start"}}) {
    CAPTURE(each.status);
    CHECK(media_buy_status(each.active, each.campaign_gone, each.draft, each.flights, now) == each.status);
  }
}

TEST_CASE("prices as rate, goal and cap") {
  struct row {
    sales::pricing_model model;
    sales::pacing pace;
    int rate_type;
    int goal_type;
    std::int64_t goal;
  };
  for (auto const& each : {row{sales::pricing_model::cpm, sales::pacing::even, 2, 1, 400'000},
                           row{sales::pricing_model::cpm, sales::pacing::asap, 2, 2, 100},
                           row{sales::pricing_model::cpc, sales::pacing::even, 3, 3, 400},
                           row{sales::pricing_model::flat_rate, sales::pacing::even, 1, 2, 60}}) {
    json::object flight;
    set_price(flight, each.model, {12'500'000}, {5'000'000'000}, {}, each.pace, 60, "p");
    CHECK(flight.at("RateType") == each.rate_type);
    CHECK(flight.at("GoalType") == each.goal_type);
    CHECK(flight.at("Impressions") == each.goal);
    CHECK(flight.contains("CapType") == (each.model != sales::pricing_model::flat_rate));
  }
}

TEST_CASE("targeting as places, devices and frequency") {
  json::object flight;
  set_targeting(flight,
                tenon::sdk::json::parse(R"({"geo_countries":["FR"],"geo_regions_exclude":["US-CA"],
      "geo_metros":[{"system":"nielsen_dma","values":["807"]}],"device_type":["mobile","ctv"],
      "frequency_cap":{"suppress":{"interval":6,"unit":"hours"}}})")
                    .as_object(),
                {}, "p");
  CHECK(flight.at("GeoTargeting").as_array().size() == 3);
  CHECK(flight.at("GeoTargeting").at(2).at("Region") == "CA");
  CHECK(flight.at("GeoTargeting").at(2).at("IsExclude") == true);
  CHECK(flight.at("CustomTargeting") == "$device.formFactor = \"mobile\" or $device.formFactor = \"tv\"");
  CHECK(flight.at("FreqCapType") == 1);
  CHECK(flight.at("FreqCapDuration") == 6);
  CHECK_THROWS_AS(
      set_targeting(flight,
                    tenon::sdk::json::parse(R"({"geo_metros":[{"system":"uk_itl1","values":["UKI"]}]})").as_object(),
                    {}, "p"),
      tenon::sdk::error);
}

TEST_CASE("weights become percentages that make a hundred") {
  auto const shares = percentages_of({{1, 1.0}, {2, 1.0}, {3, 1.0}});
  CHECK(shares == std::vector<int>{33, 34, 33});
  CHECK(percentages_of({{1, {}}, {2, {}}}).empty());
  CHECK_THROWS_AS(percentages_of({{1, 1.0}, {2, {}}}), tenon::sdk::error);
  CHECK_THROWS_AS(percentages_of({{1, 1.0}, {2, 0.0}}), tenon::sdk::error);
}
