// Goal: with a pin only the bytes that the operator meant pass, whatever else lies in the directory, and each refusal
// says what was found, what was expected and what to do. Method: small files for plugins, for a pin looks at no ELF;
// keys made for each test; every bit of the file and of its signature flipped.
#include "signing.hpp"

#include "plugin/file.hpp"

#include <sys/stat.h>

namespace fs = std::filesystem;
using namespace tenon;
using namespace tenon::testing;

namespace {

/// A plugin directory with gam.so, and two pairs of keys. The host knows the first.
struct signed_world {
  signed_world() {
    write_file(place / "gam.so", "the plugin's bytes");
    settings.plugin_keys = {release.public_key_file()};
    settings.require_pin = true;
  }

  candidate open(const std::string& name = "gam") const {
    auto opened = open_candidate({place.path()}, name);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().operator_detail);
    return std::move(*opened);
  }

  void sign_with(const key_files& keys) const { write_file(place / "gam.so.sig", signature_of(open(), keys)); }

  std::string refusal_of(const candidate& file) const {
    const auto checked = check_pin(file, policy, settings);
    return checked ? std::string() : checked.error().operator_detail;
  }
  std::string refusal_now() const { return refusal_of(open()); }

  scratch_directory place;
  scratch_directory secrets;
  key_files release{secrets / "release"};
  key_files other{secrets / "other"};
  plugin_policy policy;
  host_settings settings;
};

candidate changed(candidate file, std::size_t bit) {
  file.bytes[bit / 8] ^= std::byte(1u << (bit % 8));
  file.content_hash = sha256_hex(file.bytes);
  return file;
}

}  // namespace

TEST_CASE("without pins, keys or the wish for them, any bytes pass and nothing vouches for them") {
  signed_world world;
  world.settings = {};
  write_file(world.place / "gam.so.sig", "nobody can check this");
  CHECK(*check_pin(world.open(), {}, world.settings) == pin{});
}

TEST_CASE("a hash in the policy pins the content, and whoever vouches is named") {
  signed_world world;
  world.policy.sha256 = {std::string(64, 'a'), world.open().content_hash};
  world.policy.place = {"tenon.toml", 7};
  const auto pinned = check_pin(world.open(), world.policy, world.settings);
  REQUIRE(pinned.has_value());
  CHECK(pinned->by == pin::kind::hash);
  CHECK(pinned->what == "plugins.gam.sha256 (tenon.toml:7)");
}

TEST_CASE("with hashes in the policy other bytes are refused, although a signature is right") {
  signed_world world;
  world.policy.sha256 = {std::string(64, 'a'), std::string(64, 'b')};
  world.policy.place = {"tenon.toml", 7};
  world.sign_with(world.release);
  const auto found = world.refusal_now();
  CHECK_MESSAGE(
      says(found, "gam.so: refused (pin): expected a content of plugins.gam.sha256 (tenon.toml:7): " +
                      std::string(64, 'a') + ", " + std::string(64, 'b') + ", found " + world.open().content_hash),
      found);
  CHECK(says(found, "tenonctl plugin verify"));
}

TEST_CASE("every flipped bit of a pinned file is refused") {
  signed_world world;
  const auto file = world.open();
  world.policy.sha256 = {file.content_hash};
  REQUIRE(world.refusal_of(file) == "");
  for (std::size_t bit = 0; bit < file.bytes.size() * 8; ++bit) {
    CAPTURE(bit);
    CHECK(world.refusal_of(changed(file, bit)) != "");
  }
}

TEST_CASE("a signature by a known key pins the content, and the key is named") {
  signed_world world;
  world.sign_with(world.release);
  world.settings.plugin_keys = {world.other.public_key_file(), world.release.public_key_file()};
  const auto pinned = check_pin(world.open(), world.policy, world.settings);
  REQUIRE_MESSAGE(pinned.has_value(), pinned.error().operator_detail);
  CHECK(pinned->by == pin::kind::signature);
  CHECK(pinned->what == "key " + key_id(*read_public_key(world.release.public_key_file())) + " (" +
                            world.release.public_key_file().string() + ")");
}

