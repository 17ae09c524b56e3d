// Goal: what is signed is what the release's test vectors say, to the byte, and a receiver with the published key can
// check it. Method: the vectors, and a key in a file.
#include "webhooks/webhook_signature.hpp"

#include "state_directory.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>

#include <sys/stat.h>

#include <fstream>
#include <map>
#include <sstream>

using namespace tenon;
using namespace tenon::tenond;
namespace json = boost::json;

namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view padded = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Of base64url, and of base64.
std::string decoded(std::string_view text) {
  std::string bytes;
  unsigned held = 0;
  unsigned bits = 0;
  for (const char each : text.substr(0, text.find('='))) {
    const auto at = letters.find(each);
    const auto value = at != letters.npos ? at : padded.find(each);
    REQUIRE(value != padded.npos);
    held = (held << 6 | static_cast<unsigned>(value)) & 0xffffu;
    bits += 6;
    if (bits >= 8) bytes += static_cast<char>(held >> (bits -= 8) & 0xffu);
  }
  return bytes;
}

std::string encoded(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned held = 0;
    for (std::size_t j = 0; j < 3; ++j)
      held = held << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (unsigned j = 0; j < 4; ++j) text += i + j > bytes.size() ? '=' : padded[held >> (18 - 6 * j) & 63u];
  }
  return text;
}

std::string text(const json::value& in, std::string_view member) { return std::string(in.at(member).as_string()); }

/// Between the colons: "sig1=:...:".
std::string binary(std::string_view header) {
  const auto begin = header.find(':') + 1;
  return decoded(header.substr(begin, header.rfind(':') - begin));
}

const json::value& vectors() {
  static const json::value read = [] {
    std::ostringstream all;
    all << std::ifstream(TENON_SIGNING_VECTORS).rdbuf();
    return json::parse(all.str());
  }();
  return read;
}

/// The key of the vectors, as a file.
class key_file {
 public:
  explicit key_file(mode_t mode = 0600) {
    std::filesystem::create_directories(at_.root());
    const auto pkcs8 = decoded("MC4CAQAwBQYDK2VwBCIEIA") + decoded(text(vectors().at("key"), "d"));
    std::ofstream(path()) << "-----BEGIN PRIVATE KEY-----\n" << encoded(pkcs8) << "\n-----END PRIVATE KEY-----\n";
    REQUIRE(::chmod(path().c_str(), mode) == 0);
  }
  std::filesystem::path path() const { return at_.root() / "key.pem"; }
  webhook_signer signer(std::string id = {}) const { return webhook_signer::load(path(), std::move(id)).value(); }

 private:
  const testing::state_directory at_;
};

std::map<std::string, std::string> as_map(const std::vector<std::pair<std::string, std::string>>& headers) {
  return {headers.begin(), headers.end()};
}

}  // namespace

TEST_CASE("the release's vectors are signed to the byte") {
  const key_file key;
  const auto own = private_key::read(key.path(), "x").value();
  REQUIRE(vectors().at("signatures").as_array().size() >= 5);
  for (const auto& each : vectors().at("signatures").as_array()) {
    CAPTURE(text(each, "name"));
    const auto input =
        signature_input({.created = std::chrono::sys_seconds(std::chrono::seconds(each.at("created").as_int64())),
                         .nonce = text(each, "nonce"),
                         .key_id = text(vectors().at("key"), "kid")});
    CHECK("sig1=" + input == text(each, "signature_input"));
    const auto target = canonical_target(text(each, "url"));
    REQUIRE(target);
    const auto base = signature_base(*target, text(each, "content_digest"), input);
    CHECK(base == text(each, "base"));
    const auto signature = own.sign(base);
    CHECK(std::string(signature.begin(), signature.end()) == binary(text(each, "signature")));
    CHECK(content_digest(text(each, "body")) == text(each, "content_digest"));
  }
}

