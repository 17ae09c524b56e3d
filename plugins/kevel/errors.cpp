#include "errors.hpp"

#include "../sales/field.hpp"
#include "../sales/state.hpp"

#include <array>

namespace tenon::kevel {
namespace {

using sdk::error;

struct message_rule {
  std::string_view message;
  std::string_view code;
  std::string_view ours;
};

constexpr std::array<message_rule, 13> message_rules{{
    {"This advertiser is not part of your network", "ACCOUNT_NOT_FOUND", "The seller's account was not found"},
    {"This advertiser is deleted.", "ACCOUNT_NOT_FOUND", "The seller's account was not found"},
    {"Campaign not found.", "MEDIA_BUY_NOT_FOUND", ""},
    {"This campaign is not part of your network", "MEDIA_BUY_NOT_FOUND", ""},
    {"This campaign has been deleted", "INVALID_STATE", "The media buy was deleted"},
    {"This Flight does not belong to your network.", "PACKAGE_NOT_FOUND", ""},
    {"Flight is not a part of your network", "PACKAGE_NOT_FOUND", ""},
    {"This creative map has been deleted", "CREATIVE_NOT_FOUND", "The creative is no longer assigned"},
    {"This site does not belong to your network", "CONFIGURATION_ERROR", ""},
    {"The site associated with that zone does not belong to your network", "CONFIGURATION_ERROR", ""},
    {"This channel has been deleted", "CONFIGURATION_ERROR", ""},
    {"Goal Type is a required field", "CONFIGURATION_ERROR", ""},
    {"A title is required.", "CONFIGURATION_ERROR", ""},
}};

// {"message": "..."}, {"Error": "..."} or a bare JSON string.
std::string message_in(std::string const& body) {
  auto const object = sales::parse_object(body);
  auto message = sales::upstream_text(object, "message");
  if (message.empty()) {
    message = sales::upstream_text(object, "Error");
  }
  if (message.empty() && body.size() > 2 && body.front() == '"' && body.back() == '"') {
    message = body.substr(1, body.size() - 2);
  }
  return message;
}

// "This campaign belongs to advertiser 7; a different advertiser cannot be specified."
bool names_another_advertiser(std::string_view message) {
  constexpr std::string_view head = "This campaign belongs to advertiser ";
  constexpr std::string_view tail = "; a different advertiser cannot be specified.";
  return message.starts_with(head) && message.ends_with(tail);
}

std::string detail_of(refusal const& answer) { return sales::detail_of("Kevel", answer); }

error with_detail(error fault, refusal const& answer) {
  fault.operator_detail(detail_of(answer));
  return fault;
}

error by_rule(message_rule const& rule, refusal const& answer) {
  if (rule.code == "CONFIGURATION_ERROR") {
    return sdk::errors::configuration_error(detail_of(answer));
  }
  if (rule.code == "MEDIA_BUY_NOT_FOUND") {
    return with_detail(sales::no_such_buy(), answer);
  }
  if (rule.code == "PACKAGE_NOT_FOUND") {
    return with_detail(sales::no_such_package(), answer);
  }
  return with_detail(error(std::string(rule.code), std::string(rule.ours)), answer);
}

error not_found(subject about, refusal const& answer) {
  switch (about) {
    case subject::advertiser:
      return with_detail(error("ACCOUNT_NOT_FOUND", "The seller's account was not found"), answer);
    case subject::media_buy: return with_detail(sales::no_such_buy(), answer);
    case subject::package: return with_detail(sales::no_such_package(), answer);
    case subject::creative: return with_detail(error("CREATIVE_NOT_FOUND", "There is no such creative"), answer);
    case subject::report:
    case subject::other: break;
  }
  return sdk::errors::configuration_error(detail_of(answer));
}

}  // namespace

error error_from(refusal const& answer, subject about, sales::instant now) {
  if (answer.status == 401 || answer.status == 403) {
    return sdk::errors::configuration_error(detail_of(answer));
  }
  if (answer.status == 429) {
    return sales::rate_limited(answer, now, std::chrono::seconds{1}, detail_of(answer));
  }
  if (answer.status >= 500) {
    return sales::unavailable(answer, now, detail_of(answer));
  }
  auto const message = message_in(answer.body);
  for (auto const& rule : message_rules) {
    if (rule.message == message) {
      return by_rule(rule, answer);
    }
  }
  if (names_another_advertiser(message)) {
    return with_detail(error("VALIDATION_ERROR", "The media buy belongs to another account").field("account"), answer);
  }
  if (answer.status == 404) {
    return not_found(about, answer);
  }
  if (about == subject::creative) {
    return with_detail(error("CREATIVE_REJECTED", "The ad server does not accept the creative"), answer);
  }
  return with_detail(error("INVALID_REQUEST", "The ad server does not accept this request"), answer);
}

}  // namespace tenon::kevel
