// Goal: each mistake is found where it stands, and the message says what was expected, what was found and what to do.
// Method: one mistake a case, compared with the whole text; the mistake stands in line 4 unless the message says
// otherwise.
#include "config_directory.hpp"

using namespace tenon;

namespace {

struct mistake {
  std::string text;
  std::string finding;
};

/// Everything that `text`, appended to a sound [host], brings up.
std::string findings_of(const std::string& text) {
  const config_directory directory;
  return directory.main(text).findings();
}

}  // namespace

TEST_CASE("mistakes in the main tables fail the read") {
  const mistake mistakes[] = {
      {"blocking_threads = \"four\"",
       "tenon.toml:4: error: host.blocking_threads: expected an integer from 1 to 1024, found the "
       "string \"four\"\n"},
      {"blocking_threads = 0",
       "tenon.toml:4: error: host.blocking_threads: expected an integer from 1 to 1024, found the integer 0\n"},
      {"log_level = \"wran\"",
       "tenon.toml:4: error: host.log_level: expected one of trace, debug, info, warn, error, critical, off, "
       "found the string \"wran\", did you mean \"warn\"?\n"},
      {"watch_settle_ms = 9",
       "tenon.toml:4: error: host.watch_settle_ms: expected an integer from 10 to 600000, found the integer 9\n"},
      {"upstream_ca_file = ''",
       "tenon.toml:4: error: host.upstream_ca_file: expected some text, found an empty string\n"},
      {"call_timeout = 3",
       "tenon.toml:4: error: host: unknown key \"call_timeout\", expected one of plugin_dirs, store_dir, "
       "store_retention_seconds, store_max_bytes, state_dir, state_max_bytes, require_pin, plugin_keys, ops_group, "
       "watch, "
       "watch_settle_ms, canary, blocking_threads, blocking_threads_per_tenant, blocking_replace_ms, warm_up_builds, "
       "reload_builds, reload_builds_per_second, "
       "build_timeout_ms, call_timeout_ms, drain_timeout_ms, "
       "upstream_ca_file, "
       "http_timeout_ms, http_max_response_bytes, log_level, did you mean \"call_timeout_ms\"?\n"},
      {"[cache]\nsize = 0",
       "tenon.toml:5: error: cache.size: expected an integer from 1 to 1000000, found the integer 0\n"},
      {"[cache]\nsize = 1.5",
       "tenon.toml:5: error: cache.size: expected an integer from 1 to 1000000, found the float 1.5\n"},
      {"[cache]\nttl_seconds = -1",
       "tenon.toml:5: error: cache.ttl_seconds: expected a number from 0 to 3.1536e+08, found the integer "
       "-1\n"},
      {"[cache]\nttl_seconds = nan",
       "tenon.toml:5: error: cache.ttl_seconds: expected a number from 0 to 3.1536e+08, found the float "
       "nan\n"},
      {"[cache]\ncold_start = \"coalesc\"",
       "tenon.toml:5: error: cache.cold_start: expected one of each, coalesce, found the string "
       "\"coalesc\", did you mean \"coalesce\"?\n"},
      {"[limits]\nmax_calls = 0",
       "tenon.toml:5: error: limits.max_calls: expected an integer from 1 to 1000000, found the integer 0\n"},
      {"[limits]\nmax_request_bytes = 10\nmax_open_bytes = 9",
       "tenon.toml:4: error: limits: expected max_open_bytes of at least max_request_bytes (10), found 9\n"},
      {"[limits]\ntask_timeout_ms = { get_product = 5 }",
       "tenon.toml:5: error: limits.task_timeout_ms: expected a task of AdCP 3.0.6, found \"get_product\", did you "
       "mean "
       "\"get_products\"?\n"},
      {"[limits]\nbreaker = { open_ms = 5000, longest_open_ms = 4000 }",
       "tenon.toml:5: error: limits.breaker: expected longest_open_ms of at least open_ms (5000), found 4000\n"},
      {"[limits.breaker]\nfailure_ratio = 50",
       "tenon.toml:5: error: limits.breaker.failure_ratio: expected a number from 0 to 1, found the integer 50\n"},
      {"[cahce]",
       "tenon.toml:4: error: unknown key or table \"cahce\", expected one of host, cache, limits, plugins, tenants, "
       "server, "
       "principals, "
       "did you mean \"cache\"?\n"},
  };
  for (const auto& [text, finding] : mistakes) {
    CAPTURE(text);
    const config_directory directory;
    CHECK(directory.main(text).findings() == finding);
    CHECK(read_catalog(directory.config()).has_error());
  }
}

