// Goal: the seller without an ad server does what one with an ad server does, and forgets nothing when its platform
// goes. Method: the plugin below the fake host; a second host on the same store is the platform after an eviction.
#include <tenon/sdk/testing/fake_host.hpp>

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>

using namespace std::chrono_literals;
using tenon::sdk::testing::call_options;
using tenon::sdk::testing::fake_host;
using tenon::sdk::testing::fake_reply;
using tenon::sdk::testing::memory_store;
namespace json = tenon::sdk::json;

namespace {

json::object parsed(std::string_view text) { return json::parse(text).as_object(); }

/// It is November 23, 2026, noon.
struct world {
  explicit world(memory_store& kept, std::chrono::hours later = 0h) {
    host.store(kept);
    host.settings(parsed(R"({"products":[
        {"product_id":"sports","name":"Sports","delivery_type":"guaranteed",
         "format_ids":[{"agent_url":"https://f.example","id":"display_300x250"}],
         "pricing_options":[{"pricing_option_id":"fixed","pricing_model":"cpm","currency":"USD","rate":10},
                            {"pricing_option_id":"auction","pricing_model":"cpc","currency":"USD","floor":1}]}]})"));
    host.on_hash([](auto, std::string_view data) {
      std::string digest(32, 'h');
      digest[0] = data.back();  // another key has another digest
      return digest;
    });
    host.wall_clock(std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + 12h + later);
    REQUIRE(host.create().ok());
  }

  fake_reply ask(std::string_view task, std::string_view request, const std::string& key = "0123456789abcdef") {
    return host.ask(task, parsed(request), call_options().idempotency_key(key));
  }
  json::object good(std::string_view task, std::string_view request, const std::string& key = "0123456789abcdef") {
    const auto answer = ask(task, request, key);
    REQUIRE_MESSAGE(answer.ok(), answer.code() << " " << answer.message() << " " << answer.field() << " "
                                               << answer.operator_detail());
    return answer.body().as_object();
  }

  fake_host host;
};

const std::string sale = R"({"brand":{"domain":"acme.example"},"start_time":"2026-12-01T00:00:00Z",
    "end_time":"2026-12-11T00:00:00Z","idempotency_key":"0123456789abcdef",
    "packages":[{"product_id":"sports","pricing_option_id":"fixed","budget":1000}]})";

const std::string creative = R"({"creatives":[{"creative_id":"banner","name":"Banner",
    "format_id":{"agent_url":"https://f.example","id":"display_300x250"},
    "assets":{"image":{"asset_type":"image","url":"https://cdn.example/b.png","width":300,"height":250},
              "click_url":{"asset_type":"url","url":"https://acme.example"}}}]})";

std::string text(const json::object& object, std::string_view member) {
  return std::string(object.at(member).as_string());
}

}  // namespace

TEST_CASE("a buy is there for the next platform, and once however often it is asked for") {
  memory_store kept;
  std::string id;
  {
    world first(kept);
    const auto sold = first.good("create_media_buy", sale);
    CHECK(text(sold, "status") == "pending_creatives");
    CHECK(text(sold, "idempotency_key") == "0123456789abcdef");
    id = text(sold, "media_buy_id");
    CHECK(text(first.good("create_media_buy", sale), "media_buy_id") == id);
    CHECK(text(first.good("create_media_buy", sale, "another-key-0123!"), "media_buy_id") != id);
  }
  world second(kept);
  const auto again = second.good("create_media_buy", sale);
  CHECK(text(again, "media_buy_id") == id);
  const auto listed = second.good("get_media_buys", R"({"media_buy_ids":[")" + id + R"("]})");
  REQUIRE(listed.at("media_buys").as_array().size() == 1);
  CHECK(listed.at("media_buys").at(0).at("total_budget") == 1000.0);
  CHECK(
      second.good("get_media_buys", R"({"status_filter":["pending_creatives"]})").at("media_buys").as_array().size() ==
      2);
  CHECK(second.good("get_media_buys", R"({"media_buy_ids":["seller-none"]})").at("errors").as_array().size() == 1);
}

TEST_CASE("products and formats are those of the settings") {
  memory_store kept;
  world at(kept);
  CHECK(at.good("get_products", R"({"buying_mode":"brief","brief":"x"})").at("products").as_array().size() == 1);
  CHECK(at.good("list_creative_formats", "{}").at("formats").as_array().size() == 1);
}

