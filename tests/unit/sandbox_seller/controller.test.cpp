// Goal: a compliance test can put things into the seller and move what is there, cannot make it unsound, and what it
// did outlives the platform. Method: the plugin below the fake host, whose store outlives it.
#include <tenon/sdk/testing/fake_host.hpp>

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

using namespace std::chrono_literals;
using tenon::sdk::testing::call_options;
using tenon::sdk::testing::fake_host;
using tenon::sdk::testing::memory_store;
namespace json = tenon::sdk::json;

namespace {

json::object parsed(std::string_view text) { return json::parse(text).as_object(); }

struct world {
  explicit world(memory_store& kept) {
    host.store(kept);
    host.settings(parsed(R"({"products":[
        {"product_id":"sports","delivery_type":"guaranteed",
         "format_ids":[{"agent_url":"https://f.example","id":"display_300x250"}],
         "pricing_options":[{"pricing_option_id":"fixed","pricing_model":"cpm","currency":"USD","rate":10}]}]})"));
    host.on_hash([](auto, std::string_view data) {
      std::string digest(32, 'h');
      digest[0] = data.back();  // another key has another digest
      return digest;
    });
    host.wall_clock(std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + 12h);
    REQUIRE(host.create().ok());
  }

  json::object ask(std::string_view task, std::string_view request, const std::string& key = "0123456789abcdef") {
    const auto answer = host.ask(task, parsed(request), call_options().idempotency_key(key));
    REQUIRE_MESSAGE(answer.ok(), answer.code() << " " << answer.message() << " " << answer.operator_detail());
    return answer.body().as_object();
  }
  json::object run(const std::string& scenario, const std::string& params = "{}") {
    return ask("comply_test_controller", R"({"scenario":")" + scenario + R"(","params":)" + params + "}");
  }
  std::string error_of(const std::string& scenario, const std::string& params = "{}") {
    const auto answer = run(scenario, params);
    CHECK(answer.at("success") == false);
    return std::string(answer.at("error").as_string());
  }
  std::vector<std::string> products() {
    std::vector<std::string> ids;
    const auto answer = ask("get_products", "{}");
    for (const auto& each : answer.at("products").as_array()) ids.emplace_back(each.at("product_id").as_string());
    return ids;
  }
  std::string buy(const std::string& product = "sports", const std::string& option = "fixed",
                  const std::string& key = "0123456789abcdef") {
    const auto bought = ask("create_media_buy",
                            R"({"brand":{"domain":"acme.example"},"start_time":"2026-12-01T00:00:00Z",)"
                            R"("end_time":"2026-12-11T00:00:00Z","packages":[{"product_id":")" +
                                product + R"(","pricing_option_id":")" + option + R"(","budget":1000}]})",
                            key);
    return std::string(bought.at("media_buy_id").as_string());
  }
  std::string status_of(const std::string& id) {
    const auto answer = ask("get_media_buys", R"({"media_buy_ids":[")" + id + R"("]})");
    return std::string(answer.at("media_buys").at(0).at("status").as_string());
  }

  fake_host host;
};

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("what it can do is told, and what it cannot is refused") {
  memory_store kept;
  world at(kept);
  CHECK(at.run("list_scenarios").at("scenarios").as_array().size() == 10);
  CHECK(at.error_of("no_such_scenario") == "UNKNOWN_SCENARIO");
  for (const auto* scenario : {"seed_product", "seed_pricing_option", "seed_creative", "seed_media_buy",
                               "seed_creative_format", "force_media_buy_status", "force_creative_status",
                               "force_create_media_buy_arm", "simulate_delivery", "simulate_budget_spend"}) {
    CAPTURE(scenario);
    CHECK(at.error_of(scenario) == "INVALID_PARAMS");
  }
  CHECK(at.error_of("force_media_buy_status", R"({"media_buy_id":"none","status":"active"})") == "NOT_FOUND");
  CHECK(at.error_of("force_creative_status", R"({"creative_id":"none","status":"approved"})") == "NOT_FOUND");
  CHECK(at.error_of("simulate_delivery", R"({"media_buy_id":"none"})") == "NOT_FOUND");
}

TEST_CASE("a seeded product is sold once it has a price, by this platform and the next") {
  memory_store kept;
  {
    world at(kept);
    at.run("seed_product", R"({"product_id":"q2","fixture":{"channels":["video"],"format_ids":[{"id":"video_30s"}]}})");
    CHECK(at.products() == names{"sports"});
    at.run("seed_pricing_option", R"({"product_id":"q2","pricing_option_id":"cpm","fixture":{"floor_price":5}})");
    CHECK(at.products() == names{"sports", "q2"});
  }
  world next(kept);
  CHECK(next.products() == names{"sports", "q2"});
  next.run("seed_pricing_option", R"({"product_id":"q2","pricing_option_id":"fixed","fixture":{"fixed_price":8}})");
  CHECK(next.status_of(next.buy("q2")) == "pending_creatives");
}

TEST_CASE("a seed that could not be sold changes nothing") {
  memory_store kept;
  world at(kept);
  CHECK(at.error_of("seed_pricing_option",
                    R"({"product_id":"q2","pricing_option_id":"x","fixture":{"pricing_model":"barter"}})") ==
        "INVALID_PARAMS");
  CHECK(at.products() == names{"sports"});
  CHECK(at.error_of("seed_creative", R"({"creative_id":"c","fixture":{"status":"happy"}})") == "INVALID_PARAMS");
}

