#include "errors.hpp"

#include "../sales/field.hpp"

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

error not_found(subject about, refusal const& answer) {
  switch (about) {
    case subject::network: return with_detail(error("ACCOUNT_NOT_FOUND", "The seller's account was not found"), answer);
    case subject::media_buy: return with_detail(error("MEDIA_BUY_NOT_FOUND", "There is no such media buy"), answer);
    case subject::package: return with_detail(error("PACKAGE_NOT_FOUND", "There is no such package"), answer);
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
  for (auto const& detail : upstream_array(fault, "details")) {
    if (!detail.is_object()) {
      continue;
    }
    auto const& entry = detail.get_object();
    if (auto reason = upstream_text(entry, "reason"); !reason.empty()) {
      why.codes.push_back(without_type(std::move(reason)));
    }
    for (auto const& violation : upstream_array(entry, "fieldViolations")) {
      if (violation.is_object()) {
        why.fields.push_back(upstream_text(violation.get_object(), "field"));
        if (auto reason = upstream_text(violation.get_object(), "reason"); !reason.empty()) {
          why.codes.push_back(without_type(std::move(reason)));
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
