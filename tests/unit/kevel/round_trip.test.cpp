// Goal: a flight as Kevel has it, old members and unknown ones included, survives every change that a buyer can make,
// since PUT overwrites what it is not given. Method: a flight with everything that recorded ones carry, changed by the
// pure function and compared member by member.
#include "plugins/kevel/changes.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <set>

using namespace tenon;
using namespace tenon::kevel;

namespace {

json::object parsed(std::string_view text) { return json::parse(text).as_object(); }

/// With the legacy members, the dates without a zone and the zeros of recorded answers.
json::object recorded_flight() {
  return parsed(
      R"({"Id":7290072,"CampaignId":456,"Name":"pkg_1","StartDate":"2026-12-01T00:00:00","EndDate":"2026-12-31T00:00:00",
      "StartDateISO":"2026-12-01T05:00:00.0000000","EndDateISO":"2026-12-31T04:59:00.0000000","NoEndDate":false,
      "Price":12.5,"OptionType":1,"Impressions":400000,"IsUnlimited":false,"IsFullSpeed":false,"IsActive":true,
      "IsDeleted":false,"IsArchived":false,"IsNoDuplicates":true,"DuplicateMode":2,"UserAgentKeywords":null,
      "Keywords":"sports\nnews","WeightOverride":null,"DeliveryStatus":0,"IsFreqCap":false,"FreqCap":0,"FreqCapDuration":0,
      "FreqCapType":0,"DatePartingStartTime":null,"DatePartingEndTime":null,"IsSunday":true,"IsMonday":true,"IsTuesday":true,
      "IsWednesday":true,"IsThursday":true,"IsFriday":true,"IsSaturday":false,"IPTargeting":null,"GeoTargeting":[
      {"LocationId":9,"CountryCode":"US","Region":"CA","MetroCode":807,"IsExclude":false}],"SiteZoneTargeting":[
      {"Id":5,"SiteId":10,"ZoneId":null,"IsExclude":false}],"CreativeMaps":[{"Id":1,"IsActive":true,"IsDeleted":false}],
      "ReferrerKeywords":null,"GoalType":1,"RateType":2,"CapType":4,"DailyCapAmount":null,"LifetimeCapAmount":5000,
      "IsCompanion":false,"PriorityId":147520,"CustomTargeting":null,"CustomFieldsJson":"{\"tenon\":1,\"marker\":\"k:0\",\"product_id\":\"sports\",\"pricing_option_id\":\"fixed\",\"budget\":5000,\"of_somebody_else\":[1,2]}",
      "MemberOfTomorrow":{"deep":[null,1.5,"x"]}})");
}

kevel_settings const& settings() {
  static kevel_settings const made(parsed(R"({"advertiser_id":123,"products":[
      {"product_id":"sports","delivery_type":"guaranteed","priority_id":147520,"places":[{"site_id":10}],
       "format_ids":[{"agent_url":"https://f.example","id":"display_300x250"}],
       "pricing_options":[{"pricing_option_id":"fixed","pricing_model":"cpm","currency":"USD","rate":12.5}]}]})"),
                                   "acme");
  return made;
}

sales::instant const now = *sales::parse_instant("2026-11-23T12:00:00Z");

}  // namespace

TEST_CASE("every member that a change is not about goes back as it came") {
  struct row {
    std::string_view update;
    std::set<std::string> touches;
  };
  for (auto const& each : std::vector<row>{{R"({"paused":true})", {"IsActive"}},
                                           {R"({"budget":6000})", {"Impressions", "LifetimeCapAmount"}},
                                           {R"({"end_time":"2027-01-31T00:00:00Z"})", {"EndDateISO"}},
                                           {R"({"start_time":"2026-12-02T00:00:00Z"})", {"StartDateISO"}},
                                           {R"({"canceled":true})", {"IsActive", "IsArchived"}}}) {
    CAPTURE(each.update);
    auto const before = recorded_flight();
    auto const after = changed_flight(before, parsed(each.update), settings(), now, "packages[0]");
    for (auto const& [name, value] : before) {
      CAPTURE(std::string(name));
      std::string const member(name);
      if (member == "CustomFieldsJson") {
        auto const record = parsed(after.at(member).as_string());
        CHECK(record.at("of_somebody_else") == json::parse("[1,2]"));
        CHECK(record.at("marker") == "k:0");
      } else if (member.starts_with("FreqCap")) {
        CHECK_FALSE(after.contains(member));  // zeros that Kevel answers and does not accept
      } else if (each.touches.contains(member)) {
        CHECK(after.at(member) != value);
      } else {
        CHECK(after.at(member) == value);
      }
    }
    CHECK(after.size() + 3 == before.size());
  }
}
