#include "errors.hpp"

#include "../sales/field.hpp"
#include "../sales/state.hpp"

#include <algorithm>
#include <array>

namespace tenon::gam {
namespace {

using sales::upstream_array;
using sales::upstream_object;
using sales::upstream_text;
using sdk::error;
namespace json = boost::json;

/// Reports are limited by the hour.
constexpr std::chrono::minutes report_pause{10};

struct reason_rule {
  std::string_view reason;
  std::string_view code;
  std::string_view message;
};

// Reasons that mean the same wherever they occur. What is not listed is told by the HTTP status.
constexpr std::array<reason_rule, 25> reason_rules{{
    {"SERVICE_DISABLED", "CONFIGURATION_ERROR", ""},
    {"NETWORK_API_ACCESS_DISABLED", "CONFIGURATION_ERROR", ""},
    {"NO_NETWORKS_TO_ACCESS", "CONFIGURATION_ERROR", ""},
    {"NETWORK_CODE_REQUIRED", "CONFIGURATION_ERROR", ""},
    {"AUTHENTICATION_FAILED", "CONFIGURATION_ERROR", ""},
    {"NETWORK_NOT_FOUND", "ACCOUNT_NOT_FOUND", "The seller's account was not found"},
    {"CANNOT_APPROVE_COMPANY_CREDIT_STATUS_NOT_ACTIVE", "ACCOUNT_SUSPENDED", "The account may not book at present"},
    {"CANNOT_RESERVE_COMPANY_CREDIT_STATUS_NOT_ACTIVE", "ACCOUNT_SUSPENDED", "The account may not book at present"},
    {"EXCEEDED_QUOTA", "RATE_LIMITED", ""},
    {"REPORT_JOB_LIMIT", "RATE_LIMITED", ""},
    {"SERVER_BUSY", "SERVICE_UNAVAILABLE", ""},
    {"NO_FORECAST_YET", "SERVICE_UNAVAILABLE", ""},
    {"NOT_ENOUGH_INVENTORY", "PRODUCT_UNAVAILABLE", "There is not enough inventory for this buy"},
    {"OUTSIDE_AVAILABLE_DATE_RANGE", "PRODUCT_UNAVAILABLE", "There is no inventory for these dates"},
    {"COST_TYPE_NOT_ALLOWED", "INVALID_PRICING_OPTION", "This product cannot be bought at that pricing"},
    {"UNIT_TYPE_NOT_ALLOWED", "INVALID_PRICING_OPTION", "This product cannot be bought at that pricing"},
    {"CONCURRENT_MODIFICATION", "CONFLICT", "The media buy was changed at the same time"},
    {"ALREADY_EXISTS", "CONFLICT", "It exists already"},
    {"DUPLICATE_OBJECT", "CONFLICT", "It exists already"},
    {"NOT_APPLICABLE", "INVALID_STATE", "The media buy is not in a state for this"},
    {"HAS_COMPLETED", "INVALID_STATE", "The package has completed"},
    {"CLICK_MACROS_REQUIRED", "CREATIVE_REJECTED", "The creative needs a click macro"},
    {"INVALID_LINEITEM_CREATIVE_PAIRING", "CREATIVE_REJECTED", "The creative does not fit the package"},
    {"START_DATE_TIME_IS_IN_PAST", "VALIDATION_ERROR", "The start is in the past"},
    {"END_DATE_TIME_IS_IN_PAST", "VALIDATION_ERROR", "The end is in the past"},
}};

struct kind_rule {
  std::string_view kind;
  std::string_view reason_part;  ///< only reasons that contain it; empty: all of the kind
  std::string_view code;
  std::string_view message;
  std::string_view field;
};

// Kinds whose reasons mean the same. The first that fits counts.
constexpr std::array<kind_rule, 29> kind_rules{{
    {"AuthenticationError", "", "CONFIGURATION_ERROR", "", ""},
    {"PermissionError", "", "CONFIGURATION_ERROR", "", ""},
    {"ApiVersionError", "", "CONFIGURATION_ERROR", "", ""},
    {"CompanyCreditStatusError", "ON_HOLD", "ACCOUNT_PAYMENT_REQUIRED", "The account has to be paid for first", ""},
    {"CompanyCreditStatusError", "", "ACCOUNT_SUSPENDED", "The account may not book at present", ""},
    {"QuotaError", "", "RATE_LIMITED", "", ""},
    {"ServerError", "", "SERVICE_UNAVAILABLE", "", ""},
    {"InternalApiError", "", "SERVICE_UNAVAILABLE", "", ""},
    {"ForecastError", "", "SERVICE_UNAVAILABLE", "", ""},
    {"LineItemFlightDateError", "START", "VALIDATION_ERROR", "The ad server does not accept the start", "start_time"},
    {"LineItemFlightDateError", "", "VALIDATION_ERROR", "The ad server does not accept the dates", "end_time"},
    {"DateTimeRangeTargetingError", "", "VALIDATION_ERROR", "The ad server does not accept the dates", "end_time"},
    {"ReservationDetailsError", "MISMATCH", "INVALID_PRICING_OPTION", "This product cannot be bought at that pricing",
     ""},
    {"ReservationDetailsError", "NOT_ALLOWED", "INVALID_PRICING_OPTION",
     "This product cannot be bought at that pricing", ""},
    {"ReservationDetailsError", "UNITS", "BUDGET_TOO_LOW", "The budget buys too little of this product",
     "packages.budget"},
    {"GeoTargetingError", "", "VALIDATION_ERROR", "The ad server does not offer this place",
     "packages.targeting_overlay"},
    {"InventoryTargetingError", "", "CONFIGURATION_ERROR", "", ""},
    {"CustomTargetingError", "", "VALIDATION_ERROR", "The ad server does not offer this targeting",
     "packages.targeting_overlay"},
    {"TechnologyTargetingError", "", "VALIDATION_ERROR", "The ad server does not offer this device",
     "packages.targeting_overlay"},
    {"UniqueError", "", "CONFLICT", "It exists already", ""},
    {"OrderError", "UPDATE_", "INVALID_STATE", "The media buy is not in a state for this", ""},
    {"LineItemError", "UPDATE_", "INVALID_STATE", "The package is not in a state for this", ""},
    {"ImageError", "", "CREATIVE_REJECTED", "The ad server does not accept the image", ""},
    {"AssetError", "", "CREATIVE_REJECTED", "The ad server does not accept the asset", ""},
    {"InvalidUrlError", "", "CREATIVE_REJECTED", "The ad server does not accept the address", ""},
    {"CreativeError", "", "CREATIVE_REJECTED", "The ad server does not accept the creative", ""},
    {"LineItemCreativeAssociationError", "", "CREATIVE_REJECTED", "The creative does not fit the package", ""},
    {"CreativePolicyError", "", "POLICY_VIOLATION", "The creative breaks a policy of the seller", ""},
    {"FeatureError", "", "UNSUPPORTED_FEATURE", "The ad server does not offer this", ""},
}};

// "ForecastError.NO_FORECAST_YET: text" -> "ForecastError"; empty if it does not begin with a kind and its reason.
std::string kind_in(std::string_view text) {
  auto const dot = text.find("Error.");
  auto const is_name = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (dot == std::string_view::npos ||
      !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(dot), is_name)) {
    return {};
  }
  return std::string(text.substr(0, dot + std::string_view("Error").size()));
}

// "ForecastError.NO_FORECAST_YET" -> "NO_FORECAST_YET"
std::string without_type(std::string reason) {
  auto const dot = reason.rfind('.');
  return dot == std::string::npos ? reason : reason.substr(dot + 1);
}

std::string detail_of(refusal const& answer) { return sales::detail_of("Ad Manager", answer); }

error configuration_error(std::string detail) { return sdk::errors::configuration_error(std::move(detail)); }

error rate_limited(refusal const& answer, sales::instant now,
                   std::chrono::seconds otherwise = std::chrono::seconds{5}) {
  return sales::rate_limited(answer, now, otherwise, detail_of(answer));
}

error unavailable(refusal const& answer, sales::instant now) {
  return sales::unavailable(answer, now, detail_of(answer));
}

error with_detail(error fault, refusal const& answer) {
  fault.operator_detail(detail_of(answer));
  return fault;
}

error by_rule(reason_rule const& rule, refusal const& answer, sales::instant now) {
  if (rule.code == "CONFIGURATION_ERROR") {
    return configuration_error(detail_of(answer));
  }
  if (rule.code == "RATE_LIMITED") {
    return rate_limited(answer, now, rule.reason == "REPORT_JOB_LIMIT" ? report_pause : std::chrono::seconds{5});
  }
  if (rule.code == "SERVICE_UNAVAILABLE") {
    return unavailable(answer, now);
  }
  error fault(std::string(rule.code), std::string(rule.message));
  if (rule.code == "INVALID_PRICING_OPTION") {
    fault.recovery(sdk::recovery::correctable);
  }
  return with_detail(std::move(fault), answer);
}

bool fits(kind_rule const& rule, reasons const& why) {
  if (std::find(why.kinds.begin(), why.kinds.end(), rule.kind) == why.kinds.end()) {
    return false;
  }
  return rule.reason_part.empty() || std::any_of(why.codes.begin(), why.codes.end(), [&](auto const& code) {
           return code.find(rule.reason_part) != std::string::npos;
         });
}

error by_rule(kind_rule const& rule, refusal const& answer, sales::instant now) {
  auto fault = by_rule(reason_rule{{}, rule.code, rule.message}, answer, now);
  if (!rule.field.empty()) {
    fault.field(std::string(rule.field));
  }
  return fault;
}

error not_found(subject about, refusal const& answer) {
  switch (about) {
    case subject::network: return with_detail(error("ACCOUNT_NOT_FOUND", "The seller's account was not found"), answer);
    case subject::media_buy: return with_detail(sales::no_such_buy(), answer);
    case subject::package: return with_detail(sales::no_such_package(), answer);
    case subject::creative: return with_detail(error("CREATIVE_NOT_FOUND", "There is no such creative"), answer);
    case subject::place: return with_detail(error("VALIDATION_ERROR", "There is no such place"), answer);
    case subject::inventory:
    case subject::other: break;
  }
  return configuration_error(detail_of(answer));
}

struct field_rule {
  std::string_view upstream;
  std::string_view ours;
};

// Where a buyer finds what Ad Manager names. A field that is not here is none of the buyer's.
constexpr std::array<field_rule, 10> field_rules{{{"startTime", "start_time"},
                                                  {"targetEndTime", "end_time"},
                                                  {"endTime", "end_time"},
                                                  {"poNumber", "po_number"},
                                                  {"goal", "packages.budget"},
                                                  {"rate", "packages.bid_price"},
                                                  {"frequencyCaps", "packages.targeting_overlay.frequency_cap"},
                                                  {"geoTargeting", "packages.targeting_overlay"},
                                                  {"imageUrl", "creatives.assets"},
                                                  {"destinationUrl", "creatives.assets"}}};

error invalid_argument(refusal const& answer, reasons const& why, subject about) {
  for (auto const& field : why.fields) {
    for (auto const& rule : field_rules) {
      if (field.find(rule.upstream) != std::string::npos) {
        return with_detail(
            error("VALIDATION_ERROR", "The ad server does not accept this value").field(std::string(rule.ours)),
            answer);
      }
    }
  }
  if (about == subject::creative) {
    return with_detail(error("CREATIVE_REJECTED", "The ad server does not accept the creative"), answer);
  }
  if (!why.fields.empty()) {
    return configuration_error(detail_of(answer));  // not a value of the buyer's: the adapter's or the settings'
  }
  return with_detail(error("INVALID_REQUEST", "The ad server does not accept this request"), answer);
}

}  // namespace

