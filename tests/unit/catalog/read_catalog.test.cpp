// Goal: a good configuration becomes the catalog it describes, wherever its tables stand; a broken tenant breaks itself
// alone and a broken main file the whole read. Method: real files in a directory of their own; expectations are values
// and whole messages.
#include "config_directory.hpp"

#include <sys/stat.h>

using namespace tenon;

TEST_CASE("every setting of the host and the cache is read") {
  const config_directory directory;
  directory.add("tenon.toml", R"([host]
plugin_dirs = ["plugins", "/opt/tenon/plugins"]
store_dir = "/var/lib/tenon/store"
watch = true
watch_settle_ms = 10
blocking_threads = 8
build_timeout_ms = 1
call_timeout_ms = 2
drain_timeout_ms = 0
upstream_ca_file = "ca.pem"
http_timeout_ms = 4
http_max_response_bytes = 1024
log_level = "debug"
[cache]
size = 3
ttl_seconds = 1.5
cold_start = "coalesce"
)");
  const auto read = directory.read();
  CHECK(read->host.plugin_dirs ==
        std::vector<std::filesystem::path>{directory.root() / "plugins", "/opt/tenon/plugins"});
  CHECK(read->host.store_dir == "/var/lib/tenon/store");
  CHECK(read->host.watch);
  CHECK(read->host.watch_settle.count() == 10);
  CHECK(read->host.blocking_threads == 8);
  CHECK(read->host.build_timeout.count() == 1);
  CHECK(read->host.call_timeout.count() == 2);
  CHECK(read->host.drain_timeout.count() == 0);
  CHECK(read->host.upstream_ca_file == directory.root() / "ca.pem");
  CHECK(read->host.http_timeout.count() == 4);
  CHECK(read->host.http_max_response_bytes == 1024);
  CHECK(read->host.log_level == "debug");
  CHECK(read->cache.size == 3);
  CHECK(read->cache.ttl_seconds == 1.5);
  CHECK(read->cache.mode == cold_start::coalesce);
}

TEST_CASE("what is left out has the defaults of the library") {
  const config_directory directory;
  const auto read = directory.main("").read();
  CHECK(read->cache.size == 256);
  CHECK(read->cache.ttl_seconds == 3600);
  CHECK(read->cache.mode == cold_start::each);
  CHECK(read->host.call_timeout.count() == 60'000);
  CHECK(read->tenants.empty());
  REQUIRE(read->diagnostics.size() == 1);
  CHECK(read->diagnostics.front().message.find("there are no tenants") == 0);
}

TEST_CASE("a tenant reads the same from the main file and from a file of its own") {
  const std::string body = R"(plugin = "gam"
enabled = false
accounts = [{ id = "acme-main" }, { brand = "AcmeOutdoor.example", operator = "pinnacle.example", sandbox = true }]
hosts = ["ACME.example.com:8443", "[::1]"]
principals = ["buyer-1"]
specialisms = ["sales-guaranteed"]
settings = { network_code = "123", depth = { a = [1, 2.5, true] }, since = 2026-01-02 }
)";
  const config_directory in_main;
  const auto from_main = in_main.main("[tenants.acme]\n" + body).read();
  const config_directory in_file;
  in_file.main("").add("tenants.d/acme.toml", body);
  const auto from_file = in_file.read();
  for (const auto& read : {from_main, from_file}) {
    REQUIRE_MESSAGE(read->tenants.contains("acme"), read->diagnostics.size());
    const auto& acme = *read->tenants.at("acme");
    CHECK(acme.name == "acme");
    CHECK(acme.plugin == "gam");
    CHECK_FALSE(acme.enabled);
    CHECK(acme.accounts == std::vector<account_reference>{
                               {.account_id = "acme-main"},
                               {.brand = "acmeoutdoor.example", .operator_name = "pinnacle.example", .sandbox = true}});
    CHECK(acme.hosts == std::vector<std::string>{"acme.example.com", "[::1]"});
    CHECK(acme.principals == std::vector<std::string>{"buyer-1"});
    CHECK(acme.specialisms == std::vector<std::string>{"sales-guaranteed"});
    CHECK(acme.settings ==
          boost::json::object{{"network_code", "123"}, {"depth", {{"a", {1, 2.5, true}}}}, {"since", "2026-01-02"}});
    CHECK(read->diagnostics.empty());
    CHECK(read->broken.empty());
  }
  CHECK(from_main->tenants.at("acme")->same_as(*from_file->tenants.at("acme")));
  CHECK(from_main->tenants.at("acme")->place == config_place{in_main.config().string(), 4});
  CHECK(from_file->tenants.at("acme")->place == config_place{(in_file.root() / "tenants.d/acme.toml").string(), 1});
}

