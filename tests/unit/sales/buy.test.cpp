// Goal: a media buy that cannot be honoured is refused at the right place, with the code a buyer can act on. Method:
// one good request, spoiled in one way per row.
#include "plugins/sales/buy.hpp"
#include "plugins/sales/overlay.hpp"
#include "plugins/sales/state.hpp"

#include <tenon/sdk/error.hpp>

#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

#include <array>

using namespace tenon::sales;
using namespace std::chrono_literals;

namespace {

instant const now = *parse_instant("2026-11-23T12:00:00Z");

catalogue products() {
  return catalogue(json::parse(R"({"publisher_domain":"acme.example","products":[
    {"product_id":"sports","delivery_type":"guaranteed",
     "format_ids":[{"agent_url":"https://f.example","id":"display_300x250"}],
     "pricing_options":[{"pricing_option_id":"fixed","pricing_model":"cpm","currency":"USD","rate":12.5,
       "min_spend":100},
                        {"pricing_option_id":"auction","pricing_model":"cpm","currency":"USD","floor":5},
                        {"pricing_option_id":"euros","pricing_model":"cpm","currency":"EUR","rate":10},
                        {"pricing_option_id":"flat","pricing_model":"flat_rate","currency":"USD","rate":3000}]}]})")
                       .as_object(),
                   "the ad server");
}

json::object good_request() {
  return json::
      parse(R"({"brand":{"domain":"acme.example"},"start_time":"2026-12-01T00:00:00Z","end_time":"2026-12-31T00:00:00Z",
    "packages":[{"product_id":"sports","pricing_option_id":"fixed","budget":5000}]})")
          .as_object();
}

tenon::sdk::error refusal_of(json::object const& request) {
  try {
    auto const sold = products();
    read_buy(request, sold, now, 120s);
  } catch (tenon::sdk::error const& fault) {
    return fault;
  }
  return {"", ""};
}

}  // namespace

TEST_CASE("a product says who counts what is delivered, if anybody is known to") {
  CHECK(products().describe(*products().find("sports")).at("delivery_measurement") ==
        json::value{{"provider", "the ad server"}});
  catalogue const unmeasured(json::object{{"products", json::array{products().find("sports")->source}}});
  CHECK_FALSE(unmeasured.describe(unmeasured.products().front()).contains("delivery_measurement"));
}

TEST_CASE("a good request is read whole") {
  auto const sold = products();
  auto const plan = read_buy(good_request(), sold, now, 120s);
  CHECK(plan.brand == "acme.example");
  REQUIRE(plan.packages.size() == 1);
  CHECK(plan.packages[0].sold->id == "sports");
  CHECK(plan.packages[0].rate == *money_from(12.5));
  CHECK(goal_of(plan.packages[0].budget, plan.packages[0].rate, pricing_model::cpm, {}, "") == 400'000);
}

TEST_CASE("asap starts a little in the future") {
  auto request = good_request();
  request["start_time"] = "asap";
  auto const sold = products();
  CHECK(read_buy(request, sold, now, 120s).start == now + 120s);
}

TEST_CASE("what cannot be honoured is refused by code and field") {
  struct row {
    std::string_view name;
    std::string_view package;  // replaces the package
    std::string_view code;
    std::string_view field;
  };
  for (auto const& each :
       {row{"negative", R"({"product_id":"sports","pricing_option_id":"fixed","budget":-500})", "VALIDATION_ERROR",
            "packages[0].budget"},
        row{"no budget", R"({"product_id":"sports","pricing_option_id":"fixed"})", "VALIDATION_ERROR",
            "packages[0].budget"},
        row{"text", R"({"product_id":"sports","pricing_option_id":"fixed","budget":"5000"})", "VALIDATION_ERROR",
            "packages[0].budget"},
        row{"unknown", R"({"product_id":"nope","pricing_option_id":"fixed","budget":5000})", "PRODUCT_NOT_FOUND",
            "packages[0].product_id"},
        row{"option", R"({"product_id":"sports","pricing_option_id":"nope","budget":5000})", "INVALID_PRICING_OPTION",
            "packages[0].pricing_option_id"},
        row{"low", R"({"product_id":"sports","pricing_option_id":"fixed","budget":99})", "BUDGET_TOO_LOW",
            "packages[0].budget"},
        row{"flat", R"({"product_id":"sports","pricing_option_id":"flat","budget":2999})", "BUDGET_TOO_LOW",
            "packages[0].budget"},
        row{"bid", R"({"product_id":"sports","pricing_option_id":"auction","budget":5000,"bid_price":4})",
            "INVALID_REQUEST", "packages[0].bid_price"},
        row{"terms", R"({"product_id":"sports","pricing_option_id":"fixed","budget":5000,"measurement_terms":
            {"billing_measurement":{"measurement_window":"c30","max_variance_percent":0}}})",
            "TERMS_REJECTED", "packages[0].measurement_terms"},
        row{"goals",
            R"({"product_id":"sports","pricing_option_id":"fixed","budget":5000,"optimization_goals":[{"kind":"x"}]})",
            "UNSUPPORTED_FEATURE", "packages[0].optimization_goals"},
        row{"format",
            R"({"product_id":"sports","pricing_option_id":"fixed","budget":5000,
               "format_ids":[{"agent_url":"u","id":"x"}]})",
            "VALIDATION_ERROR", "packages[0].format_ids[0]"}}) {
    CAPTURE(each.name);
    auto request = good_request();
    request["packages"] = json::array{json::parse(each.package)};
    auto const fault = refusal_of(request);
    CHECK(fault.code() == each.code);
    CHECK(fault.field() == each.field);
  }
}

