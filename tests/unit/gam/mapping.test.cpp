// Goal: the tables between AdCP and Ad Manager say what they should at every row. Method: pure functions, one row a
// case.
#include "plugins/gam/errors.hpp"
#include "plugins/gam/line_item.hpp"
#include "plugins/gam/regions.hpp"
#include "plugins/gam/settings.hpp"
#include "plugins/gam/status.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <doctest/doctest.h>

using namespace tenon::gam;
namespace sales = tenon::sales;
using namespace std::chrono_literals;

namespace {

sales::instant const now = *sales::parse_instant("2026-11-23T12:00:00Z");

std::string body_with(std::string_view reason) {
  return R"({"error":{"code":400,"status":"INVALID_ARGUMENT","message":"m","details":[{"reason":")" +
         std::string(reason) + "\"}]}}";
}

}  // namespace

TEST_CASE("refusals by status") {
  struct row {
    unsigned status;
    subject about;
    std::string_view code;
  };
  for (auto const& each :
       {row{401, subject::other, "CONFIGURATION_ERROR"}, row{403, subject::other, "CONFIGURATION_ERROR"},
        row{404, subject::network, "ACCOUNT_NOT_FOUND"}, row{404, subject::media_buy, "MEDIA_BUY_NOT_FOUND"},
        row{404, subject::package, "PACKAGE_NOT_FOUND"}, row{404, subject::creative, "CREATIVE_NOT_FOUND"},
        row{404, subject::inventory, "CONFIGURATION_ERROR"}, row{409, subject::other, "CONFLICT"},
        row{429, subject::other, "RATE_LIMITED"}, row{500, subject::other, "SERVICE_UNAVAILABLE"},
        row{503, subject::other, "SERVICE_UNAVAILABLE"}, row{400, subject::other, "INVALID_REQUEST"},
        row{400, subject::creative, "CREATIVE_REJECTED"}, row{501, subject::other, "UNSUPPORTED_FEATURE"}}) {
    CAPTURE(each.status);
    CHECK(error_from({each.status, "", "<html>"}, each.about, now).code() == each.code);
  }
}

TEST_CASE("refusals by reason, with or without their type") {
  struct row {
    std::string_view reason;
    std::string_view code;
  };
  for (auto const& each :
       {row{"SERVICE_DISABLED", "CONFIGURATION_ERROR"}, row{"NO_NETWORKS_TO_ACCESS", "CONFIGURATION_ERROR"},
        row{"QuotaError.EXCEEDED_QUOTA", "RATE_LIMITED"}, row{"NOT_ENOUGH_INVENTORY", "PRODUCT_UNAVAILABLE"},
        row{"ForecastError.OUTSIDE_AVAILABLE_DATE_RANGE", "PRODUCT_UNAVAILABLE"},
        row{"CANNOT_APPROVE_COMPANY_CREDIT_STATUS_NOT_ACTIVE", "ACCOUNT_SUSPENDED"},
        row{"COST_TYPE_NOT_ALLOWED", "INVALID_PRICING_OPTION"}, row{"NOT_APPLICABLE", "INVALID_STATE"},
        row{"CONCURRENT_MODIFICATION", "CONFLICT"}, row{"INVALID_LINEITEM_CREATIVE_PAIRING", "CREATIVE_REJECTED"},
        row{"SOMETHING_NEW", "INVALID_REQUEST"}}) {
    CAPTURE(each.reason);
    CHECK(error_from({400, "", body_with(each.reason)}, subject::other, now).code() == each.code);
  }
}