TEST_CASE("a tenant is enabled, open to everybody and without settings unless it says otherwise") {
  const config_directory directory;
  const auto read = directory.main(inline_tenant("acme", "plugin = 'gam'")).read();
  const auto& acme = *read->tenants.at("acme");
  CHECK(acme.enabled);
  CHECK(acme.principals.empty());
  CHECK(acme.settings.empty());
}

TEST_CASE("only files that end in .toml and do not start with a dot are tenants") {
  const config_directory directory;
  directory.main("").add("tenants.d/acme.toml", "plugin = 'gam'");
  directory.add("tenants.d/beta.toml.disabled", "?");
  directory.add("tenants.d/README", "?");
  directory.add("tenants.d/.acme.toml", "?");
  std::filesystem::create_directories(directory.root() / "tenants.d/..data");
  const auto read = directory.read();
  CHECK(read->tenants.size() == 1);
  CHECK(read->diagnostics.empty());
}

TEST_CASE("a tenant file may be a symbolic link, as a mounted config map has it") {
  const config_directory directory;
  directory.main("").add("elsewhere/acme", "plugin = 'gam'");
  std::filesystem::create_symlink("../elsewhere/acme", directory.root() / "tenants.d/acme.toml");
  CHECK(directory.read()->tenants.contains("acme"));
}

TEST_CASE("tables of the embedder are accepted and not looked into, others are not") {
  const config_directory directory;
  directory.main("[server]\nanything = 1\n[mine]\nother = 2\n");
  CHECK(read_catalog(directory.config(), {"server", "mine"}).has_value());
  CHECK(directory.findings() ==
        "tenon.toml:6: error: unknown key or table \"mine\", expected one of host, cache, limits, plugins, tenants, "
        "server, "
        "principals\n");
}

TEST_CASE("a broken file breaks its tenant alone and is listed as broken") {
  const config_directory directory;
  directory.main(inline_tenant("inline", "plugin = 'gam'\nhots = []"));
  directory.add("tenants.d/bad.toml", "plugin = 'gam'\nhosts = [\n");
  directory.add("tenants.d/good.toml", "plugin = 'kevel'");
  std::filesystem::create_directories(directory.root() / "tenants.d/folder.toml");
  std::filesystem::create_symlink("nowhere", directory.root() / "tenants.d/gone.toml");
  REQUIRE(mkfifo((directory.root() / "tenants.d/pipe.toml").c_str(), 0600) == 0);
  const auto read = directory.read();
  CHECK(read->tenants.size() == 1);
  CHECK(read->tenants.contains("good"));
  CHECK(read->broken == std::vector<std::string>{"bad", "folder", "gone", "inline", "pipe"});
  for (const auto& finding : read->diagnostics) {
    CHECK(finding.fatal);
    CHECK(std::ranges::find(read->broken, finding.tenant) != read->broken.end());
  }
  CHECK(directory.findings() ==
        "tenon.toml:6: error: tenants.inline: unknown key \"hots\", expected one of plugin, enabled, warm_up, isolate, "
        "sandbox, "
        "implicit_accounts, "
        "accounts, hosts, "
        "principals, "
        "specialisms, limits, settings, did you mean \"hosts\"?\n"
        "tenants.d/bad.toml:2: error: expected TOML: Error while parsing array: encountered end-of-file\n"
        "tenants.d/folder.toml: error: expected a regular file, found something else\n"
        "tenants.d/gone.toml: error: expected a file, found none\n"
        "tenants.d/pipe.toml: error: expected a regular file, found something else\n");
}

