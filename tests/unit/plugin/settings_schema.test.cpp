// Goal: a tenant's settings are held against the plugin's schema, and every finding says where, what was expected and
// what was found, without repeating a secret. Method: one schema, tables of settings.
#include "fixtures.hpp"

#include <boost/json/parse.hpp>

using namespace tenon;
using namespace tenon::testing;

namespace {

boost::json::object object(std::string_view text) { return boost::json::parse(text).as_object(); }

const char* const schema = R"({
  "type": "object", "required": ["network_code"], "additionalProperties": false,
  "properties": {
    "network_code": {"type": "string", "pattern": "^[0-9]+$", "minLength": 2, "maxLength": 8},
    "limit": {"type": "integer", "minimum": 1, "maximum": 10, "default": 5},
    "price": {"type": ["number", "null"]},
    "mode": {"enum": ["sandbox", "production"]},
    "base_url": {"type": "string", "x-tenon-upstream": true},
    "service_account": {"type": "string", "x-tenon-secret": {"readable": ["/client_email"]}},
    "sizes": {"type": "array", "items": {"type": "integer"}},
    "retry": {"type": "object", "properties": {"count": {"type": "integer", "default": 3}}, "required": ["count"]}
  }})";

std::vector<std::string> findings(std::string_view settings) {
  return check_settings(object(schema), object(settings));
}

}  // namespace

TEST_CASE("settings that fit have no findings") {
  CHECK(findings(R"({"network_code": "123456"})").empty());
  CHECK(findings(
            R"({"network_code": "12", "limit": 10, "price": null, "mode": "sandbox", "base_url": "https://a.example/x",
    "service_account": {"secret": "service_account"}, "sizes": [1, 2], "retry": {"count": 1, "more": true}})")
            .empty());
  CHECK(findings(R"({"network_code": "12", "limit": 3.0, "price": 2.5})").empty());
}

TEST_CASE("each keyword that is broken gives one finding") {
  struct row {
    std::string_view settings, says;
  };
  constexpr row rows[] = {
      {R"({})", "settings.network_code: required, but missing"},
      {R"({"network_code": 12})", "settings.network_code: expected string, found 12"},
      {R"({"network_code": "12x"})", "settings.network_code: expected text that matches \"^[0-9]+$\", found \"12x\""},
      {R"({"network_code": "1"})", "settings.network_code: expected at least 2 characters, found 1"},
      {R"({"network_code": "123456789"})", "settings.network_code: expected at most 8 characters, found 9"},
      {R"({"network_code": "12", "limit": 0})", "settings.limit: expected at least 1, found 0"},
      {R"({"network_code": "12", "limit": 11})", "settings.limit: expected at most 10, found 11"},
      {R"({"network_code": "12", "limit": 1.5})", "settings.limit: expected integer, found 1.5E0"},
      {R"({"network_code": "12", "price": "x"})", "settings.price: expected number or null, found \"x\""},
      {R"({"network_code": "12", "mode": "sandbx"})", "found \"sandbx\", did you mean \"sandbox\"?"},
      {R"({"network_code": "12", "base_url": "a.example"})", "settings.base_url: expected an http or https URL"},
      {R"({"network_code": "12", "sizes": [1, "2"]})", "settings.sizes[1]: expected integer, found \"2\""},
      {R"({"network_code": "12", "retry": {}})", "settings.retry.count: required"},
      {R"({"network_code": "12", "netwrok_code": "1"})",
       "settings.netwrok_code: unknown setting, did you mean \"network_code\"?"},
      {R"({"network_code": "12", "zebra": "1"})", "settings.zebra: unknown setting; remove it"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.settings);
    const auto found = findings(row.settings);
    REQUIRE(found.size() == 1);
    CHECK_MESSAGE(says(found.front(), row.says), found.front());
  }
}

TEST_CASE("all findings are told at once") { CHECK(findings(R"({"limit": 0, "mode": 1, "zebra": 1})").size() == 4); }

TEST_CASE("text where a secret belongs is refused and not repeated") {
  for (const auto* value : {R"("hunter2")", R"({"secret": 1})", R"({"secret": "a", "text": "hunter2"})"}) {
    const auto found = findings(R"({"network_code": "12", "service_account": )" + std::string(value) + "}");
    REQUIRE(found.size() == 1);
    CHECK(says(found.front(), "settings.service_account: expected a reference to a secret"));
    CHECK_FALSE(says(found.front(), "hunter2"));
  }
}

TEST_CASE("length counts characters, not bytes") {
  const auto counted = object(R"({"properties": {"name": {"maxLength": 2}}})");
  CHECK(check_settings(counted, object(R"({"name": "öß"})")).empty());
  CHECK(check_settings(counted, object(R"({"name": "öße"})")).size() == 1);
}

TEST_CASE("a pattern that would backtrack for ages answers at once") {
  const auto slow = object(R"({"properties": {"name": {"pattern": "^(a+)+$"}}})");
  const std::string text = std::string(5000, 'a') + "b";
  CHECK(check_settings(slow, object(R"({"name": ")" + text + "\"}")).size() == 1);
  const std::string longer(100'000, 'a');
  CHECK(says(check_settings(slow, object(R"({"name": ")" + longer + "\"}")).at(0), "at most 16384 bytes"));
}

TEST_CASE("a schema that the host cannot check is named") {
  const auto first = [](std::string_view text) {
    const auto found = check_settings_schema(object(text));
    return found.empty() ? std::string() : found.front();
  };
  CHECK(first(schema) == "");
  CHECK(first(R"({"title": "t", "description": "d", "x-anything": 1})") == "");
  CHECK(says(first(R"({"properties": {"a": {"patern": "x"}}})"),
             "settings.a: the host does not check the keyword \"patern\", did"));
  CHECK(says(first(R"({"items": {"$ref": "#"}})"), "\"$ref\""));
  CHECK(says(first(R"({"type": "text"})"), "settings.type: expected a type of JSON Schema"));
  CHECK(says(first(R"({"properties": {"a": {"pattern": "("}}})"), "settings.a.pattern: expected a regular expression"));
  CHECK(says(first(R"({"properties": {"a": {"pattern": "(a)\\1"}}})"), "without back-references"));
  CHECK(says(first(R"({"required": [1]})"), "settings.required: expected an array of strings"));
  CHECK(says(first(R"({"properties": {"a": {"x-tenon-secret": true}}})"),
             "settings.a.x-tenon-secret: expected an object"));
  CHECK(says(first(R"({"properties": {"a": 1}})"), "settings.a: expected a schema, found 1"));
}

TEST_CASE("defaults stand where the tenant says nothing") {
  const auto filled = with_defaults(object(schema), object(R"({"network_code": "12", "retry": {}})"));
  CHECK(filled.at("limit") == 5);
  CHECK(filled.at("retry").at("count") == 3);
  CHECK(filled.at("network_code") == "12");
  CHECK_FALSE(filled.contains("mode"));
  CHECK(with_defaults(object(schema), object(R"({"limit": 7})")).at("limit") == 7);
}