TEST_CASE("a main file without [host], or with values in the place of tables, says so") {
  const config_directory directory;
  directory.add("tenon.toml", "cache = 3\ntenants = []\nserver = true\n");
  CHECK(directory.findings() ==
        "tenon.toml:1: error: cache: expected a table, found the integer 3\n"
        "tenon.toml:2: error: tenants: expected a table, found an array\n"
        "tenon.toml:3: error: server: expected a table, found the boolean true\n"
        "tenon.toml:1: error: expected a table [host] with plugin_dirs and store_dir, found none\n");
  directory.add("tenon.toml", "[host]\nplugin_dirs = [1]\n");
  CHECK(directory.findings() ==
        "tenon.toml:2: error: host.plugin_dirs[0]: expected a string, found the integer 1\n"
        "tenon.toml:1: error: host.store_dir: expected this key, found none\n");
  directory.add("tenon.toml", "[host]\nplugin_dirs = []\nstore_dir = 's'\n");
  CHECK(directory.findings() ==
        "tenon.toml:2: error: host.plugin_dirs: expected at least one directory, found an empty array\n");
}

TEST_CASE("a plugin directory that is not there is a warning") {
  const config_directory directory;
  directory.add("tenon.toml", "[host]\nplugin_dirs = ['plugins', 'more']\nstore_dir = 's'\n");
  CHECK(directory.findings() ==
        "tenon.toml:2: warning: host.plugin_dirs[1]: there is no directory \"more\"; the plugins in it are "
        "missing until there is\n");
  CHECK(read_catalog(directory.config()).has_value());
}

TEST_CASE("mistakes in a tenant are found in its own lines") {
  const mistake mistakes[] = {
      {"enabled = true", "tenon.toml:4: error: tenants.t.plugin: expected this key, found none\n"},
      {"plugin = 12", "tenon.toml:5: error: tenants.t.plugin: expected a string, found the integer 12\n"},
      {"plugin = '../gam'",
       "tenon.toml:5: error: tenants.t.plugin: expected the name of a plugin, its file without .so (1 to 64 "
       "lower-case letters, digits, dots, underscores or hyphens, starting with a letter or digit), found "
       "the string \"../gam\"\n"},
      {"plugin = 'gamm'",
       "tenon.toml:5: error: tenants.t.plugin: expected a plugin that is in a plugin directory, found \"gamm\" and "
       "no file gamm.so in plugins (there are: gam, kevel), did you mean \"gam\"?\n"},
      {"plugin = 'gam'\nenabled = 1",
       "tenon.toml:6: error: tenants.t.enabled: expected true or false, found the integer 1\n"},
      {"plugin = 'gam'\nspecialisms = ['sales-garanteed']",
       "tenon.toml:6: error: tenants.t.specialisms[0]: expected a specialism of AdCP 3.0.6 (audience-sync, "
       "brand-rights, "
       "collection-lists, content-standards, creative-ad-server, creative-generative, creative-template, "
       "governance-aware-seller, governance-delivery-monitor, governance-spend-authority, property-lists, "
       "sales-broadcast-tv, sales-catalog-driven, sales-guaranteed, sales-non-guaranteed, sales-proposal-mode, "
       "sales-social, signal-marketplace, signal-owned), "
       "found \"sales-garanteed\", did you mean \"sales-guaranteed\"?\n"},
      {"plugin = 'gam'\nspecialisms = ['sales-social', 'sales-social']",
       "tenon.toml:6: error: tenants.t.specialisms[1]: expected each specialism once, found \"sales-social\" again\n"},
      {"plugin = 'gam'\nhosts = ['https://acme.example/x']",
       "tenon.toml:6: error: tenants.t.hosts[0]: expected a host name or address as buyers send it in Host: no scheme, "
       "path or "
       "wildcard, names in ASCII (xn--), found the string \"https://acme.example/x\"\n"},
      {"plugin = 'gam'\nhosts = 'acme.example'",
       "tenon.toml:6: error: tenants.t.hosts: expected an array, found the string \"acme.example\"\n"},
      {"plugin = 'gam'\nprincipals = ['']",
       "tenon.toml:6: error: tenants.t.principals[0]: expected some text, found an empty string\n"},
      {"plugin = 'gam'\nsettings = 12",
       "tenon.toml:6: error: tenants.t.settings: expected a table, found an integer\n"},
      {"plugin = 'gam'\nsettings = { a = nan }",
       "tenon.toml:6: error: tenants.t.settings.a: expected a finite number, found one that JSON cannot say (nan or "
       "inf)\n"},
  };
  for (const auto& [text, finding] : mistakes) {
    CAPTURE(text);
    CHECK(findings_of(inline_tenant("t", text)) == finding);
  }
}

