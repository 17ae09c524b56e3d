// Goal: what a buyer sends becomes a target or an error that names the member. Method: tables.
#include "webhooks/webhook_target.hpp"

#include "print_result.hpp"

#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace tenon::tenond;
using namespace std::literals;
namespace json = boost::json;

namespace {

const std::string secret(32, 's');

json::object with(std::string_view url) { return {{"url", url}}; }

std::string field_of(const tenon::result<webhook_target>& read) {
  if (read) return "none";
  CHECK(read.error().code == "INVALID_REQUEST");
  CHECK(read.error().suggestion != "");
  return read.error().field;
}

std::string refused(const json::object& config, webhook_reach reach = webhook_reach::outside) {
  return field_of(read_webhook_target(config, reach));
}

json::object authentication(json::value schemes, json::value credentials) {
  auto config = with("https://buyer.example/");
  config["authentication"] = json::object{{"schemes", std::move(schemes)}, {"credentials", std::move(credentials)}};
  return config;
}

}  // namespace

TEST_CASE("a whole config is read, and what is unknown in it left alone") {
  auto config = authentication(json::array{"HMAC-SHA256"}, json::value(secret));
  config["url"] = "https://Hooks.Buyer.example:8443/adcp/op?x=1";
  config["operation_id"] = "op_456";
  config["token"] = "0123456789abcdef";
  config["other"] = json::object();
  const auto read = read_webhook_target(config, webhook_reach::outside);
  REQUIRE(read.has_value());
  CHECK(read->url == "https://Hooks.Buyer.example:8443/adcp/op?x=1");
  CHECK(read->host == "hooks.buyer.example");
  CHECK(read->operation_id == "op_456");
  CHECK(read->token == "0123456789abcdef");
  CHECK(read->scheme == webhook_scheme::hmac_sha256);
  CHECK(read->credentials == secret);
  CHECK(read->reach == webhook_reach::outside);
}

TEST_CASE("a URL alone is enough") {
  const auto read = read_webhook_target(with("https://buyer.example"), webhook_reach::outside);
  REQUIRE(read.has_value());
  CHECK(read->scheme == webhook_scheme::none);
  CHECK(read->token == "");
}

TEST_CASE("to the outside a URL is https to a public name") {
  for (const auto* url : {"",
                          "buyer.example",
                          "/hook",
                          "ftp://buyer.example/",
                          "http://buyer.example/",
                          "http://127.0.0.1/",
                          "http://localhost/",
                          "https://user@buyer.example/",
                          "https://user:pw@buyer.example/",
                          "https://8.8.8.8/",
                          "https://127.0.0.1/",
                          "https://[::1]/",
                          "https://[2606:4700::1111]/",
                          "https://[::ffff:127.0.0.1]/",
                          "https://127.1/",
                          "https://2130706433/",
                          "https://0x7f000001/",
                          "https://0x7f.0.0.1/",
                          "https://0177.0.0.1/",
                          "https://127.0.0.1./",
                          "https://0/",
                          "https://x.1/",
                          "https://localhost/",
                          "https://localhost./",
                          "https://LOCALHOST/",
                          "https://a.localhost/",
                          "https://buyer.example:0/",
                          "https://buyer.example:65536/",
                          "https://buyer.example:x/",
                          "https://",
                          "https:///hook",
                          "https://buyer .example/",
                          "https://buyer.example/ x",
                          "https://buyer.example/\r\nHost: x",
                          "https://b\xc3\xbcyer.example/",
                          "https://127.0.0.1.example/"}) {
    CAPTURE(url);
    CHECK(refused(with(url)) == "push_notification_config.url");
  }
  for (const auto* url : {"https://buyer.example/", "https://buyer.example:1/", "https://buyer.example:65535/hook",
                          "https://xn--byer-0ra.example/a%20b", "https://buyer.example./", "https://1.example/"}) {
    CAPTURE(url);
    CHECK(refused(with(url)) == "none");
  }
}

TEST_CASE("a sandbox's URL may be one of loopback, and of no other address") {
  for (const auto* url : {"http://127.0.0.1:8080/step/a/b", "http://localhost:1/", "http://[::1]/",
                          "https://127.9.9.9/", "https://localhost/", "https://buyer.example/"}) {
    CAPTURE(url);
    CHECK(refused(with(url), webhook_reach::loopback_too) == "none");
  }
  for (const auto* url : {"http://10.0.0.1/", "https://10.0.0.1/", "https://192.168.1.1/", "https://169.254.169.254/",
                          "https://8.8.8.8/", "https://[fe80::1]/", "https://[::ffff:10.0.0.1]/", "https://0.0.0.0/",
                          "https://[::]/", "http://buyer.example/", "http://0/", "https://2130706433/"}) {
    CAPTURE(url);
    CHECK(refused(with(url), webhook_reach::loopback_too) == "push_notification_config.url");
  }
}

TEST_CASE("members are bounded") {
  const auto longest = "https://buyer.example/" + std::string(2'048 - 22, 'a');
  CHECK(refused(with(longest)) == "none");
  CHECK(refused(with(longest + 'a')) == "push_notification_config.url");
  const auto member = [](std::string_view name, std::size_t size) {
    auto config = with("https://buyer.example/");
    config[name] = std::string(size, 'x');
    return refused(config);
  };
  CHECK(member("token", 15) == "push_notification_config.token");
  CHECK(member("token", 16) == "none");
  CHECK(member("token", 255) == "none");
  CHECK(member("token", 256) == "push_notification_config.token");
  CHECK(member("operation_id", 255) == "none");
  CHECK(member("operation_id", 256) == "push_notification_config.operation_id");
}

TEST_CASE("members of another type are refused") {
  CHECK(refused({}) == "push_notification_config.url");
  CHECK(refused({{"url", 1}}) == "push_notification_config.url");
  for (const auto* name : {"operation_id", "token", "authentication"}) {
    auto config = with("https://buyer.example/");
    config[name] = 1;
    CHECK(refused(config) == "push_notification_config."s + name);
  }
  auto config = with("https://buyer.example/");
  config["token"] = "0123456789abcdef\n";
  CHECK(refused(config) == "push_notification_config.token");
}

TEST_CASE("authentication is one scheme with credentials") {
  CHECK(refused(authentication(json::array{"Bearer"}, json::value(secret))) == "none");
  CHECK(refused(authentication(json::array{"HMAC-SHA256"}, json::value(secret))) == "none");
  for (const auto& schemes : {json::value(json::array()), json::value(json::array{"Basic"}),
                              json::value(json::array{"Bearer", "HMAC-SHA256"}), json::value("Bearer"),
                              json::value(json::array{1}), json::value()}) {
    CHECK(refused(authentication(schemes, json::value(secret))) == "push_notification_config.authentication.schemes");
  }
  for (const auto& credentials : {json::value(std::string(31, 'x')), json::value(std::string(4'097, 'x')),
                                  json::value(), json::value(secret + "\r\nX: y"), json::value(secret + " ")}) {
    CHECK(refused(authentication(json::array{"Bearer"}, credentials)) ==
          "push_notification_config.authentication.credentials");
  }
}

TEST_CASE("no error repeats what was sent") {
  const auto read = read_webhook_target(with("http://internal.example/secret-path"), webhook_reach::outside);
  REQUIRE(read.has_error());
  for (const auto& text : {read.error().message, read.error().suggestion, read.error().operator_detail})
    CHECK(text.find("secret") == std::string::npos);
}