TEST_CASE("creatives are kept, listed and assigned, also before they are sent") {
  memory_store kept;
  world at(kept);
  CHECK(at.good("sync_creatives", creative).at("creatives").at(0).at("action") == "created");
  CHECK(at.good("sync_creatives", creative).at("creatives").at(0).at("action") == "unchanged");
  const auto listed = at.good("list_creatives", "{}");
  CHECK(listed.at("query_summary").at("total_matching") == 1);
  CHECK(listed.at("creatives").at(0).at("name") == "Banner");
  CHECK(at.good("list_creatives", R"({"filters":{"creative_ids":["other"]}})").at("creatives").as_array().empty());

  auto with = parsed(sale);
  with["packages"].as_array()[0].as_object()["creative_assignments"] = json::parse(R"([{"creative_id":"nope"}])");
  CHECK(at.good("create_media_buy", json::serialize(with), "yet-another-key-0")
            .at("packages")
            .at(0)
            .at("creative_assignments")
            .at(0)
            .at("creative_id") == "nope");
  with["packages"].as_array()[0].as_object()["creative_assignments"] = json::parse(R"([{"creative_id":"banner"}])");
  CHECK(text(at.good("create_media_buy", json::serialize(with)), "status") == "pending_start");

  const auto other = at.good("create_media_buy", sale, "another-key-0123!");
  const std::string package(other.at("packages").at(0).at("package_id").as_string());
  const auto assigned = at.good("sync_creatives", R"({"assignments":[{"creative_id":"banner","package_id":")" +
                                                      package + R"("}],"creatives":[]})");
  const auto now = at.good("get_media_buys", R"({"media_buy_ids":[")" + text(other, "media_buy_id") + R"("]})");
  CHECK(now.at("media_buys").at(0).at("status") == "pending_start");
}

TEST_CASE("a buy is paused, resumed, changed and cancelled, and says no to what makes no sense") {
  memory_store kept;
  world at(kept);
  const auto sold = at.good("create_media_buy", sale);
  const auto id = text(sold, "media_buy_id");
  const std::string package(sold.at("packages").at(0).at("package_id").as_string());
  const auto update = [&](const std::string& members) {
    return at.ask("update_media_buy", R"({"media_buy_id":")" + id + "\"," + members + "}", "another-key-0123!");
  };
  const auto in_package = [&](const std::string& members) {
    return update(R"("packages":[{"package_id":")" + package + "\"," + members + "}]");
  };
  const auto waits = update(R"("paused":true)").body();
  CHECK(waits.at("status") == "pending_creatives");
  CHECK(waits.at("valid_actions").as_array().size() > 0);
  const auto resumed = update(R"("paused":false)").body();
  CHECK(resumed.at("status") == "pending_creatives");
  CHECK(resumed.at("revision") == 3);
  CHECK(update(R"("paused":true,"revision":1)").code() == "CONFLICT");
  CHECK(in_package(R"("budget":2000)").body().at("affected_packages").at(0).at("budget") == 2000);
  CHECK(in_package(R"("budget":0)").code() == "BUDGET_TOO_LOW");
  CHECK(in_package(R"("bid_price":5)").code() == "INVALID_REQUEST");
  CHECK(in_package(R"("end_time":"2026-11-01T00:00:00Z")").code() == "INVALID_REQUEST");
  CHECK(in_package(R"("optimization_goals":[{}])").code() == "UNSUPPORTED_FEATURE");
  CHECK(update(R"("packages":[{"package_id":"nope","paused":true}])").code() == "PACKAGE_NOT_FOUND");
  CHECK(update(R"("end_time":"2026-12-21T00:00:00Z")").ok());
  CHECK(update(R"("canceled":true,"cancellation_reason":"enough")").body().at("status") == "canceled");
  CHECK(update(R"("canceled":true)").code() == "NOT_CANCELLABLE");
  CHECK(update(R"("paused":true)").code() == "INVALID_STATE");
  CHECK(at.ask("update_media_buy", R"({"media_buy_id":"seller-none","paused":true})").code() == "MEDIA_BUY_NOT_FOUND");
}

TEST_CASE(
    "a package delivers evenly while it may, stands still while it is paused, and never spends more than its budget") {
  memory_store kept;
  std::string id;
  std::string package;
  const auto delivered = [&](world& at) {
    const auto answer = at.good("get_media_buy_delivery", R"({"media_buy_ids":[")" + id + R"("]})");
    return answer.at("media_buy_deliveries").at(0).at("totals").as_object();
  };
  {
    world at(kept);
    at.good("sync_creatives", creative);
    auto with = parsed(sale);
    with["packages"].as_array()[0].as_object()["creative_assignments"] = json::parse(R"([{"creative_id":"banner"}])");
    const auto sold = at.good("create_media_buy", json::serialize(with));
    id = text(sold, "media_buy_id");
    package = std::string(sold.at("packages").at(0).at("package_id").as_string());
    CHECK(delivered(at).at("spend") == 0.0);
  }
  const auto day = 24h;
  const auto first_day = 7 * day + 12h;  // from the clock's noon to the midnight of December 1
  {
    world at(kept, first_day + 2 * day);
    const auto total = delivered(at);
    CHECK(total.at("spend") == 200.0);
    CHECK(total.at("impressions") == 20000);
    CHECK(total.at("clicks") == 20);
    CHECK(at.good("update_media_buy", R"({"media_buy_id":")" + id + R"(","paused":true})").at("status") == "paused");
  }
  {
    world at(kept, first_day + 6 * day);
    CHECK(delivered(at).at("spend") == 200.0);
    CHECK(at.good("update_media_buy", R"({"media_buy_id":")" + id + R"(","paused":false})").at("status") == "active");
    const auto too_low = at.ask("update_media_buy", R"({"media_buy_id":")" + id + R"(","packages":[{"package_id":")" +
                                                        package + R"(","budget":100}]})");
    CHECK(too_low.code() == "BUDGET_EXCEEDED");
  }
  {
    world at(kept, first_day + 8 * day);
    CHECK(delivered(at).at("spend") == 600.0);  // half of the 800 that are left, in half of the time
  }
  world at(kept, first_day + 30 * day);
  CHECK(delivered(at).at("spend") == 1000.0);
  const auto answer = at.good("get_media_buy_delivery", R"({"media_buy_ids":[")" + id +
                                                            R"("],"start_date":"2026-12-01","end_date":"2026-12-02"})");
  CHECK(answer.at("media_buy_deliveries").at(0).at("totals").at("spend") == 200.0);
  CHECK(answer.at("media_buy_deliveries").at(0).at("status") == "completed");
}