TEST_CASE("dates in the past or in the wrong order are refused") {
  auto request = good_request();
  request["start_time"] = "2020-01-01T00:00:00Z";
  CHECK(refusal_of(request).field() == "start_time");
  request = good_request();
  request["end_time"] = "2026-11-30T00:00:00Z";
  CHECK(refusal_of(request).field() == "end_time");
}

TEST_CASE("the packages of a buy share one currency") {
  auto request = good_request();
  request["packages"].as_array().push_back(
      json::parse(R"({"product_id":"sports","pricing_option_id":"euros","budget":5000})"));
  CHECK(refusal_of(request).field() == "packages[1].pricing_option_id");
}

TEST_CASE("targeting that is not supported is refused, and empty targeting is not") {
  constexpr std::array<std::string_view, 1> supported{"geo_countries"};
  CHECK_NOTHROW(refuse_unsupported_targeting(
      json::parse(R"({"geo_countries":["US"],"keyword_targets":[]})").as_object(), supported, {}, "p"));
  try {
    refuse_unsupported_targeting(json::parse(R"({"property_list":{"list_id":"x"}})").as_object(), supported, {}, "p");
    FAIL("nothing was refused");
  } catch (tenon::sdk::error const& fault) {
    CHECK(fault.code() == "UNSUPPORTED_FEATURE");
    CHECK(fault.field() == "p.property_list");
  }
}

TEST_CASE("suppression and cap are two limits") {
  auto const limits = frequency_limits(json::parse(R"({"frequency_cap":{"suppress":{"interval":6,"unit":"hours"},
      "max_impressions":3,"per":"devices","window":{"interval":1,"unit":"campaign"}}})")
                                           .as_object(),
                                       "p");
  REQUIRE(limits.size() == 2);
  CHECK(limits[0].impressions == 1);
  CHECK(limits[0].per == frequency_limit::unit::hour);
  CHECK(limits[1].impressions == 3);
  CHECK(limits[1].per == frequency_limit::unit::campaign);
}

TEST_CASE("a record is for the buyer it names, and for everyone if it names none") {
  auto const named = buy_record("k", now, "0123456789abcdef");
  CHECK(is_for(named, "0123456789abcdef"));
  CHECK_FALSE(is_for(named, "0123456789abcdee"));
  CHECK_FALSE(is_for(named, ""));
  auto const unnamed = buy_record("k", now, "");
  CHECK_FALSE(unnamed.contains("buyer"));
  CHECK(is_for(unnamed, "0123456789abcdef"));
  CHECK(is_for(unnamed, ""));
  for (auto const* spoiled : {R"({"buyer":""})", R"({"buyer":7})"}) {
    CHECK_FALSE(is_for(json::parse(spoiled).as_object(), ""));
  }
}

TEST_CASE("a package's record names the buyer that its plan names") {
  auto const sold = products();
  auto plan = read_buy(good_request(), sold, now, 120s);
  CHECK_FALSE(package_record(plan.packages[0], "m").contains("buyer"));
  note_buyer(plan, "0123456789abcdef");
  CHECK(package_record(plan.packages[0], "m").at("buyer") == "0123456789abcdef");
}

TEST_CASE("a buy that is over cannot be changed, and a stale revision conflicts") {
  buy_state state;
  state.status = "canceled";
  auto const code_of = [&](std::string_view request) -> std::string {
    try {
      require_updatable(state, json::parse(request).as_object());
    } catch (tenon::sdk::error const& fault) {
      return fault.code();
    }
    return {};
  };
  CHECK(code_of(R"({"canceled":true})") == "NOT_CANCELLABLE");
  CHECK(code_of(R"({"paused":true})") == "INVALID_STATE");
  state.status = "active";
  state.record["revision"] = 3;
  CHECK(code_of(R"({"paused":true,"revision":2})") == "CONFLICT");
  CHECK(code_of(R"({"paused":true,"revision":3})").empty());
}