TEST_CASE("every flipped bit of a signed file is refused") {
  signed_world world;
  world.sign_with(world.release);
  const auto file = world.open();
  REQUIRE(world.refusal_of(file) == "");
  for (std::size_t bit = 0; bit < file.bytes.size() * 8; ++bit) {
    CAPTURE(bit);
    CHECK(says(world.refusal_of(changed(file, bit)), "found one of other bytes"));
  }
}

TEST_CASE("every flipped bit of a signature file is refused, and so is every other length") {
  signed_world world;
  const auto file = world.open();
  const auto right = signature_of(file, world.release);
  for (std::size_t bit = 0; bit < right.size() * 8; ++bit) {
    CAPTURE(bit);
    auto wrong = right;
    wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << (bit % 8)));
    write_file(world.place / "gam.so.sig", wrong);
    CHECK(world.refusal_of(file) != "");
  }
  for (std::size_t size = 0; size < right.size(); ++size) {
    CAPTURE(size);
    write_file(world.place / "gam.so.sig", right.substr(0, size));
    CHECK(says(world.refusal_of(file), "that are none; make it again"));
  }
  for (const auto* more : {"\n", " ", "x"}) {
    write_file(world.place / "gam.so.sig", right + more);
    CHECK(world.refusal_of(file) != "");
  }
  write_file(world.place / "gam.so.sig", right);
  CHECK(world.refusal_of(file) == "");
}

TEST_CASE("every flipped bit of the 64 signed bytes is refused, spelled rightly or not") {
  const signed_world world;
  const auto key = read_public_key(world.release.public_key_file());
  REQUIRE(key.has_value());
  const auto message = signed_message("gam", std::string(64, 'a'));
  auto made = *sign(world.release.private_key(), message);
  REQUIRE(verifies(*key, made, message));
  for (std::size_t bit = 0; bit < made.bytes.size() * 8; ++bit) {
    CAPTURE(bit);
    made.bytes[bit / 8] ^= static_cast<unsigned char>(1u << (bit % 8));
    CHECK_FALSE(verifies(*key, made, message));
    made.bytes[bit / 8] ^= static_cast<unsigned char>(1u << (bit % 8));
  }
}

TEST_CASE("the signature is Ed25519 of RFC 8032: its first test vector verifies") {
  const auto bytes_of = []<std::size_t Size>(std::string_view hex, std::array<unsigned char, Size>& into) {
    REQUIRE(hex.size() == 2 * Size);
    for (std::size_t at = 0; at < Size; ++at) {
      into[at] = static_cast<unsigned char>(std::stoi(std::string(hex.substr(2 * at, 2)), nullptr, 16));
    }
  };
  public_key key;
  plugin_signature signature;
  bytes_of("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", key.bytes);
  bytes_of(
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe"
      "24655141438e7a100b",
      signature.bytes);
  CHECK(verifies(key, signature, ""));
  CHECK_FALSE(verifies(key, signature, "x"));
}

TEST_CASE("a signed plugin under the name of another one is refused") {
  signed_world world;
  world.sign_with(world.release);
  fs::copy_file(world.place / "gam.so", world.place / "kevel.so");
  fs::copy_file(world.place / "gam.so.sig", world.place / "kevel.so.sig");
  CHECK(says(world.refusal_of(world.open("kevel")), "of other bytes or of another plugin than \"kevel\""));
  CHECK(world.refusal_now() == "");
}

TEST_CASE("a signature by a key that is not configured is refused, with the keys that are") {
  signed_world world;
  world.sign_with(world.other);
  const auto found = world.refusal_now();
  CHECK_MESSAGE(says(found, "expected a signature by one of host.plugin_keys (" +
                                key_id(*read_public_key(world.release.public_key_file())) + " (" +
                                world.release.public_key_file().string() + ")), found one by key " +
                                key_id(*read_public_key(world.other.public_key_file()))),
                found);
}

TEST_CASE("a wrong signature is refused even if none is required, a missing one is not") {
  signed_world world;
  world.settings.require_pin = false;
  CHECK(world.refusal_now() == "");
  CHECK(check_pin(world.open(), {}, world.settings)->by == pin::kind::none);
  world.sign_with(world.other);
  CHECK(world.refusal_now() != "");
}

