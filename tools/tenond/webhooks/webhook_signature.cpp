#include "webhooks/webhook_signature.hpp"

#include "platform/http_client/origin.hpp"
#include "platform/signature.hpp"

#include <openssl/evp.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace tenon::tenond {
namespace {

namespace json = boost::json;

constexpr std::string_view label = "sig1";  // verifiers look for it by this name
constexpr std::string_view covered = R"(("@method" "@target-uri" "@authority" "content-type" "content-digest"))";
constexpr std::size_t nonce_bytes = 16;
constexpr std::size_t longest_key_id = 128;

/// Without padding (RFC 4648, 5).
std::string base64url(std::span<const unsigned char> bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string made;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const auto each : bytes) {
    held = (held << 8 | each) & 0xffffu;
    for (bits += 8; bits >= 6; bits -= 6) made += alphabet[held >> (bits - 6) & 63u];
  }
  if (bits > 0) made += alphabet[held << (6 - bits) & 63u];
  return made;
}

bool is_unreserved(unsigned char each) noexcept {
  return (each >= 'A' && each <= 'Z') || (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') || each == '-' ||
         each == '.' || each == '_' || each == '~';
}

int hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/// RFC 3986, 6.2.2.1 and 6.2.2.2: upper-case hex digits, and nothing encoded that need not be.
std::string normal_escapes(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high < 0 ? -1 : hex_value(text[i + 2]);
    if (low < 0) {
      made += text[i];
      continue;
    }
    const auto byte = static_cast<unsigned char>(high * 16 + low);
    if (is_unreserved(byte))
      made += static_cast<char>(byte);
    else
      made.append({'%', digits[byte >> 4], digits[byte & 15u]});
    i += 2;
  }
  return made;
}

/// RFC 3986, 5.2.4, of a path that begins with a slash. Empty segments stay.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool ends_open = false;  // after "." or ".." nothing but the slash before it is left
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    ends_open = segment == "." || segment == "..";
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!ends_open) kept.push_back(segment);
  }
  std::string made;
  for (const auto segment : kept) made.append("/").append(segment);
  return ends_open || made.empty() ? made + '/' : made;
}

}  // namespace

std::string content_digest(std::string_view body) {
  std::array<unsigned char, 32> hash{};
  static_cast<void>(digest("SHA-256", body, hash));
  std::array<unsigned char, 45> letters{};  // four for three bytes, and a zero
  ::EVP_EncodeBlock(letters.data(), hash.data(), static_cast<int>(hash.size()));
  return std::string("sha-256=:") + reinterpret_cast<const char*>(letters.data()) + ':';
}

std::optional<signed_target> canonical_target(std::string_view url) {
  const auto to = outbound::parse_target(url);
  if (!to) return std::nullopt;
  const std::string_view resource = to->path;
  const auto path = resource.substr(0, resource.find('?'));
  return signed_target{.uri = (to->tls ? "https://" : "http://") + to->authority + normal_escapes(without_dots(path)) +
                              normal_escapes(resource.substr(path.size())),
                       .authority = to->authority};
}

std::string signable_url(std::string_view url) {
  const auto path_ends = std::min(url.find('?'), url.size());
  return std::string(url.substr(0, path_ends)) + normal_escapes(url.substr(path_ends));
}

std::string signature_input(const signature_params& params) {
  const auto created = params.created.time_since_epoch();
  return std::string(covered) + ";created=" + std::to_string(created.count()) +
         ";expires=" + std::to_string((created + signature_lifetime).count()) + ";nonce=\"" + params.nonce +
         "\";keyid=\"" + params.key_id + "\";alg=\"ed25519\";tag=\"" + std::string(webhook_signing_profile) + '"';
}

std::string signature_base(const signed_target& target, std::string_view digest, std::string_view input) {
  std::string made = "\"@method\": POST\n\"@target-uri\": " + target.uri + "\n\"@authority\": " + target.authority +
                     "\n\"content-type\": application/json\n\"content-digest\": ";
  return made.append(digest).append("\n\"@signature-params\": ").append(input);
}

bool is_key_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= longest_key_id && std::ranges::all_of(text, [](unsigned char each) {
    return each == ':' || (each != '~' && is_unreserved(each));
  });
}

result<webhook_signer> webhook_signer::load(const std::filesystem::path& key_file, std::string key_id) {
  auto key = private_key::read(key_file, "tenonctl webhook keygen");
  if (!key) return key.error();
  if (key_id.empty()) key_id = tenon::key_id(key->owner());
  if (!is_key_id(key_id)) {
    return make_error("CONFIGURATION_ERROR", "The server is not configured correctly.",
                      "expected the id of a key to be 1 to " + std::to_string(longest_key_id) +
                          " letters, digits, '.', '_', ':' and '-', found \"" + key_id + '"');
  }
  return webhook_signer(std::move(*key), std::move(key_id));
}

std::vector<std::pair<std::string, std::string>> webhook_signer::sign(std::string_view url, std::string_view body,
                                                                      wall_time now, std::string nonce) const {
  const auto target = canonical_target(url);
  if (!target) return {};
  auto digest = content_digest(body);
  auto input = signature_input(
      {.created = std::chrono::floor<std::chrono::seconds>(now), .nonce = std::move(nonce), .key_id = key_id_});
  const auto signature = base64url(key_.sign(signature_base(*target, digest, input)));
  const std::string name(label);
  return {{"Content-Digest", std::move(digest)},
          {"Signature-Input", name + '=' + input},
          {"Signature", name + "=:" + signature + ':'}};
}

std::vector<std::pair<std::string, std::string>> webhook_signer::sign(std::string_view url, std::string_view body,
                                                                      wall_time now) const {
  std::array<unsigned char, nonce_bytes> nonce{};
  if (!random_bytes(nonce)) return {};
  return sign(url, body, now, base64url(nonce));
}

std::string webhook_signer::jwks() const {
  json::object key{
      {"kty", "OKP"}, {"crv", "Ed25519"},      {"x", base64url(key_.owner().bytes)}, {"kid", key_id_}, {"alg", "EdDSA"},
      {"use", "sig"}, {"key_ops", {"verify"}}, {"adcp_use", "webhook-signing"}};
  return json::serialize(json::object{{"keys", json::array{std::move(key)}}});
}

}  // namespace tenon::tenond
