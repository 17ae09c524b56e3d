#include "token.hpp"

#include "errors.hpp"

#include "../sales/field.hpp"
#include "../sales/retry.hpp"

#include <tenon/sdk/text.hpp>

#include <boost/json/serialize.hpp>

namespace tenon::gam {
namespace {

constexpr std::string_view secret_name = "service_account";
constexpr std::string_view grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::chrono::seconds assertion_lifetime{3600};  // the longest Google accepts
constexpr std::chrono::seconds early{300};
constexpr std::int64_t handover_format = 1;  // another one is taken for nothing

}  // namespace

token_source::token_source(sdk::platform_context context, std::string scope)
    : context_(std::move(context)), scope_(std::move(scope)) {
  auto const& left = context_.inherited();
  if (!left.contains("format") || left.at("format") != handover_format || left.at("scope").as_string() != scope_) {
    return;
  }
  // Both platforms live in one process, and so by one steady clock.
  std::chrono::steady_clock::time_point const until{std::chrono::nanoseconds{left.at("refresh_at_ns").as_int64()}};
  if (context_.time().steady() < until) {
    token_ = left.at("access_token").as_string();
    refresh_at_ = until;
  }
}

sdk::json::object token_source::hand_over() const {
  if (token_.empty() || context_.time().steady() >= refresh_at_) {
    return {};
  }
  return {{"format", handover_format},
          {"scope", scope_},
          {"access_token", token_},
          {"refresh_at_ns", std::chrono::nanoseconds{refresh_at_.time_since_epoch()}.count()}};
}

sdk::task<std::string> token_source::token(sales::deadline until) {
  if (!token_.empty() && context_.time().steady() < refresh_at_) {
    co_return token_;
  }
  auto operation = fetch();
  if (!until) {
    co_return co_await refresh_.join(std::move(operation));
  }
  auto const left = *until - context_.time().steady();
  co_return co_await refresh_.join_for(std::move(operation), context_.timers(), left);
}

void token_source::drop(std::string const& refused) {
  if (token_ == refused) {
    token_.clear();
  }
}

std::string token_source::claims(std::string const& audience) const {
  auto const issued = std::chrono::floor<std::chrono::seconds>(context_.time().wall()).time_since_epoch();
  sdk::json::object const body{{"iss", context_.secret(std::string(secret_name)).read("/client_email")},
                               {"scope", scope_},
                               {"aud", audience},
                               {"iat", issued.count()},
                               {"exp", (issued + assertion_lifetime).count()}};
  return sdk::json::serialize(body);
}

sdk::task<std::string> token_source::fetch() {
  auto const secret = context_.secret(std::string(secret_name));
  auto const endpoint = secret.read("/token_uri");
  sdk::json::object const header{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", secret.read("/private_key_id")}};
  auto const signed_part = sdk::base64url(sdk::json::serialize(header)) + "." + sdk::base64url(claims(endpoint));
  std::string to_sign = signed_part;
  auto const signature =
      co_await context_.crypto().sign_rs256(std::string(secret_name), "/private_key", std::move(to_sign));
  auto const assertion = signed_part + "." + sdk::base64url(signature);

  sdk::http_request request("POST", endpoint);
  request.header("content-type", "application/x-www-form-urlencoded");
  request.body(sdk::form_urlencode({{"grant_type", grant_type}, {"assertion", assertion}}));
  sales::patient_http const http(context_, std::nullopt, sales::bounded::waiting);
  auto const response = co_await http.send(std::move(request), sales::handshake_deadline(context_));
  if (!response.arrived()) {
    throw sdk::errors::service_unavailable("The token endpoint " + endpoint + " did not answer: " + response.message());
  }
  if (auto const answer = sales::refusal_in(response)) {
    throw token_error_from(*answer, std::chrono::floor<std::chrono::seconds>(context_.time().wall()));
  }
  auto const granted = sales::object_in(response, false, "The token endpoint " + endpoint + ": ");
  auto token = sales::upstream_text(granted, "access_token");
  if (token.empty()) {
    throw sdk::errors::service_unavailable("The token endpoint " + endpoint + " answered 200 without an access_token");
  }
  std::chrono::seconds const lifetime{sales::upstream_integer(granted, "expires_in")};
  token_ = token;
  refresh_at_ = context_.time().steady() + std::max(lifetime - early, std::chrono::seconds{0});
  co_return token;
}

}  // namespace tenon::gam