TEST_CASE("where pins are required, a plugin with neither is refused with its hash and the way to pin it") {
  signed_world world;
  const auto found = world.refusal_now();
  CHECK_MESSAGE(
      says(found, "expected a hash in plugins.gam.sha256 or a signature " + (world.place / "gam.so.sig").string() +
                      ", for host.require_pin is true; found neither; these bytes have SHA-256 " +
                      world.open().content_hash),
      found);
  CHECK(says(found, "tenonctl plugin sign"));
}

TEST_CASE("where pins are required, a signature that no key can check is refused") {
  signed_world world;
  world.sign_with(world.release);
  world.settings.plugin_keys.clear();
  CHECK(says(world.refusal_now(), "expected a key in host.plugin_keys"));
}

TEST_CASE("a key file that is no trusted public key is told, and breaks only what it has signed") {
  signed_world world;
  world.sign_with(world.release);
  const auto bad = world.secrets / "bad.pem";
  const auto found_with = [&](const std::string& text) {
    write_file(bad, text);
    return world.refusal_now();
  };
  world.settings.plugin_keys = {bad, world.release.public_key_file()};
  CHECK(found_with("no key") == "");

  world.settings.plugin_keys = {bad};
  CHECK(says(world.refusal_now(), bad.string() + ": expected one Ed25519 public key in PEM, found no PEM at all"));
  CHECK(says(found_with(text_of(world.release.private_key())), "found a PRIVATE KEY"));
  const auto right = text_of(world.release.public_key_file());
  CHECK(says(found_with(right + right), "found more than one block"));
  CHECK(says(found_with("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), "found a damaged one"));
  CHECK(says(found_with(std::string(largest_key_file + 1, ' ')), "expected at most 16384 bytes"));
  CHECK(found_with(right) == "");
  fs::permissions(bad, fs::perms(0666));
  CHECK(says(world.refusal_now(), "found mode 0666, writable by everybody"));
  world.settings.plugin_keys = {world.secrets / "gone.pem"};
  CHECK(says(world.refusal_now(), "gone.pem: cannot be opened: No such file or directory (ENOENT)"));
}

TEST_CASE("a key of another kind is refused") {
  signed_world world;
  world.sign_with(world.release);
  // X25519, which has keys of the same size.
  write_file(world.secrets / "bad.pem",
             "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAhSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=\n"
             "-----END PUBLIC KEY-----\n");
  world.settings.plugin_keys = {world.secrets / "bad.pem"};
  CHECK(says(world.refusal_now(), "found a public key of another kind"));
}

TEST_CASE("a signature that is no plain file beneath the directory is refused, and no pipe's writer is waited for") {
  signed_world world;
  const auto path = world.place / "gam.so.sig";
  write_file(world.secrets / "gam.so.sig", signature_of(world.open(), world.release));
  fs::create_symlink(world.secrets / "gam.so.sig", path);
  CHECK(says(world.refusal_now(), "leads out of the plugin directory"));
  fs::remove(path);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(says(world.refusal_now(), "expected a regular file, found a pipe"));
  fs::remove(path);
  fs::create_directory(path);
  CHECK(says(world.refusal_now(), "expected a regular file, found a directory"));
  fs::remove(path);
  fs::create_directory(world.place / "..data");
  fs::copy_file(world.secrets / "gam.so.sig", world.place / "..data/gam.so.sig");
  fs::create_symlink("..data/gam.so.sig", path);
  CHECK(world.refusal_now() == "");
}

TEST_CASE("a private key that others can read signs nothing") {
  const signed_world world;
  fs::permissions(world.release.private_key(), fs::perms(0640));
  const auto made = sign(world.release.private_key(), "x");
  REQUIRE(!made);
  CHECK(says(made.error().operator_detail, "chmod 0600"));
  CHECK(says(sign(world.release.public_key_file(), "x").error().operator_detail, "only its owner can read"));
  fs::permissions(world.release.public_key_file(), fs::perms(0600));
  CHECK(says(sign(world.release.public_key_file(), "x").error().operator_detail, "found a PUBLIC KEY"));
}
