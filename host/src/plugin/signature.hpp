#pragma once

#include <tenon/error.hpp>

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

/// Ed25519 signatures of plugins, and the keys that make and check signatures of any kind (RFC 8032, section 5.1:
/// PureEdDSA, empty context).
///
/// A signature stands beside its plugin, in NAME.so.sig, three lines of ASCII:
///
///     tenon plugin signature v1
///     key 0f1e2d3c4b5a6978
///     ed25519 BASE64-OF-THE-64-BYTES==
///
/// `key` is key_id() of the public key. What is signed is signed_message(): it names its purpose, so that no signature
/// made for something else fits, and the plugin, so that a signed gam.so cannot be put in the place of kevel.so. There
/// is one way to write a signature; any other byte, and be it a line end, is refused.
namespace tenon {

struct public_key {
  std::array<unsigned char, 32> bytes{};
  std::filesystem::path file;  ///< where it was read
};

struct plugin_signature {
  std::string key_id;
  std::array<unsigned char, 64> bytes{};
};

/// The first 16 hex digits of the SHA-256 of the key's 32 bytes: enough to find a key, no proof of anything.
std::string key_id(const public_key& key);

/// "tenon plugin v1\nname NAME\nsha256 HEX\n". Neither can contain a line end.
std::string signed_message(std::string_view name, std::string_view content_hash);

std::string render(const plugin_signature& signature);

/// Errors: anything but what render() makes. `path` is for messages.
result<plugin_signature> parse_signature(std::string_view text, const std::filesystem::path& path);

/// Whether the owner of the key signed the message.
bool verifies(const public_key& key, const plugin_signature& signature, std::string_view message);

/// Reads a PEM file with one Ed25519 public key. It must belong to root or the host's user, and nobody else may write
/// to it: whoever can change it can sign. Errors: not there, unreadable, distrusted, something else in it.
result<public_key> read_public_key(const std::filesystem::path& file);

/// An Ed25519 private key in memory. A value; copies share it.
///
/// Threads     Any, concurrently.
class private_key {
 public:
  /// Reads a PEM file that only its owner can read. `maker` is the command that makes one, for messages. Errors: not
  /// there, open to others, encrypted, something else in it.
  static result<private_key> read(const std::filesystem::path& file, std::string_view maker);

  const public_key& owner() const noexcept { return owner_; }  ///< without a file
  std::array<unsigned char, 64> sign(std::string_view message) const;

 private:
  private_key(std::shared_ptr<void> key, const public_key& owner) : key_(std::move(key)), owner_(owner) {}

  std::shared_ptr<void> key_;
  public_key owner_;
};

/// Signs with the private key of a file. Errors: those of private_key::read().
result<plugin_signature> sign(const std::filesystem::path& file, std::string_view message);

/// A new pair of keys as PEM.
struct key_pair {
  std::string private_pem;
  std::string public_pem;
};
key_pair make_key_pair();

/// The largest signature or key file that is looked at.
inline constexpr std::size_t largest_key_file = 16u << 10;

}  // namespace tenon