TEST_CASE("an account is an id, or a brand and an operator") {
  const std::string form =
      "tenon.toml:6: error: tenants.t.accounts[0]: expected either { id = ... } or { brand = ..., operator = ... } "
      "with or without sandbox, found keys of neither or of both\n";
  for (const auto* account : {"{}", "{ id = 'a', brand = 'b.example' }", "{ id = 'a', sandbox = true }",
                              "{ brand = 'b.example' }", "{ operator = 'o.example' }", "{ sandbox = true }"}) {
    CAPTURE(account);
    CHECK(findings_of(inline_tenant("t", "plugin = 'gam'\naccounts = [" + std::string(account) + "]")) == form);
  }
  const mistake mistakes[] = {
      {"'acme'", "tenon.toml:6: error: tenants.t.accounts[0]: expected a table, found the string \"acme\"\n"},
      {"{ id = 'a/b' }",
       "tenon.toml:6: error: tenants.t.accounts[0].id: expected an account id (1 to 128 letters, digits or . _ : "
       "@ -), found the string \"a/b\"\n"},
      {"{ brand = 'no domain', operator = 'o.example' }",
       "tenon.toml:6: error: tenants.t.accounts[0].brand: expected the brand's domain, found the string \"no "
       "domain\"\n"},
      {"{ brand = 'b.example', operater = 'o.example' }",
       "tenon.toml:6: error: tenants.t.accounts[0]: unknown key \"operater\", expected one of id, brand, operator, "
       "sandbox, did you "
       "mean \"operator\"?\n"},
  };
  for (const auto& [account, finding] : mistakes) {
    CAPTURE(account);
    CHECK(findings_of(inline_tenant("t", "plugin = 'gam'\naccounts = [" + account + "]")) == finding);
  }
}

TEST_CASE("a tenant's name is lower case and plain, in the main file and as a file's name") {
  const config_directory directory;
  directory.main("[tenants.'Acme News']\nplugin = 'gam'\n").add("tenants.d/Beta.toml", "plugin = 'gam'");
  CHECK(directory.findings() ==
        "tenon.toml:4: error: expected a tenant name of 1 to 64 lower-case letters, digits, dots, underscores or "
        "hyphens, starting "
        "with a letter or digit, found \"Acme News\"\n"
        "tenants.d/Beta.toml:1: error: expected a tenant name of 1 to 64 lower-case letters, digits, dots, underscores "
        "or hyphens, "
        "starting with a letter or digit, found \"Beta\"\n");
  CHECK(directory.read()->tenants.empty());
}

TEST_CASE("a disabled tenant may outlive its plugin, so that switching it off always works") {
  CHECK(findings_of(inline_tenant("t", "plugin = 'long-gone'\nenabled = false")).empty());
}

TEST_CASE("every mistake of a file is found at once, and control characters do not reach the log") {
  CHECK(findings_of(inline_tenant("t", "plugin = 1\nenabled = 2\n\"ho\\u001bsts\" = []")) ==
        "tenon.toml:5: error: tenants.t.plugin: expected a string, found the integer 1\n"
        "tenon.toml:6: error: tenants.t.enabled: expected true or false, found the integer 2\n"
        "tenon.toml:7: error: tenants.t: unknown key \"ho\\x1bsts\", expected one of plugin, enabled, warm_up, "
        "isolate, sandbox, "
        "implicit_accounts, "
        "accounts, hosts, "
        "principals, specialisms, limits, settings, did you mean \"hosts\"?\n");
}

TEST_CASE("a diagnostic prints its place, its weight and its message") {
  CHECK(diagnostic{.fatal = true, .tenant = "t", .file = "a.toml", .line = 3, .message = "m"}.to_string() ==
        "a.toml:3: error: m");
  CHECK(diagnostic{.fatal = false, .tenant = "", .file = "a.toml", .line = 0, .message = "m"}.to_string() ==
        "a.toml: warning: m");
}