TEST_CASE("refusals by the kind of error, wherever it stands") {
  struct row {
    std::string_view reason;
    std::string_view code;
    std::string_view field;
  };
  for (auto const& each :
       {row{"AuthenticationError.INVALID_EMAIL", "CONFIGURATION_ERROR", ""},
        row{"PermissionError.PERMISSION_DENIED", "CONFIGURATION_ERROR", ""},
        row{"ApiVersionError.UPDATE_TO_NEWER_VERSION", "CONFIGURATION_ERROR", ""},
        row{"CompanyCreditStatusError.COMPANY_CREDIT_STATUS_CHANGE_NOT_ALLOWED", "ACCOUNT_SUSPENDED", ""},
        row{"CompanyCreditStatusError.ON_HOLD", "ACCOUNT_PAYMENT_REQUIRED", ""},
        row{"QuotaError.OTHER", "RATE_LIMITED", ""},
        row{"ServerError.SERVER_ERROR", "SERVICE_UNAVAILABLE", ""},
        row{"InternalApiError.DOWNTIME", "SERVICE_UNAVAILABLE", ""},
        row{"ForecastError.SERVER_NOT_AVAILABLE", "SERVICE_UNAVAILABLE", ""},
        row{"LineItemFlightDateError.START_TIME_IS_TOO_LATE", "VALIDATION_ERROR", "start_time"},
        row{"LineItemFlightDateError.END_DATE_TIME_NOT_AFTER_NOW", "VALIDATION_ERROR", "end_time"},
        row{"ReservationDetailsError.UNLIMITED_UNITS_BOUGHT_NOT_ALLOWED", "INVALID_PRICING_OPTION", ""},
        row{"ReservationDetailsError.PERCENTAGE_UNITS_BOUGHT_TOO_HIGH", "BUDGET_TOO_LOW", "packages.budget"},
        row{"GeoTargetingError.CANNOT_USE", "VALIDATION_ERROR", "packages.targeting_overlay"},
        row{"TechnologyTargetingError.X", "VALIDATION_ERROR", "packages.targeting_overlay"},
        row{"InventoryTargetingError.INACTIVE", "CONFIGURATION_ERROR", ""},
        row{"UniqueError.NOT_UNIQUE", "CONFLICT", ""},
        row{"OrderError.UPDATE_ARCHIVED_ORDER_NOT_ALLOWED", "INVALID_STATE", ""},
        row{"LineItemError.UPDATE_X", "INVALID_STATE", ""},
        row{"ImageError.INVALID_IMAGE", "CREATIVE_REJECTED", ""},
        row{"AssetError.FAILED_TO_FETCH", "CREATIVE_REJECTED", ""},
        row{"InvalidUrlError.X", "CREATIVE_REJECTED", ""},
        row{"CreativePolicyError.X", "POLICY_VIOLATION", ""},
        row{"FeatureError.MISSING_FEATURE", "UNSUPPORTED_FEATURE", ""},
        row{"SomeOtherError.X", "INVALID_REQUEST", ""}}) {
    CAPTURE(each.reason);
    auto const typed = error_from({400, "", body_with(each.reason)}, subject::other, now);
    CHECK(typed.code() == each.code);
    CHECK(typed.field() == each.field);
    auto const dot = each.reason.find('.');
    auto const beside = R"({"error":{"code":400,"message":"m","details":[{"reason":")" +
                        std::string(each.reason.substr(dot + 1)) + R"(","metadata":{"type":")" +
                        std::string(each.reason.substr(0, dot)) + "\"}}]}}";
    CHECK(error_from({400, "", beside}, subject::other, now).code() == each.code);
  }
  CHECK(error_from({500, "", body_with("")}, subject::other, now).code() == "SERVICE_UNAVAILABLE");
  auto const told = R"({"error":{"code":400,"message":"FeatureError.MISSING_FEATURE: no","details":[]}})";
  CHECK(error_from({400, "", told}, subject::other, now).code() == "UNSUPPORTED_FEATURE");
}

TEST_CASE("a refusal that passes says when to come back: as the ad server does, else as its quota is renewed") {
  auto const limit = [](const char* reason) { return body_with(reason); };
  CHECK(error_from({429, "30", "{}"}, subject::other, now).retry_after_s() == 30);
  CHECK(error_from({429, "", "{}"}, subject::other, now).retry_after_s() == 5);
  CHECK(error_from({503, "30", "<html>"}, subject::other, now).retry_after_s() == 30);
  CHECK(error_from({503, "86400", "<html>"}, subject::other, now).retry_after_s() == 3600);
  CHECK(error_from({503, "", "<html>"}, subject::other, now).retry_after_s() == 0);
  CHECK(error_from({400, "", limit("QuotaError.REPORT_JOB_LIMIT")}, subject::other, now).retry_after_s() == 600);
  CHECK(error_from({500, "12", limit("ServerError.SERVER_BUSY")}, subject::other, now).retry_after_s() == 12);
}

TEST_CASE("a refusal tells the buyer nothing of the network, and the operator all of it") {
  auto const body = R"({"error":{"code":400,"status":"INVALID_ARGUMENT","message":"project secret-1","details":
      [{"fieldViolations":[{"field":"order.trafficker","description":"user secret-2"}]}]}})";
  auto const fault = error_from({400, "", body}, subject::other, now);
  CHECK(fault.code() == "CONFIGURATION_ERROR");  // no value of the buyer's
  CHECK(fault.message().find("secret") == std::string::npos);
  CHECK(tenon::sdk::json::serialize(fault.details()).find("secret") == std::string::npos);
  CHECK(fault.operator_detail().find("secret-2") != std::string::npos);
}

TEST_CASE("what the operator is told has an end") {
  auto const fault = error_from({502, "", std::string(1'000'000, 'x')}, subject::other, now);
  CHECK(fault.operator_detail().size() < 3000);
}

