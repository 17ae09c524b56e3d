#pragma once

#include "scripted_upstream.hpp"

#include <boost/json/parse.hpp>

namespace tenon::test {

namespace json = sdk::json;

/// A tenant of the kevel plugin whose ad server is scripted: advertiser 123, one product on site 10.
/// It is November 23, 2026, noon.
class kevel_world {
 public:
  kevel_world() {
    host.settings(
        json::parse(
            R"({"advertiser_id":123,"requests_per_second":0,"api_key":{"secret":"api_key"},"api_base":"https://kevel.test/v1","products":[
        {"product_id":"sports","name":"Sports","delivery_type":"guaranteed","priority_id":147520,
         "places":[{"site_id":10,"zone_id":20}],
         "format_ids":[{"agent_url":"https://f.example","id":"display_300x250"}],
         "pricing_options":[{"pricing_option_id":"fixed","pricing_model":"cpm","currency":"USD","rate":12.5}]}]})")
            .as_object());
    host.secret("api_key", "KEY-1");
    host.on_hash([](auto, std::string_view data) {
      std::string digest(32, 'h');
      std::string text(data);
      if (std::count(text.begin(), text.end(), '\n') == 1) {  // a buyer's: what tells them apart is at its end
        std::reverse(text.begin(), text.end());
      }
      text.copy(digest.data(), 32);
      return digest;
    });
    host.wall_clock(std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + std::chrono::hours{12});
    host.on_http([this](auto const& asked) { return kevel(asked); });
    kevel.always("GET /v1/advertiser/123", json::parse(R"({"Id":123,"Title":"Acme","IsActive":true})"));
  }

  /// Opens the platform and forgets what that took.
  void open() {
    if (!host.create().ok()) {
      throw std::logic_error("the platform did not open");
    }
    kevel.forget();
  }

  static json::object sale() {
    return json::parse(R"({"brand":{"domain":"acme.example"},"start_time":"2026-12-01T00:00:00Z",
        "end_time":"2026-12-31T00:00:00Z","idempotency_key":"0123456789abcdef",
        "packages":[{"product_id":"sports","pricing_option_id":"fixed","budget":5000}]})")
        .as_object();
  }

  /// The answers of an ad server that does as it is told.
  void kevel_books() {
    kevel.always("POST /v1/campaign/search", json::parse(R"({"items":[]})"));
    kevel.always("POST /v1/campaign", campaign(false, true));
    kevel.always("POST /v1/flight", flight());
    kevel.once("GET /v1/campaign/456", campaign(false, true));
    kevel.always("GET /v1/campaign/456", campaign(true, false));
    kevel.always("PUT /v1/campaign/456", campaign(true, false));
    kevel.always("PUT /v1/flight/7", flight());
    list("GET /v1/campaign/456/flight", json::array{flight()});
  }

  /// Lists end with an empty page, each time they are read.
  void list(std::string const& what, json::array items) {
    for (int i = 0; i < 8; ++i) {
      kevel.once(what, json::object{{"items", items}});
      kevel.once(what, json::object{{"items", json::array()}});
    }
  }

  static json::object campaign(bool active, bool draft) {
    json::object record{
        {"tenon", 1}, {"key", "k"}, {"revision", 1}, {"currency", "USD"}, {"confirmed_at", "2026-11-23T12:00:00Z"}};
    if (draft) {
      record["draft"] = true;
    }
    return {{"Id", 456},          {"AdvertiserId", 123}, {"Name", "AdCP acme.example [" + marker + "]"},
            {"IsActive", active}, {"IsDeleted", false},  {"Legacy", "kept"},
            {"FreqCap", 0},       {"IsFreqCap", false},  {"CustomFieldsJson", json::serialize(record)}};
  }

  static json::object flight() {
    return json::parse(
               R"({"Id":7,"CampaignId":456,"Name":"Sports","IsActive":true,"IsDeleted":false,"PriorityId":147520,
        "GoalType":1,"Impressions":400000,"RateType":2,"Price":12.5,"CapType":4,"LifetimeCapAmount":5000,
        "StartDateISO":"2026-12-01T00:00:00.0000000","EndDateISO":"2026-12-31T00:00:00.0000000","OptionType":3,
        "IsFreqCap":false,"FreqCap":0,"FreqCapDuration":0,"FreqCapType":0,"CreativeMaps":[],
        "SiteZoneTargeting":[{"SiteId":10,"ZoneId":20,"IsExclude":false}],
        "CustomFieldsJson":"{\"tenon\":1,\"product_id\":\"sports\",\"pricing_option_id\":\"fixed\",\"budget\":5000}"})")
        .as_object();
  }

  static sdk::testing::call_options keyed() { return sdk::testing::call_options().idempotency_key("0123456789abcdef"); }

  /// What the digest of keyed() comes to below the fake hash.
  static inline std::string const marker = sdk::hex(std::string("acme\nbuyer-1\n0123456789abcdef").substr(0, 8));

  scripted_upstream kevel;
  sdk::testing::fake_host host;
};

}  // namespace tenon::test
