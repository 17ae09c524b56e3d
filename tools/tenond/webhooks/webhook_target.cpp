#include "webhooks/webhook_target.hpp"

#include "platform/http_client/origin.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace tenon::tenond {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_url = 2'048;
constexpr std::size_t longest_operation_id = 255;
constexpr std::size_t shortest_token = 16;
constexpr std::size_t longest_token = 255;
constexpr std::size_t shortest_credentials = 32;
constexpr std::size_t longest_credentials = 4'096;

error wrong(std::string_view member, std::string suggestion) {
  auto made = make_error("INVALID_REQUEST", "The push_notification_config cannot be used.");
  made.field = "push_notification_config." + std::string(member);
  made.suggestion = std::move(suggestion);
  return made;
}

/// Nothing: there is none. An error: it is no text, or none of a permitted length.
result<std::optional<std::string>> text(const json::object& in, std::string_view name, std::string_view member,
                                        std::size_t shortest, std::size_t longest) {
  const auto* const found = in.if_contains(name);
  if (found == nullptr) return std::optional<std::string>();
  const auto* const held = found->if_string();
  if (held == nullptr || held->size() < shortest || held->size() > longest) {
    return wrong(member, "Send a text of " + std::to_string(shortest) + " to " + std::to_string(longest) + " bytes.");
  }
  return std::optional<std::string>(std::in_place, held->data(), held->size());
}

bool is_visible(std::string_view value) noexcept {
  return std::ranges::all_of(value, [](char each) { return each > 0x20 && each < 0x7f; });
}

bool has_control(std::string_view value) noexcept {
  return std::ranges::any_of(value, [](unsigned char each) { return each < 0x20 || each == 0x7f; });
}

/// Whether resolvers take the name for an IPv4 address: its last label is a number, as in "127.1", "0x7f.1" and
/// "2130706433". No top-level domain is one.
bool spells_an_address(std::string_view host) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);
  const auto last = host.substr(host.rfind('.') + 1);
  const bool is_hex = last.starts_with("0x");
  return std::ranges::all_of(is_hex ? last.substr(2) : last, [=](char each) {
    return (each >= '0' && each <= '9') || (is_hex && each >= 'a' && each <= 'f');
  });
}

bool is_localhost(std::string_view host) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);
  return host == "localhost" || host.ends_with(".localhost");
}

/// Empty: it may be sent to, as far as its text tells.
std::string why_not(const outbound::target& to, webhook_reach reach) {
  const bool near = reach == webhook_reach::loopback_too;
  if (to.is_address) {
    boost::system::error_code failed;
    const auto address = boost::asio::ip::make_address(to.host, failed);
    const bool fine = near && !failed && may_reach(address, webhook_reach::loopback_too) &&
                      !may_reach(address, webhook_reach::outside);
    return fine ? "" : "Send a URL whose host is a public name, not an address.";
  }
  if (spells_an_address(to.host)) return "Send a URL whose host is a public name, not an address.";
  if (near) return "";
  if (!to.tls) return "Send an https URL.";
  return is_localhost(to.host) ? "Send a URL whose host is a public name." : "";
}

result<void> read_authentication(const json::object& config, webhook_target& into) {
  const auto* const found = config.if_contains("authentication");
  if (found == nullptr) return {};
  const auto* const given = found->if_object();
  if (given == nullptr) return wrong("authentication", "Send an object with schemes and credentials.");
  const auto* const schemes = given->if_contains("schemes");
  const auto* const names = schemes == nullptr ? nullptr : schemes->if_array();
  const auto* const name = names == nullptr || names->size() != 1 ? nullptr : names->front().if_string();
  if (name != nullptr && *name == "Bearer")
    into.scheme = webhook_scheme::bearer;
  else if (name != nullptr && *name == "HMAC-SHA256")
    into.scheme = webhook_scheme::hmac_sha256;
  else
    return wrong("authentication.schemes", "Send one of [\"Bearer\"] and [\"HMAC-SHA256\"].");
  constexpr std::string_view member = "authentication.credentials";
  auto credentials = text(*given, "credentials", member, shortest_credentials, longest_credentials);
  if (!credentials) return credentials.error();
  if (!*credentials) return wrong(member, "Send the credentials that the scheme needs.");
  if (into.scheme == webhook_scheme::bearer && !is_visible(**credentials))
    return wrong(member, "Send a token of visible ASCII characters.");
  into.credentials = **std::move(credentials);
  return {};
}

}  // namespace

result<webhook_target> read_webhook_target(const json::object& config, webhook_reach reach) {
  auto url = text(config, "url", "url", 1, longest_url);
  if (!url) return url.error();
  if (!*url) return wrong("url", "Send the URL of the receiver.");
  const auto to = outbound::parse_target(**url);
  if (!to) return wrong("url", "Send an absolute https URL, without a user, a password or spaces in it.");
  if (auto reason = why_not(*to, reach); !reason.empty()) return wrong("url", std::move(reason));

  webhook_target made{.url = **std::move(url), .host = to->host, .reach = reach};
  auto operation = text(config, "operation_id", "operation_id", 0, longest_operation_id);
  if (!operation) return operation.error();
  made.operation_id = (*operation).value_or("");
  auto token = text(config, "token", "token", shortest_token, longest_token);
  if (!token) return token.error();
  made.token = (*token).value_or("");
  if (has_control(made.token)) return wrong("token", "Send a text without control characters.");
  if (const auto read = read_authentication(config, made); !read) return read.error();
  return made;
}

}  // namespace tenon::tenond