bool reasons::has(std::string_view code) const { return std::find(codes.begin(), codes.end(), code) != codes.end(); }

reasons reasons_in(std::string_view body) {
  reasons why;
  auto const fault = upstream_object(sales::parse_object(body), "error");
  why.status = upstream_text(fault, "status");
  auto const keep = [&why](std::string reason) {
    if (auto kind = kind_in(reason); !kind.empty()) {
      why.kinds.push_back(std::move(kind));
    }
    why.codes.push_back(without_type(std::move(reason)));
  };
  if (auto kind = kind_in(upstream_text(fault, "message")); !kind.empty()) {
    why.kinds.push_back(std::move(kind));
  }
  for (auto const& detail : upstream_array(fault, "details")) {
    if (!detail.is_object()) {
      continue;
    }
    auto const& entry = detail.get_object();
    if (auto reason = upstream_text(entry, "reason"); !reason.empty()) {
      keep(std::move(reason));
    }
    if (auto kind = upstream_text(upstream_object(entry, "metadata"), "type"); !kind.empty()) {
      why.kinds.push_back(std::move(kind));
    }
    for (auto const& violation : upstream_array(entry, "fieldViolations")) {
      if (violation.is_object()) {
        why.fields.push_back(upstream_text(violation.get_object(), "field"));
        if (auto reason = upstream_text(violation.get_object(), "reason"); !reason.empty()) {
          keep(std::move(reason));
        }
      }
    }
  }
  return why;
}

