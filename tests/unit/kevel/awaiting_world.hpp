#pragma once

#include "keeping_kevel.hpp"

#include <doctest/doctest.h>

namespace tenon::test {

using sdk::testing::call_options;
using sdk::testing::fake_reply;
using sdk::testing::memory_store;

inline std::string const sold_id = "kevel-456";
inline std::string const sold_package = "kevel-fl-7";

inline call_options with_key(std::string key) { return call_options().idempotency_key(std::move(key)); }

inline json::object creative(std::string const& id) {
  auto made = json::parse(R"({"name":"Banner","format_id":{"agent_url":"https://f.example","id":"display_300x250"},
      "assets":{"image":{"asset_type":"image","url":"https://cdn.example/b.png","width":300,"height":250}}})")
                  .as_object();
  made["creative_id"] = id;
  return made;
}

// A process of the plugin over what outlives it.
class awaiting_world : public kevel_world {
 public:
  awaiting_world(keeping_kevel& server, memory_store& kept, json::array by_hand = {}) {
    auto settings = json::parse(
                        R"({"advertiser_id":123,"requests_per_second":0,"api_key":{"secret":"api_key"},
        "api_base":"https://kevel.test/v1","products":[
        {"product_id":"sports","name":"Sports","delivery_type":"guaranteed","priority_id":147520,
         "places":[{"site_id":10,"zone_id":20}],
         "format_ids":[{"agent_url":"https://f.example","id":"display_300x250"}],
         "pricing_options":[{"pricing_option_id":"fixed","pricing_model":"cpm","currency":"USD","rate":12.5}]}]})")
                        .as_object();
    settings["manual_targeting"] = std::move(by_hand);
    host.settings(std::move(settings)).store(kept).on_http([&](auto const& asked) { return server(asked); });
    host.on_hash([](auto, std::string_view data) { return telling_digest(data); });
    if (!host.create().ok()) {
      throw std::logic_error("the platform did not open");
    }
    server.forget();
  }

  fake_reply buy(std::string_view members = R"({"creative_assignments":[{"creative_id":"banner"}]})",
                 call_options options = with_key("buy-1")) {
    auto wanted = sale();
    auto const told = json::parse(members).as_object();
    for (auto const& [key, value] : told) {
      wanted["packages"].as_array()[0].as_object()[key] = value;
    }
    return host.ask("create_media_buy", wanted, std::move(options));
  }
  fake_reply change(std::string_view members, std::string key = "update-1") {
    auto package = json::parse(members).as_object();
    package["package_id"] = sold_package;
    json::object const request{{"media_buy_id", sold_id}, {"packages", json::array{package}}};
    return host.ask("update_media_buy", request, with_key(std::move(key)));
  }
  json::object sync(std::string const& id = "banner", call_options options = call_options()) {
    auto const got = host.ask("sync_creatives", {{"creatives", json::array{creative(id)}}}, std::move(options));
    REQUIRE_MESSAGE(got.ok(), got.operator_detail());
    return got.body().at("creatives").at(0).as_object();
  }
  json::object listed() {
    auto const got = host.ask("get_media_buys", {{"media_buy_ids", json::array{sold_id}}});
    REQUIRE_MESSAGE(got.ok(), got.operator_detail());
    return got.body().at("media_buys").at(0).as_object();
  }
};

inline json::value awaited_in(json::value const& package) {
  return package.as_object().contains("ext") ? package.at("ext").at("tenon").at("awaited_creatives")
                                             : json::value(json::array());
}

class sold_world {
 public:
  sold_world() : now(server, kept) {
    auto const sold = now.buy();
    REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
    CHECK(sold.body().at("status") == "pending_creatives");
    CHECK(awaited_in(sold.body().at("packages").at(0)) == json::array{"banner"});
    server.forget();
  }

  keeping_kevel server;
  memory_store kept;
  awaiting_world now;
};

}  // namespace tenon::test
