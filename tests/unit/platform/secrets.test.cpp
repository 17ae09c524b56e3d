// Goal: signatures are right by somebody else's check, and secrets are read only where the manifest says so. Method: a
// fresh RSA key, verified with its public half; known digests.
#include "platform/secret_reader.hpp"
#include "platform/signature.hpp"

#include "rsa_key.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace tenon;

namespace {

std::string hex(std::span<const unsigned char> bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const auto byte : bytes) out += {digits[byte >> 4], digits[byte & 0xf]};
  return out;
}

std::span<const unsigned char> bytes_of(const std::string& text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

}  // namespace

TEST_CASE("an RS256 signature verifies with the public key, and only for its text") {
  const testing::rsa_key key;
  const auto signature = sign_rs256(key.private_pem(), "header.claims");
  REQUIRE(signature);
  CHECK(key.verifies("header.claims", *signature));
  CHECK_FALSE(key.verifies("header.other", *signature));
}

TEST_CASE("what is not an RSA private key signs nothing") {
  CHECK_FALSE(sign_rs256("", "text"));
  CHECK_FALSE(sign_rs256("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "text"));
}

TEST_CASE("HS256 is HMAC with SHA-256") {
  // RFC 4231, test case 2.
  const auto signature = sign_hs256("Jefe", "what do ya want for nothing?");
  REQUIRE(signature);
  CHECK(hex(bytes_of(*signature)) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK_FALSE(sign_hs256("", "text"));
}

TEST_CASE("digests are those of the standards") {
  std::array<unsigned char, 32> out{};
  CHECK(digest_size("SHA-256") == 32);
  CHECK(digest_size("MD5") == 16);
  CHECK(digest_size("SHA-1") == 0);
  REQUIRE(digest("SHA-256", "abc", out));
  CHECK(hex(out) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  REQUIRE(digest("MD5", "abc", out));
  CHECK(hex(std::span(out).first(16)) == "900150983cd24fb0d6963f7d28e17f72");
  CHECK_FALSE(digest("SHA-256", "abc", std::span(out).first(8)));
}

TEST_CASE("a secret is found whole, or by a pointer into its JSON") {
  const secret_reader secrets(
      std::make_shared<const secret_texts>(std::map<std::string, std::string>{
          {"account", R"({"client_email":"a@b","nested":{"key":"k"},"number":1})"}, {"plain", "{not json"}}),
      {{"account", {"/client_email"}}});
  CHECK(secrets.find("account", "/client_email") == "a@b");
  CHECK(secrets.find("account", "/nested/key") == "k");
  CHECK(secrets.find("plain", "") == "{not json");
  CHECK_FALSE(secrets.find("account", "/number"));
  CHECK_FALSE(secrets.find("account", "/absent"));
  CHECK_FALSE(secrets.find("account", "no pointer"));
  CHECK_FALSE(secrets.find("plain", "/a"));
  CHECK_FALSE(secrets.find("unknown", ""));
}

TEST_CASE("only the listed places of a secret are readable") {
  const secret_reader secrets(nullptr, {{"account", {"/client_email"}}});
  CHECK(secrets.readable("account", "/client_email"));
  CHECK_FALSE(secrets.readable("account", ""));
  CHECK_FALSE(secrets.readable("account", "/private_key"));
  CHECK_FALSE(secrets.readable("other", ""));
}