TEST_CASE("seeded formats are listed alone, in pages") {
  memory_store kept;
  world at(kept);
  CHECK(at.ask("list_creative_formats", "{}").at("formats").as_array().size() == 1);
  at.run("seed_creative_format", R"({"format_id":"one","fixture":{"name":"One"}})");
  at.run("seed_creative_format", R"({"format_id":"two"})");
  const auto page = at.ask("list_creative_formats", R"({"pagination":{"max_results":1}})");
  CHECK(page.at("formats").at(0).at("name") == "One");
  CHECK(page.at("pagination").at("has_more") == true);
}

TEST_CASE("a buy is put into a state, stays there till an update, and leaves no end") {
  memory_store kept;
  world at(kept);
  const auto id = at.buy();
  const auto force = [&](const std::string& status) {
    return at.run("force_media_buy_status", R"({"media_buy_id":")" + id + R"(","status":")" + status + "\"}");
  };
  const auto moved = force("active");
  CHECK(moved.at("previous_state") == "pending_creatives");
  CHECK(at.status_of(id) == "active");
  at.ask("update_media_buy", R"({"media_buy_id":")" + id + R"(","paused":true})");
  CHECK(at.status_of(id) == "pending_creatives");  // what it is by itself
  CHECK(force("completed").at("success") == true);
  const auto refused = force("active");
  CHECK(refused.at("error") == "INVALID_TRANSITION");
  CHECK(refused.at("current_state") == "completed");
  at.run("seed_media_buy", R"({"media_buy_id":"seeded","fixture":{"status":"paused","currency":"EUR"}})");
  CHECK(at.status_of("seeded") == "paused");
}

TEST_CASE("a creative goes its way, and out of the archive alone") {
  memory_store kept;
  world at(kept);
  at.run("seed_creative", R"({"creative_id":"c","fixture":{"status":"pending_review","format_id":{"id":"f"}}})");
  const auto force = [&](const std::string& status) {
    return at.run("force_creative_status", R"({"creative_id":"c","status":")" + status + "\"}");
  };
  CHECK(force("rejected").at("previous_state") == "pending_review");
  CHECK(at.ask("list_creatives", "{}").at("creatives").at(0).at("status") == "rejected");
  CHECK(force("processing").at("error") == "INVALID_TRANSITION");
  CHECK(force("archived").at("success") == true);
  CHECK(force("rejected").at("error") == "INVALID_TRANSITION");
  CHECK(force("approved").at("success") == true);
}

TEST_CASE("the next buy is answered as submitted, and only that") {
  memory_store kept;
  world at(kept);
  CHECK(at.error_of("force_create_media_buy_arm", R"({"arm":"input-required"})") == "INVALID_PARAMS");
  at.run("force_create_media_buy_arm", R"({"arm":"submitted","task_id":"task-1","message":"Signing."})");
  const std::string request =
      R"({"brand":{"domain":"acme.example"},"start_time":"2026-12-01T00:00:00Z","end_time":"2026-12-11T00:00:00Z",)"
      R"("packages":[{"product_id":"sports","pricing_option_id":"fixed","budget":1000}]})";
  const auto others = at.host.ask("create_media_buy", parsed(request),
                                  call_options().idempotency_key("of-another-0123").principal("b"));
  REQUIRE(others.ok());
  CHECK(others.body().at("status") == "pending_creatives");
  const auto answer = at.ask("create_media_buy", request);
  CHECK(answer.at("status") == "submitted");
  CHECK(answer.at("task_id") == "task-1");
  CHECK(answer.at("message") == "Signing.");
  CHECK(at.status_of(at.buy()) == "pending_creatives");
}

TEST_CASE("what a test says was delivered is reported, added up, instead of what the clock says") {
  memory_store kept;
  world at(kept);
  const auto id = at.buy();
  const auto report = [&] {
    return at
        .ask("get_media_buy_delivery",
             R"({"media_buy_ids":[")" + id + R"("],"start_date":"2026-11-01","end_date":"2026-12-31"})")
        .at("media_buy_deliveries")
        .at(0)
        .at("totals");
  };
  for (int time = 0; time < 2; ++time)
    at.run("simulate_delivery",
           R"({"media_buy_id":")" + id +
               R"(","impressions":500,"clicks":5,"reported_spend":{"amount":25,"currency":"USD"}})");
  CHECK(report().at("impressions") == 1000);
  CHECK(report().at("spend").to_number<double>() == doctest::Approx(50));
  at.run("simulate_budget_spend", R"({"media_buy_id":")" + id + R"(","spend_percentage":90})");
  CHECK(report().at("spend").to_number<double>() == doctest::Approx(900));
  CHECK(at.error_of("simulate_budget_spend", R"({"media_buy_id":")" + id + R"(","spend_percentage":120})") ==
        "INVALID_PARAMS");
  CHECK(at.error_of("simulate_delivery", R"({"media_buy_id":")" + id + R"(","impressions":-1})") == "INVALID_PARAMS");
}

TEST_CASE("a repeated request is answered with what it made, though it could not be made any more") {
  memory_store kept;
  world at(kept);
  const auto id = at.buy();
  at.host.wall_clock(std::chrono::sys_days{std::chrono::year{2027} / 1 / 1});
  CHECK(at.buy() == id);
}