TEST_CASE("a main file that is missing or no TOML fails the read, and the findings of tenants are still told") {
  const config_directory directory;
  directory.add("tenants.d/bad.toml", "plugin = 1");
  const auto missing = read_catalog(directory.config());
  REQUIRE(missing.has_error());
  CHECK(missing.error().code == "CONFIGURATION_ERROR");
  CHECK(missing.error().recover == recovery::terminal);
  CHECK(missing.error().message.find(directory.root().string()) == std::string::npos);
  CHECK(directory.findings() ==
        "tenon.toml: error: expected a file, found none\n"
        "tenants.d/bad.toml:1: error: plugin: expected a string, found the integer 1\n");
  directory.main("[cache\n");
  const auto torn = read_catalog(directory.config());
  REQUIRE(torn.has_error());
  CHECK(torn.error().operator_detail.find("tenon.toml:4: error: expected TOML: Error while parsing table header") !=
        std::string::npos);
}

TEST_CASE("a tenants.d that is no directory fails the read: it must not look as if all tenants had been removed") {
  const config_directory directory;
  std::filesystem::remove(directory.root() / "tenants.d");
  CHECK(directory.main("").read()->tenants.empty());
  directory.add("tenants.d", "");
  CHECK(read_catalog(directory.config()).has_error());
  CHECK(directory.findings().find("cannot read the directory \"tenants.d\": Not a directory") != std::string::npos);
}

TEST_CASE("a tenants.d that is gone while it is served from fails the read; an empty one removes its tenants") {
  const config_directory directory;
  directory.main("").add("tenants.d/acme.toml", "plugin = 'gam'");
  const tenants_in_force in_force{directory.read()->tenants.at("acme")};
  std::filesystem::remove_all(directory.root() / "tenants.d");
  const auto gone = read_catalog(directory.config(), {}, in_force);
  REQUIRE(gone.has_error());
  CHECK(gone.error().operator_detail.find("from which 1 tenants are served, found none") != std::string::npos);
  std::filesystem::create_directories(directory.root() / "tenants.d");
  const auto empty = read_catalog(directory.config(), {}, in_force);
  REQUIRE(empty.has_value());
  REQUIRE((*empty)->diagnostics.size() == 1);
  CHECK_FALSE((*empty)->diagnostics.front().fatal);
  CHECK((*empty)->diagnostics.front().message.find("there are no tenants") == 0);
}

TEST_CASE("ten thousand tenants, half in one file and half in files, are all there") {
  const config_directory directory;
  std::string text;
  for (int number = 0; number < 5'000; ++number) {
    const auto name = std::to_string(number);
    text += inline_tenant("i" + name, "plugin = 'gam'\naccounts = [{ id = 'account-i" + name + "' }]\nhosts = ['i" +
                                          name + ".example']\nprincipals = ['buyer-i" + name +
                                          "']\nsettings = { n = '" + name + "' }");
    directory.add("tenants.d/f" + name + ".toml", "plugin = 'kevel'\naccounts = [{ id = 'account-f" + name + "' }]\n");
  }
  const auto read = directory.main(text).read();
  CHECK(read->tenants.size() == 10'000);
  CHECK(read->diagnostics.empty());
  CHECK(read->broken.empty());
  CHECK(read->tenants.at("i4999")->settings.at("n") == "4999");
  CHECK(read->tenants.at("f4999")->plugin == "kevel");
}