TEST_CASE("the status of a media buy") {
  auto const soon = now + 24h;
  auto const past = now - 24h;
  auto const item = [&](std::string status, bool missing = false, bool archived = false) {
    return line_item_facts{std::move(status), archived, missing, past, soon};
  };
  struct row {
    std::string_view order;
    bool archived;
    std::vector<line_item_facts> items;
    std::string_view status;
  };
  for (auto const& each :
       std::vector<row>{{"APPROVED", false, {item("DELIVERING"), item("PAUSED")}, "active"},
                        {"APPROVED", false, {item("DELIVERY_EXTENDED")}, "active"},
                        {"APPROVED", false, {item("READY")}, "pending_start"},
                        {"APPROVED", false, {item("INACTIVE", true), item("READY")}, "pending_creatives"},
                        {"APPROVED", false, {item("PAUSED"), item("PAUSED_INVENTORY_RELEASED")}, "paused"},
                        {"APPROVED", false, {item("PAUSED", true)}, "paused"},
                        {"APPROVED", false, {item("COMPLETED"), item("COMPLETED")}, "completed"},
                        {"APPROVED", false, {item("COMPLETED"), item("PAUSED")}, "paused"},
                        {"APPROVED", false, {item("CANCELED"), item("DELIVERING")}, "active"},
                        {"APPROVED", false, {item("PAUSED", false, true)}, "canceled"},
                        {"APPROVED", true, {item("PAUSED")}, "canceled"},
                        {"PAUSED", false, {item("READY")}, "paused"},
                        {"DISAPPROVED", false, {item("DRAFT")}, "rejected"},
                        {"DELETED", false, {}, "canceled"},
                        {"DRAFT", false, {item("DRAFT")}, "pending_start"}}) {
    CAPTURE(each.order);
    CAPTURE(each.status);
    CHECK(media_buy_status(each.order, each.archived, each.items, now) == each.status);
  }
}

TEST_CASE("money goes there and back") {
  for (std::int64_t const micros : {0L, 1L, 12'500'000L, 999'999L, 1'000'000L}) {
    CHECK(money_from_json(money_json({micros}, "USD")).micros == micros);
  }
  CHECK(tenon::sdk::json::serialize(money_json({12'500'000}, "USD")) ==
        R"({"currencyCode":"USD","units":"12","nanos":500000000})");
  CHECK_FALSE(money_json({12'000'000}, "USD").contains("nanos"));
}

TEST_CASE("a flat rate is spread over the days it covers") {
  auto const start = *sales::parse_instant("2026-12-01T00:00:00Z");
  CHECK(rate_per_day({3'000'000'000}, start, start + 24h * 30).micros == 100'000'000);
  CHECK(rate_per_day({3'000'000'000}, start, start + 36h).micros == 1'500'000'000);
  auto const goal = goal_json({3'000'000'000}, {3'000'000'000}, sales::pricing_model::flat_rate, {}, "");
  CHECK(goal.at("goalType") == "DAILY");
  CHECK(goal.at("units") == "100");
}

TEST_CASE("a replaced overlay leaves inventory and an operator's own targeting in place") {
  auto const before =
      tenon::sdk::json::parse(R"({"inventoryTargeting":{"targetedPlacements":["p"]},"customTargeting":{"x":1},
      "geoTargeting":{"targetedGeos":["old"]},"technologyTargeting":{"browserTargeting":{"y":1},
      "deviceCategoryTargeting":{"targetedCategories":["old"]}}})")
          .as_object();
  resolved_targeting overlay;
  overlay.geos = {"new"};
  auto const after = replace_overlay(before, overlay);
  CHECK(after.at("inventoryTargeting") == before.at("inventoryTargeting"));
  CHECK(after.at("customTargeting") == before.at("customTargeting"));
  CHECK(after.at("geoTargeting").at("targetedGeos").at(0) == "new");
  CHECK(after.at("technologyTargeting").as_object().contains("browserTargeting"));
  CHECK_FALSE(after.at("technologyTargeting").as_object().contains("deviceCategoryTargeting"));
}

TEST_CASE("a long name is cut between characters and keeps its marker") {
  auto const name = display_name(std::string(300, 'a') + "\xC3\xA9", "[k]");
  CHECK(name.size() == 255);
  CHECK(name.ends_with(" [k]"));
  std::string accents;
  for (int i = 0; i < 200; ++i) {
    accents += "\xC3\xA9";
  }
  auto const cut = display_name(accents, "[k]");
  CHECK(cut.size() <= 255);
  CHECK((cut.size() - 4) % 2 == 0);
}

TEST_CASE("a product that its line item type cannot sell is refused with the settings") {
  auto const settings = [](std::string_view product) {
    return tenon::sdk::json::parse(R"({"network_code":"1","advertiser_id":"5","trafficker_id":"7","products":[)" +
                                   std::string(product) + "]}")
        .as_object();
  };
  auto const product = [](std::string_view type, std::string_view model) {
    return R"({"product_id":"p","delivery_type":"guaranteed","ad_unit_ids":["9"],"line_item_type":")" +
           std::string(type) +
           R"(","format_ids":[{"agent_url":"u","id":"display_300x250"}],
             "pricing_options":[{"pricing_option_id":"o","currency":"USD","rate":1,"pricing_model":")" +
           std::string(model) + "\"}]}";
  };
  CHECK_NOTHROW(gam_settings(settings(product("STANDARD", "vcpm"))));
  CHECK_THROWS_AS(gam_settings(settings(product("PRICE_PRIORITY", "vcpm"))), tenon::sdk::error);
  CHECK_THROWS_AS(gam_settings(settings(product("STANDARD", "flat_rate"))), tenon::sdk::error);
}

TEST_CASE("regions are known by name or not at all") {
  CHECK(region_name("US", "CA") == "California");
  CHECK(region_name("CA", "QC") == "Quebec");
  CHECK_FALSE(region_name("FR", "IDF"));
}
