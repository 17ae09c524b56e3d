// Goal: a platform may reach exactly the origins that its manifest, its settings and its secrets name, and read
// exactly the pointers its manifest lists. Method: values in, values out.
#include "fixtures.hpp"

#include "plugin/upstreams.hpp"

#include <boost/json/parse.hpp>

using namespace tenon;
using namespace tenon::testing;

namespace {

boost::json::object object(std::string_view text) { return boost::json::parse(text).as_object(); }

manifest plugin_with(std::string_view schema) {
  manifest plugin;
  plugin.upstreams = {"https://API.kevel.co"};
  plugin.settings_schema = object(schema);
  return plugin;
}

const char* const schema = R"({"properties": {
  "base_url": {"type": "string", "x-tenon-upstream": true},
  "nested": {"type": "object", "properties": {"url": {"x-tenon-upstream": true}}},
  "account": {"x-tenon-secret": {"readable": ["/client_email"], "upstreams": ["/token_uri", "/other_uri"]}},
  "key": {"x-tenon-secret": {"readable": [""]}},
  "hidden": {"x-tenon-secret": {}}}})";

const char* const account_settings = R"({"account": {"secret": "account"}})";

result<std::vector<std::string>> origins_with_secret(const std::string& text) {
  return allowed_origins(plugin_with(schema), object(account_settings),
                         [&](std::string_view name) { return name == "account" ? &text : nullptr; });
}

const std::string* no_secret(std::string_view) { return nullptr; }

}  // namespace

TEST_CASE("an origin is compared in lower case and with its port") {
  CHECK(*origin_of("https://API.Kevel.co/v1?x=1#y") == "https://api.kevel.co:443");
  CHECK(*origin_of("HTTP://127.0.0.1") == "http://127.0.0.1:80");
  CHECK(*origin_of("http://localhost:8080/") == "http://localhost:8080");
  CHECK(*origin_of("https://[::1]:8443/x") == "https://[::1]:8443");
  CHECK(*origin_of("https://a.example:") == "https://a.example:443");
}

TEST_CASE("what is no absolute web URL has no origin, and is not repeated") {
  for (const std::string url :
       {"", "a.example", "/path", "ftp://a.example", "https:///x", "https://user:hunter2@a.example", "https://a b",
        "https://a.example:0", "https://a.example:99999", "https://a%2eb.example"}) {
    CAPTURE(url);
    const auto origin = origin_of(url);
    REQUIRE(!origin);
    CHECK(origin.error().code == "CONFIGURATION_ERROR");
    CHECK_FALSE(says(origin.error().operator_detail, "hunter2"));
  }
}

TEST_CASE("origins come from the manifest, the settings and the secrets, each once and sorted") {
  const std::string account = R"({"token_uri": "https://oauth2.example/token", "client_email": "x"})";
  const auto lookup = [&](std::string_view name) { return name == "account" ? &account : nullptr; };
  const auto origins = allowed_origins(plugin_with(schema), object(R"({"base_url": "http://127.0.0.1:9/x",
    "nested": {"url": "https://api.kevel.co:443/y"}, "account": {"secret": "account"}})"),
                                       lookup);
  REQUIRE(origins.has_value());
  CHECK(*origins ==
        std::vector<std::string>{"http://127.0.0.1:9", "https://api.kevel.co:443", "https://oauth2.example:443"});
}

TEST_CASE("settings and secrets that are absent add nothing") {
  const auto origins = allowed_origins(plugin_with(schema), object(account_settings), no_secret);
  REQUIRE(origins.has_value());
  CHECK(*origins == std::vector<std::string>{"https://api.kevel.co:443"});
}

TEST_CASE("a URL in a secret that is none is told without the secret's text") {
  const auto wrong_url = origins_with_secret(R"({"token_uri": "hunter2"})");
  REQUIRE(!wrong_url);
  CHECK(says(wrong_url.error().operator_detail,
             "settings.account at /token_uri: expected an absolute http or https URL"));
  CHECK_FALSE(says(wrong_url.error().operator_detail, "hunter2"));

  const auto wrong_type = origins_with_secret(R"({"token_uri": 7})");
  CHECK(!wrong_type);

  const auto no_json = origins_with_secret("hunter2");
  REQUIRE(!no_json);
  CHECK(says(no_json.error().operator_detail, "settings.account: expected the secret to be JSON"));
  CHECK_FALSE(says(no_json.error().operator_detail, "hunter2"));
}

TEST_CASE("a secret is readable at the listed pointers only") {
  const auto readable = readable_pointers(plugin_with(schema), object(R"({"account": {"secret": "account"},
    "key": {"secret": "key"}, "hidden": {"secret": "hidden"}, "base_url": "https://a.example"})"));
  CHECK(readable.size() == 2);
  CHECK(readable.at("account") == std::vector<std::string>{"/client_email"});
  CHECK(readable.at("key") == std::vector<std::string>{""});
}
