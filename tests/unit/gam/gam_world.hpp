#pragma once

#include "scripted_upstream.hpp"

#include <boost/json/parse.hpp>

namespace tenon::test {

namespace json = sdk::json;

/// A tenant of the gam plugin whose network is scripted: network 1, advertiser 5, trafficker 7, one product on ad
/// unit 99. It is November 23, 2026, noon.
class gam_world {
 public:
  gam_world() {
    host.settings(json::parse(R"({"network_code":"1","advertiser_id":"5","trafficker_id":"7","requests_per_second":0,
        "service_account":{"secret":"service_account"},"api_base":"https://gam.test/v1","products":[
        {"product_id":"sports","name":"Sports","delivery_type":"guaranteed","ad_unit_ids":["99"],
         "format_ids":[{"agent_url":"https://f.example","id":"display_300x250"}],
         "pricing_options":[{"pricing_option_id":"fixed","pricing_model":"cpm","currency":"USD","rate":12.5}]}]})")
                      .as_object());
    host.secret("service_account",
                R"({"client_email":"sa@p.example","private_key_id":"k1","private_key":"PRIVATE",
                     "token_uri":"https://oauth.test/token"})",
                {"/client_email", "/private_key_id", "/token_uri"});
    host.on_sign(
        [](auto, auto key, auto) { return key == "PRIVATE" ? std::optional<std::string>("signature") : std::nullopt; });
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
    host.on_http([this](auto const& asked) { return network(asked); });
    network.always("POST /token", json::parse(R"({"access_token":"t-1","expires_in":3600,"token_type":"Bearer"})"));
    network.always("GET /v1/networks/1",
                   json::parse(R"({"name":"networks/1","displayName":"Acme","timeZone":"Europe/Paris"})"));
  }

  /// Opens the platform and forgets what that took.
  void open() {
    if (!host.create().ok()) {
      throw std::logic_error("the platform did not open");
    }
    network.forget();
  }

  /// A sale of one package, with the answers of a network that does as it is told.
  static json::object sale() {
    return json::parse(R"({"brand":{"domain":"acme.example"},"start_time":"2026-12-01T00:00:00Z",
        "end_time":"2026-12-31T00:00:00Z","idempotency_key":"0123456789abcdef",
        "packages":[{"product_id":"sports","pricing_option_id":"fixed","budget":5000}]})")
        .as_object();
  }

  void network_books(std::string const& line_item_status = "INACTIVE") {
    network.always("GET /v1/networks/1/orders", json::object());
    network.always("POST /v1/networks/1/orders:batchCreate", json::object{{"orders", json::array{order("DRAFT")}}});
    network.always("POST /v1/networks/1/lineItems:batchCreate",
                   json::object{{"lineItems", json::array{line_item(line_item_status)}}});
    network.always("POST /v1/networks/1/orders:batchApprove", json::object());
    network.always("POST /v1/networks/1/orders:batchDelete", json::object());
    network.always("GET /v1/networks/1/orders/3300", order("APPROVED"));
    network.always("GET /v1/networks/1/lineItems",
                   json::object{{"lineItems", json::array{line_item(line_item_status)}}});
  }

  static json::object order(std::string const& status) {
    return {{"name", "networks/1/orders/3300"},
            {"status", status},
            {"advertiser", "networks/1/companies/5"},
            {"currencyCode", "USD"},
            {"notes", R"({"tenon":1,"key":"k","revision":1,"confirmed_at":"2026-11-23T12:00:00Z"})"}};
  }

  static json::object line_item(std::string const& status) {
    return json::object{
        {"name", "networks/1/lineItems/8801"},
        {"order", "networks/1/orders/3300"},
        {"externalLineItemId", marker + ":0"},
        {"status", status},
        {"missingCreatives", status == "INACTIVE"},
        {"startTime", "2026-12-01T00:00:00Z"},
        {"targetEndTime", "2026-12-31T00:00:00Z"},
        {"costType", "CPM"},
        {"rate", json::object{{"currencyCode", "USD"}, {"units", "12"}, {"nanos", 500000000}}},
        {"goal", json::object{{"goalType", "LIFETIME"}, {"unitType", "IMPRESSIONS"}, {"units", "400000"}}},
        {"stats", json::object{{"impressionsDelivered", "1000"}}},
        {"targeting", json::object{{"inventoryTargeting", json::object()}}},
        {"notes", R"({"tenon":1,"product_id":"sports","pricing_option_id":"fixed","budget":5000})"}};
  }

  static sdk::testing::call_options keyed() { return sdk::testing::call_options().idempotency_key("0123456789abcdef"); }

  /// What the digest of keyed() comes to below the fake hash.
  static inline std::string const marker = sdk::hex(std::string("acme\nbuyer-1\n0123456789abcdef").substr(0, 8));

  scripted_upstream network;
  sdk::testing::fake_host host;
};

}  // namespace tenon::test
