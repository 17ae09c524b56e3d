#include "sandbox/oauth.hpp"

#include "sandbox/answer.hpp"

namespace tenon::sandbox {
namespace {

constexpr std::string_view jwt_bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::string_view full_scope = "https://www.googleapis.com/auth/admanager";
constexpr std::string_view read_scope = "https://www.googleapis.com/auth/admanager.readonly";

[[noreturn]] void refuse(std::string_view code, std::string_view description, unsigned status = 400) {
  throw refused(json_answer(status, json::object{{"error", code}, {"error_description", description}}));
}

std::optional<json::object> decode_object(std::string_view part) {
  const auto text = base64url_decode(part);
  if (!text) return {};
  boost::system::error_code error;
  auto value = json::parse(*text, error);
  if (error || !value.is_object()) return {};
  return std::move(value.get_object());
}

struct scopes {
  bool full = false;
  bool read = false;
};

scopes requested_scopes(const json::object& claims) {
  const auto text = text_of(claims, "scope");
  if (text.empty()) refuse("invalid_scope", "Empty or missing scope not allowed.");
  scopes made;
  for (const auto each : split(text, ' ')) {
    if (each == full_scope)
      made.full = true;
    else if (each == read_scope)
      made.read = true;
    else if (!each.empty())
      refuse("invalid_scope", "The scope is not one this account may ask for: " + std::string(each));
  }
  return made;
}

}  // namespace

void token_issuer::add(service_account account) {
  auto email = account.email;
  accounts_.insert_or_assign(std::move(email), std::move(account));
}

const grant* token_issuer::find(std::string_view token) const {
  const auto found = grants_.find(token);
  return found == grants_.end() ? nullptr : &found->second;
}

std::string token_issuer::claimed_account(const http::request& request) const {
  const auto form = parse_form(request.body);
  const auto parts = split(value_of(form, "assertion"), '.');
  const auto claims = parts.size() == 3 ? decode_object(parts[1]) : std::nullopt;
  const auto email = claims ? text_of(*claims, "iss") : std::string_view();
  return accounts_.contains(email) ? std::string(email) : "unknown";
}

http::response token_issuer::exchange(const http::request& request, sys_seconds now) {
  auto type = request.header("content-type");
  if (type.substr(0, type.find(';')) != "application/x-www-form-urlencoded")
    refuse("invalid_request", "The body must be application/x-www-form-urlencoded.");
  const auto form = parse_form(request.body);
  if (value_of(form, "grant_type") != jwt_bearer)
    refuse("unsupported_grant_type", "Only " + std::string(jwt_bearer) + " is served here.");
  if (value_of(form, "assertion").empty()) refuse("invalid_request", "The assertion is missing.");

  json::object claims;
  const auto& account = verified(value_of(form, "assertion"), now, claims);
  const auto asked = requested_scopes(claims);
  if (claims.contains("sub"))
    refuse("unauthorized_client", "The account has no domain-wide delegation, so it cannot act for another user.", 401);

  std::erase_if(grants_, [&](const auto& held) { return held.second.expires + std::chrono::hours(24) < now; });
  changed_ = true;
  auto token = "ya29.sandbox-" + random_hex(24);
  grants_.emplace(token, grant{.email = account.email,
                               .networks = account.networks,
                               .expires = now + options_.token_lifetime,
                               .read_only = !asked.full});
  return json_answer(
      200,
      json::object{{"access_token", token}, {"expires_in", options_.token_lifetime.count()}, {"token_type", "Bearer"}});
}

const service_account& token_issuer::verified(std::string_view assertion, sys_seconds now, json::object& claims) const {
  const auto parts = split(assertion, '.');
  if (parts.size() != 3) refuse("invalid_grant", "Invalid JWT: expected three parts with a dot between them.");
  const auto header = decode_object(parts[0]);
  auto payload = decode_object(parts[1]);
  const auto signature = base64url_decode(parts[2]);
  if (!header || !payload || !signature)
    refuse("invalid_grant", "Invalid JWT: each part must be base64url without padding, the first two JSON objects.");
  if (text_of(*header, "alg") != "RS256") refuse("invalid_grant", "Invalid JWT: the algorithm must be RS256.");
  claims = std::move(*payload);
  const auto account = accounts_.find(text_of(claims, "iss"));
  if (account == accounts_.end()) refuse("invalid_grant", "Invalid grant: account not found");
  const auto signed_part = assertion.substr(0, parts[0].size() + 1 + parts[1].size());
  if (text_of(*header, "kid") != account->second.key_id || !account->second.key.verify(signed_part, *signature))
    refuse("invalid_grant", "Invalid JWT Signature.");
  if (text_of(claims, "aud") != options_.token_uri)
    refuse("invalid_grant", "Invalid JWT: the audience must be the token_uri of the key file.");
  check_times(claims, now);
  return account->second;
}

void token_issuer::check_times(const json::object& claims, sys_seconds now) const {
  constexpr std::int64_t latest = 1LL << 40;  // far beyond any date, and no sum with it overflows
  const auto iat = integer_of(claims, "iat");
  const auto exp = integer_of(claims, "exp");
  const auto issued = sys_seconds(std::chrono::seconds(iat));
  const auto expires = sys_seconds(std::chrono::seconds(exp));
  const bool reasonable = iat > 0 && exp > 0 && iat < latest && exp < latest && issued <= now + options_.clock_skew &&
                          expires > now - options_.clock_skew && expires > issued &&
                          expires - issued <= std::chrono::hours(1);
  if (!reasonable)
    refuse(
        "invalid_grant",
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and "
        "exp values in the JWT claim.");
}

}  // namespace tenon::sandbox