TEST_CASE("two platforms that change one buy at once lose neither change") {
  memory_store kept;
  world one(kept);
  world two(kept);
  const auto id = text(one.good("create_media_buy", sale), "media_buy_id");
  const auto pause = one.host.call("update_media_buy", parsed(R"({"media_buy_id":")" + id + R"(","paused":true})"));
  REQUIRE(two.ask("update_media_buy", R"({"media_buy_id":")" + id + R"(","end_time":"2026-12-21T00:00:00Z"})").ok());
  one.host.run();
  REQUIRE(pause.reply().ok());
  const auto now = two.good("get_media_buys", R"({"media_buy_ids":[")" + id + R"("]})").at("media_buys").at(0);
  CHECK(now.at("packages").at(0).at("paused") == true);
  CHECK(json::serialize(now.at("valid_actions")).find("resume") != std::string::npos);
  CHECK(now.at("end_time") == "2026-12-21T00:00:00Z");
  CHECK(now.at("revision") == 3);
}

TEST_CASE("a media buy is another buyer's as little as one that is not there, and a seeded one is everybody's") {
  memory_store kept;
  world at(kept);
  const auto own = [] { return call_options().principal("buyer-1"); };
  const auto other = [] { return call_options().principal("buyer-2"); };
  const auto any = parsed(R"({"status_filter":["pending_creatives","pending_start","active","paused"]})");
  const auto listed = [&](call_options by) {
    return at.host.ask("get_media_buys", any, std::move(by)).body().at("media_buys").as_array().size();
  };
  at.good("sync_creatives", creative);
  const auto sold = at.good("create_media_buy", sale);
  const auto id = text(sold, "media_buy_id");
  const std::string package(sold.at("packages").at(0).at("package_id").as_string());
  const auto check_same = [&](std::string_view task, const std::string& before, const std::string& after) {
    const auto one = at.host.ask(task, parsed(before + id + after), other());
    const auto missing = at.host.ask(task, parsed(before + "seller-none" + after), other());
    CHECK(one.status() == missing.status());
    CHECK(one.text() == missing.text());
    CHECK(one.code() == missing.code());
    CHECK(one.message() == missing.message());
    CHECK(one.field() == missing.field());
    CHECK(one.suggestion() == missing.suggestion());
    CHECK(one.details() == missing.details());
    CHECK((one.ok() || one.code() == "MEDIA_BUY_NOT_FOUND"));
  };
  check_same("update_media_buy", R"({"media_buy_id":")", R"(","canceled":true})");
  check_same("get_media_buy_delivery", R"({"media_buy_ids":[")", R"("]})");
  check_same("get_media_buys", R"({"media_buy_ids":[")", R"("]})");

  const auto assigned = [&](const std::string& to, call_options by) {
    auto request = parsed(R"({"assignments":[{"creative_id":"banner","package_id":")" + to + R"("}]})");
    return at.host.ask("sync_creatives", request, std::move(by)).body().at("creatives").at(0).as_object();
  };
  const auto refused = assigned(package, other()).at("assignment_errors").at(package);
  CHECK(refused == assigned("seller-none-0", other()).at("assignment_errors").at("seller-none-0"));
  CHECK(listed(other()) == 0);
  CHECK(listed(call_options().principal("")) == 0);
  CHECK(listed(own()) == 1);
  CHECK(assigned(package, own()).contains("assigned_to"));
  const auto seen = at.host.ask("get_media_buys", parsed(R"({"media_buy_ids":[")" + id + R"("]})"), own());
  CHECK(seen.body().at("media_buys").at(0).at("status") == "pending_start");
  CHECK(seen.text().find("\"buyer\":") == std::string::npos);

  at.good("comply_test_controller", R"({"scenario":"seed_media_buy","params":{"media_buy_id":"seeded"}})");
  CHECK(listed(own()) == 2);
  CHECK(listed(other()) == 1);
  CHECK(at.host.ask("update_media_buy", parsed(R"({"media_buy_id":"seeded","paused":true})"), other()).ok());
  auto again = call_options().principal("buyer-2").idempotency_key("0123456789abcdef");
  CHECK(at.host.ask("get_media_buy_delivery", parsed(R"({"media_buy_ids":["seeded"]})"), again).ok());
}