TEST_CASE("a URL is signed in its canonical form") {
  for (const auto& each : vectors().at("targets").as_array()) {
    CAPTURE(text(each, "name"));
    const auto target = canonical_target(text(each, "url"));
    REQUIRE(target.has_value() == each.as_object().contains("uri"));
    if (!target) continue;
    CHECK(target->uri == text(each, "uri"));
    CHECK(target->authority == text(each, "authority"));
  }
  CHECK(canonical_target("http://127.0.0.1:80/p").value().uri == "http://127.0.0.1/p");
  CHECK(canonical_target("https://a.example/..").value().uri == "https://a.example/");
  CHECK(canonical_target("https://a.example/b/c/..").value().uri == "https://a.example/b/");
  CHECK(canonical_target("https://a.example/b/.").value().uri == "https://a.example/b/");
  CHECK(canonical_target("https://a.example/p?x=%7e%2f..").value().uri == "https://a.example/p?x=~%2F..");
}

TEST_CASE("the query of what is signed is sent as it is signed") {
  CHECK(signable_url("https://a.example/%7e/p?x=%7e%2f..&y=%zz%") == "https://a.example/%7e/p?x=~%2F..&y=%zz%");
  CHECK(signable_url("https://a.example/%7e") == "https://a.example/%7e");
  for (const auto& each : vectors().at("targets").as_array()) {
    const auto sent = signable_url(text(each, "url"));
    const auto target = canonical_target(sent);
    if (!target) continue;
    CHECK(target->uri == text(each, "uri"));
    CHECK(target->uri.ends_with(sent.substr(std::min(sent.find('?'), sent.size()))));
  }
}

TEST_CASE("each try has a signature of its own, which the published key vouches for") {
  const key_file key;
  const auto signer = key.signer("tenon:2026-11");
  const auto published = json::parse(signer.jwks()).at("keys");
  REQUIRE(published.as_array().size() == 1);
  const auto& jwk = published.at(0);
  CHECK(text(jwk, "kid") == "tenon:2026-11");
  CHECK(text(jwk, "x") == text(vectors().at("key"), "x"));
  CHECK(text(jwk, "adcp_use") == "webhook-signing");
  CHECK(text(jwk, "alg") == "EdDSA");
  CHECK(!jwk.as_object().contains("d"));

  const auto url = "https://Buyer.example:443/hook?a=1";
  const wall_time now{std::chrono::milliseconds(1'776'520'800'999)};
  const auto first = as_map(signer.sign(url, "{}", now));
  const auto again = as_map(signer.sign(url, "{}", now));
  const auto later = as_map(signer.sign(url, "{}", now + std::chrono::seconds(2)));
  REQUIRE(first.size() == 3);
  CHECK(first.at("Content-Digest") == again.at("Content-Digest"));
  CHECK(first.at("Content-Digest") == "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:");
  CHECK(first.at("Signature-Input") != again.at("Signature-Input"));  // the nonce
  CHECK(first.at("Signature-Input").find(";created=1776520800;expires=1776521100;") != std::string::npos);
  CHECK(later.at("Signature-Input").find(";created=1776520802;") != std::string::npos);

  public_key owner;
  const auto x = decoded(text(jwk, "x"));
  std::copy(x.begin(), x.end(), owner.bytes.begin());
  for (const auto& headers : {first, again, later}) {
    plugin_signature made;
    const auto bytes = binary(headers.at("Signature"));
    REQUIRE(bytes.size() == made.bytes.size());
    std::copy(bytes.begin(), bytes.end(), made.bytes.begin());
    const auto input = headers.at("Signature-Input").substr(5);
    CHECK(verifies(
        owner, made,
        signature_base({"https://buyer.example/hook?a=1", "buyer.example"}, headers.at("Content-Digest"), input)));
  }
}

TEST_CASE("a key that others can read, a file that is none and an id that could not be quoted are refused") {
  const key_file key;
  CHECK(key.signer().key_id().size() == 16);
  CHECK(webhook_signer::load(key.path(), "a\"b").error().operator_detail.find("a\"b") != std::string::npos);
  CHECK(webhook_signer::load(key.path(), std::string(129, 'a')).has_error());
  CHECK(webhook_signer::load(key.path().parent_path() / "none.pem").has_error());
  const key_file open(0644);
  CHECK(webhook_signer::load(open.path()).error().operator_detail.find("only its owner") != std::string::npos);
  std::ofstream(key.path()) << "no key\n";
  CHECK(webhook_signer::load(key.path()).error().operator_detail.find("tenonctl webhook keygen") != std::string::npos);
}
