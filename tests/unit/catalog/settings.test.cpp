// Goal: settings become JSON, secrets become sources, and what somebody wrote in the wrong place never reaches a
// message. Method: tables of one-line settings; for the last, a marker stands in every kind of mistake and is looked
// for in every text that comes out.
#include "config_directory.hpp"

#include "catalog/document.hpp"

#include <boost/json/serialize.hpp>

using namespace tenon;

namespace {

constexpr std::string_view marker = "hunter2sesame";

tenant_entry tenant_with(const config_directory& directory, const std::string& settings) {
  const auto read = directory.main(inline_tenant("t", "plugin = 'gam'\nsettings = " + settings)).read();
  REQUIRE_MESSAGE(read->tenants.contains("t"), directory.findings());
  return *read->tenants.at("t");
}

std::string finding_of(const std::string& settings) {
  const config_directory directory;
  return directory.main(inline_tenant("t", "plugin = 'gam'\nsettings = " + settings)).findings();
}

}  // namespace

TEST_CASE("every TOML type has its JSON") {
  const config_directory directory;
  const auto tenant = tenant_with(directory,
                                  "{ s = 'x', i = -9223372036854775808, f = 0.5, b = false, d = 2026-11-23, t = "
                                  "07:32:00, m = 2026-11-23T07:32:00Z, "
                                  "a = [1, 'two', [3]], o = {}, e = '', u = 'h\u00e9' }");
  CHECK(boost::json::serialize(tenant.settings) ==
        R"({"s":"x","i":-9223372036854775808,"f":5E-1,"b":false,"d":"2026-11-23","t":"07:32:00",)"
        R"("m":"2026-11-23T07:32:00Z","a":[1,"two",[3]],"o":{},"e":"","u":"hé"})");
  CHECK(tenant.secrets.empty());
}

TEST_CASE("a table of file or env alone is a secret, at any depth, and stands in the JSON under its path") {
  const config_directory directory;
  directory.add("key.json", "");
  const auto tenant = tenant_with(
      directory,
      "{ account = { file = 'key.json' }, auth = { key = { env = 'API_KEY' } }, keys = [{ file = '/dev/null' }] }");
  CHECK(boost::json::serialize(tenant.settings) ==
        R"({"account":{"secret":"account"},"auth":{"key":{"secret":"auth.key"}},"keys":[{"secret":"keys[0]"}]})");
  CHECK(tenant.secrets == std::map<std::string, secret_source>{
                              {"account", {secret_source::kind::file, directory.root() / "key.json"}},
                              {"auth.key", {secret_source::kind::environment, "API_KEY"}},
                              {"keys[0]", {secret_source::kind::file, "/dev/null"}},
                          });
}

TEST_CASE("the file of a secret is relative to the file that names it") {
  const config_directory directory;
  directory.main("").add("tenants.d/t.toml", "plugin = 'gam'\n[settings]\nkey = { file = '../secrets/t.json' }\n");
  CHECK(directory.read()->tenants.at("t")->secrets.at("key").where == directory.root() / "secrets/t.json");
  CHECK(directory.findings() ==
        "tenants.d/t.toml:3: warning: settings.key: there is no file \"secrets/t.json\" to read the secret "
        "from; the tenant cannot be built until there is\n");
}

TEST_CASE("a table with more than a file is a table") {
  const config_directory directory;
  CHECK(tenant_with(directory, "{ log = { file = 'x', level = 3 } }").secrets.empty());
}

TEST_CASE("mistakes around secrets are found") {
  const std::string at = "tenon.toml:6: error: tenants.t.settings.k";
  CHECK(finding_of("{ k = { file = 'a', env = 'B' } }") ==
        at + ": expected a secret from either a file or an environment variable, found both\n");
  CHECK(finding_of("{ k = { secret = 'other' } }") ==
        at + ": expected { file = \"...\" } or { env = \"...\" } for a secret, found { secret = ... }\n");
  CHECK(finding_of("{ k = { file = 3 } }") == at + ".file: expected the path of a file, found an integer\n");
  CHECK(finding_of("{ k = { env = '' } }") ==
        at + ".env: expected the name of an environment variable, found an empty string\n");
  CHECK(finding_of("{ k = { env = 'sk-live' } }") == at +
                                                         ".env: expected the name of an environment variable (letters, "
                                                         "digits, underscores), found other text; is this the "
                                                         "secret itself?\n");
  CHECK(finding_of("{ 'k.a' = { env = 'A' }, k = { a = { env = 'B' } } }") ==
        at + ".a: expected one secret of this name, found a second one; rename a key that contains dots\n");
}

TEST_CASE("no message has the text of a secret that was written where none belongs") {
  const std::string secret(marker);
  const std::string tables[] = {
      "settings = { key = " + secret + " }",
      "settings = { key = '" + secret,
      "settings = { key = \"" + secret + "\n\" }",
      "settings = { key = '" + secret + "' '" + secret + "' }",
      "settings = { key = true" + secret + " }",
      "settings = { key = t" + secret + " }",
      "settings = { key = 1" + secret + " }",
      "settings = { key = 0x" + secret + " }",
      "settings = { key = 2026-01-01" + secret + " }",
      "settings = { key = { file = ['" + secret + "'] } }",
      "settings = { key = { env = '" + secret + "-live' } }",
      "settings = { key = { secret = '" + secret + "' } }",
      "settings = '" + secret + "'",
      "api_key = '" + secret + "'",
      "api_key = [{ key = '" + secret + "' }]",
  };
  for (const auto& table : tables) {
    CAPTURE(table);
    const config_directory directory;
    directory.main("").add("tenants.d/t.toml", "plugin = 'gam'\n" + table + "\n");
    const auto findings = directory.findings();
    CHECK_FALSE(findings.empty());
    CHECK(findings.find(secret.substr(0, 4)) == std::string::npos);
    directory.main("[tenants.t]\nplugin = 'gam'\n" + table + "\n");
    CHECK(directory.findings().find(secret.substr(0, 4)) == std::string::npos);
  }
}

TEST_CASE("a number that is too long, which may be a key without quotes, is not quoted either") {
  CHECK(finding_of("{ key = 98765432109876543210987654 }") ==
        "tenon.toml:6: error: expected TOML: expected an integer of at most 64 bits (quote it to make it a string)\n");
}

TEST_CASE("a document nested beyond all reason is refused, not followed") {
  std::string dotted = "a";
  for (int depth = 0; depth < 200; ++depth) dotted += ".a";
  const auto parsed = document::parse(dotted + " = 1");
  REQUIRE(parsed.has_error());
  CHECK(parsed.error().message == "expected at most 64 levels of tables and arrays, found more");
  CHECK(document::parse(std::string(100'000, '[')).has_error());
}
