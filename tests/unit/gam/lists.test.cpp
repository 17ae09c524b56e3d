// Goal: lists of a buyer's agent are refused, or left to people who can see them, and nothing in between. Method: the
// plugin below the fake host, with and without the setting.
#include "keeping_network.hpp"

#include <doctest/doctest.h>

using namespace tenon::test;
using tenon::sdk::testing::call_options;
using tenon::sdk::testing::fake_reply;

namespace {

std::string const both = R"({"property_list":{"agent_url":"https://lists.example","list_id":"allowed_v1"},
    "collection_list":{"agent_url":"https://lists.example","list_id":"shows_v1"}})";

class lists_world : public gam_world {
 public:
  explicit lists_world(std::string_view by_hand) {
    host.settings(json::parse(R"({"network_code":"1","advertiser_id":"5","trafficker_id":"7","requests_per_second":0,
        "service_account":{"secret":"service_account"},"api_base":"https://gam.test/v1","manual_targeting":)" +
                              std::string(by_hand) + R"(,"products":[
        {"product_id":"sports","name":"Sports","delivery_type":"guaranteed","ad_unit_ids":["99"],
         "format_ids":[{"agent_url":"https://f.example","id":"display_300x250"}],
         "pricing_options":[{"pricing_option_id":"fixed","pricing_model":"cpm","currency":"USD","rate":12.5}]}]})")
                      .as_object());
    host.on_http([this](auto const& asked) { return booked(asked); });
    host.on_hash([](auto, std::string_view data) { return telling_digest(data); });
    opened = host.create();
    booked.forget();
  }

  fake_reply buy(std::string_view overlay) {
    auto wanted = sale();
    wanted["packages"].as_array()[0].as_object()["targeting_overlay"] = json::parse(overlay);
    return host.ask("create_media_buy", wanted, keyed());
  }
  fake_reply retarget(std::string_view overlay, std::string const& key) {
    json::object package{{"package_id", "gam-li-8801"}, {"targeting_overlay", json::parse(overlay)}};
    json::object const request{{"media_buy_id", "gam-3300"}, {"packages", json::array{package}}};
    return host.ask("update_media_buy", request, call_options().idempotency_key(key));
  }
  json::object listed() {
    auto const got = host.ask("get_media_buys", {{"media_buy_ids", json::array{"gam-3300"}}});
    REQUIRE(got.ok());
    return got.body().at("media_buys").at(0).at("packages").at(0).as_object();
  }
  std::size_t told(std::string const& text) const {
    auto const& lines = host.log_lines();
    return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [&](auto const& each) {
      return each.find("gam-li-8801") != std::string::npos && each.find(text) != std::string::npos;
    }));
  }

  keeping_network booked;
  fake_reply opened{TENON_OK};
};

}  // namespace

TEST_CASE("a list that nobody applies is refused, and the operator learns of the setting") {
  lists_world world("[]");
  auto const refused = world.buy(both);
  CHECK(refused.code() == "UNSUPPORTED_FEATURE");
  CHECK(refused.field() == "packages[0].targeting_overlay.property_list");
  CHECK(refused.operator_detail().find("manual_targeting = [\"property_list\"]") != std::string::npos);
  CHECK(refused.message().find("manual_targeting") == std::string::npos);
  CHECK(world.booked.writes() == 0);
  lists_world one(R"(["property_list"])");
  CHECK(one.buy(both).field() == "packages[0].targeting_overlay.collection_list");
}

TEST_CASE("a list that people apply is kept with the line item for them to read, and shown to the buyer") {
  lists_world world(R"(["property_list","collection_list"])");
  auto const sold = world.buy(both);
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  auto const record = world.booked.item_record();
  CHECK(record.begin()->key() == "apply_by_hand");
  CHECK(record.at("apply_by_hand") == json::array{"property_list: allowed_v1 of https://lists.example",
                                                  "collection_list: shows_v1 of https://lists.example"});
  auto const listed = world.listed();
  CHECK(listed.at("targeting_overlay") == json::parse(both));
  CHECK(listed.at("ext").at("tenon").at("targeting_applied_by_hand") ==
        json::array{"property_list", "collection_list"});
  CHECK_FALSE(listed.contains("apply_by_hand"));
  CHECK(world.told("allowed_v1") == 1);
}

TEST_CASE("an update replaces the lists, and takes them away") {
  lists_world world(R"(["property_list","collection_list"])");
  REQUIRE(world.buy(both).ok());
  auto const one = R"({"property_list":{"agent_url":"https://lists.example","list_id":"allowed_v2"}})";
  REQUIRE(world.retarget(one, "update-1").ok());
  CHECK(world.booked.item_record().at("apply_by_hand") ==
        json::array{"property_list: allowed_v2 of https://lists.example"});
  CHECK(world.listed().at("targeting_overlay") == json::parse(one));
  CHECK(world.told("allowed_v2") == 1);
  REQUIRE(world.retarget("{}", "update-2").ok());
  CHECK_FALSE(world.booked.item_record().contains("apply_by_hand"));
  CHECK_FALSE(world.listed().contains("ext"));
  CHECK(world.told("now nothing") == 1);
}

TEST_CASE("an update about something else leaves the lists as they are") {
  lists_world world(R"(["property_list","collection_list"])");
  REQUIRE(world.buy(both).ok());
  auto const request =
      json::parse(R"({"media_buy_id":"gam-3300","packages":[{"package_id":"gam-li-8801","budget":10000}]})");
  REQUIRE(world.host.ask("update_media_buy", request.as_object(), call_options().idempotency_key("update-1")).ok());
  CHECK(world.booked.item_record().at("apply_by_hand").as_array().size() == 2);
  CHECK(world.told("by hand") == 1);
}

TEST_CASE("a list that takes a token to read is refused: people have no place for it, and the ad server's is none") {
  lists_world world(R"(["property_list"])");
  auto const refused = world.buy(
      R"({"property_list":{"agent_url":"https://lists.example","list_id":"allowed_v1","auth_token":"SECRET"}})");
  CHECK(refused.code() == "UNSUPPORTED_FEATURE");
  CHECK(refused.field() == "packages[0].targeting_overlay.property_list.auth_token");
  CHECK(refused.text().find("SECRET") == std::string::npos);
  CHECK(world.booked.writes() == 0);
  CHECK(world.buy(R"({"property_list":{"agent_url":"https://lists.example"}})").field() ==
        "packages[0].targeting_overlay.property_list.list_id");
}

TEST_CASE("what is no list cannot be left to people") {
  lists_world world(R"(["language"])");
  CHECK(world.opened.code() == "CONFIGURATION_ERROR");
  CHECK(world.opened.operator_detail().find("manual_targeting: expected property_list") != std::string::npos);
}
