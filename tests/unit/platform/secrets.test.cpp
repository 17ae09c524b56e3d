// Goal: signatures are right by somebody else's check, and secrets are read only where the manifest says so. Method: a
// fresh RSA key, verified with its public half; known digests.
#include "platform/plain_text.hpp"
#include "platform/reply_mapping.hpp"
#include "platform/secret_reader.hpp"
#include "platform/signature.hpp"

#include "print_result.hpp"
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

TEST_CASE("a text that quotes a secret loses it, in whatever form") {
  const auto texts = std::make_shared<const secret_texts>(std::map<std::string, std::string>{
      {"api_key", "k/1234+\"5678\"\n"},
      {"account", R"({"type": "service_account", "private_key": "-----BEGIN\nABCDEFGHIJ",
                      "client_email": "ads@example.iam.gserviceaccount.com"})"}});
  const secret_reader reader(texts, {{"api_key", {""}}});
  CHECK(reader.without_secrets("refused: k/1234+\"5678\"!") == "refused: [secret api_key]!");
  CHECK(reader.without_secrets(R"({"m": "key k/1234+\"5678\""})") == R"({"m": "key [secret api_key]"})");
  CHECK(reader.without_secrets("?key=k%2F1234%2B%225678%22") == "?key=[secret api_key]");
  CHECK(reader.without_secrets(R"(of service_account ads@example.iam.gserviceaccount.com: -----BEGIN\nABCDEFGHIJ)") ==
        "of service_account ads@example.iam.gserviceaccount.com: [secret account]");
  CHECK(reader.without_secrets("nothing here") == "nothing here");
}

TEST_CASE("a credential that the ad server echoes reaches neither the buyer nor the operator") {
  const auto texts =
      std::make_shared<const secret_texts>(std::map<std::string, std::string>{{"api_key", "0123456789abcdef"}});
  const secret_reader reader(texts, {{"api_key", {""}}});
  tenon_reply answer{};
  answer.struct_size = sizeof answer;
  answer.status = TENON_E_FAILED;
  answer.message = abi_text("Invalid key 0123456789abcdef");
  answer.operator_detail = abi_text("401: {\"message\": \"0123456789abcdef\"}");
  answer.details = abi_text("{\"said\": \"0123456789abcdef\"}");
  const auto mapped = map_reply(answer, &reader);
  REQUIRE_FALSE(mapped);
  CHECK(mapped.error().message == "Invalid key [secret api_key]");
  CHECK(mapped.error().operator_detail == "401: {\"message\": \"[secret api_key]\"}");
  CHECK(mapped.error().details == "{\"said\": \"[secret api_key]\"}");
}