error error_from(refusal const& answer, subject about, sales::instant now) {
  auto const why = reasons_in(answer.body);
  for (auto const& rule : reason_rules) {
    if (why.has(rule.reason)) {
      return by_rule(rule, answer, now);
    }
  }
  for (auto const& rule : kind_rules) {
    if (fits(rule, why)) {
      return by_rule(rule, answer, now);
    }
  }
  if (answer.status == 401 || answer.status == 403) {
    return configuration_error(detail_of(answer));
  }
  if (answer.status == 404) {
    return not_found(about, answer);
  }
  if (answer.status == 409) {
    return with_detail(error("CONFLICT", "The media buy was changed at the same time"), answer);
  }
  if (answer.status == 429) {
    return rate_limited(answer, now);
  }
  if (answer.status == 501 || why.status == "UNIMPLEMENTED") {
    return with_detail(error("UNSUPPORTED_FEATURE", "The ad server does not offer this"), answer);
  }
  if (answer.status >= 500) {
    return unavailable(answer, now);
  }
  if (why.status == "FAILED_PRECONDITION") {
    return with_detail(error("INVALID_STATE", "The media buy is not in a state for this"), answer);
  }
  return invalid_argument(answer, why, about);
}

error token_error_from(refusal const& answer, sales::instant now) {
  if (answer.status == 429 || answer.status >= 500) {
    return unavailable(answer, now);
  }
  auto const code = upstream_text(sales::parse_object(answer.body), "error");
  return configuration_error("The token endpoint refused the service account (" + (code.empty() ? "no code" : code) +
                             "). " + detail_of(answer));
}

}  // namespace tenon::gam
