#pragma once

#include "plugin/signature.hpp"

#include <tenon/clock.hpp>
#include <tenon/error.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Webhooks signed by RFC 9421, which AdCP 3.0 asks for unless the buyer gave an `authentication`: with Ed25519, under
/// the tag "adcp/webhook-signing/v1". The receiver finds the key by brand.json and its JWKS (RFC 7517).
///
/// Source      RFC 9421 (HTTP Message Signatures), RFC 9530 (Content-Digest); AdCP 3.0, "Webhook callbacks" and "URL
///             canonicalization". The signature is base64url without padding, as AdCP asks. So it does of the digest,
///             too, but its own vectors and signer have the base64 of RFC 9530 there, which verifiers should read.
namespace tenon::tenond {

inline constexpr std::string_view webhook_signing_profile = "adcp/webhook-signing/v1";  ///< the tag, too
inline constexpr std::chrono::seconds signature_lifetime{300};                          ///< the longest there is

/// What is signed beside the request itself. `nonce` is base64url of 16 random bytes or more.
struct signature_params {
  std::chrono::sys_seconds created;
  std::string nonce;
  std::string key_id;
};

/// "sha-256=:...:" of a body.
std::string content_digest(std::string_view body);

/// The URI as both sides sign it, and its authority. Nothing: not an absolute http or https URL that can be sent to.
struct signed_target {
  std::string uri;
  std::string authority;
};
std::optional<signed_target> canonical_target(std::string_view url);

/// The same URL with the escapes of its query in normal form: what is to be sent when it is signed. *Rationale:* AdCP
/// has verifiers that normalise the query and such that take it as it came; these bytes are the same to both.
std::string signable_url(std::string_view url);

/// `("@method" ...);created=...;tag="..."`: what stands in Signature-Input after the label.
std::string signature_input(const signature_params& params);

/// RFC 9421, 2.5, of a POST of JSON. `digest` is the Content-Digest as it is sent.
std::string signature_base(const signed_target& target, std::string_view digest, std::string_view input);

/// Who signs webhooks. Immutable.
///
/// Threads     Any.
class webhook_signer {
 public:
  /// `key_file` is a PEM file with an Ed25519 private key that only its owner can read. An empty `key_id` is made of
  /// the key. Errors: those of private_key::read(); a key id that is_key_id() refuses.
  static result<webhook_signer> load(const std::filesystem::path& key_file, std::string key_id = {});

  const std::string& key_id() const noexcept { return key_id_; }

  /// Content-Digest, Signature-Input and Signature of one try. Empty: the URL is none.
  std::vector<std::pair<std::string, std::string>> sign(std::string_view url, std::string_view body, wall_time now,
                                                        std::string nonce) const;
  /// With a nonce of this machine. Empty also when it has none to give.
  std::vector<std::pair<std::string, std::string>> sign(std::string_view url, std::string_view body,
                                                        wall_time now) const;

  /// {"keys": [...]}, the public key alone, for receivers.
  std::string jwks() const;

 private:
  webhook_signer(private_key key, std::string key_id) : key_(std::move(key)), key_id_(std::move(key_id)) {}

  private_key key_;
  std::string key_id_;
};

/// Whether a text can name a key: 1 to 128 letters, digits, '.', '_', ':' and '-'.
bool is_key_id(std::string_view text) noexcept;

}  // namespace tenon::tenond
