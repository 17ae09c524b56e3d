// Goal: what the operator decides about plugins is read exactly, and no mistake in it passes. Method: one mistake a
// case, compared with the whole text; the mistake stands in line 5 unless the message says otherwise.
#include "config_directory.hpp"

using namespace tenon;

namespace {

const std::string some_hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

struct mistake {
  std::string text;
  std::string finding;
};

std::string findings_of(const std::string& text) {
  const config_directory directory;
  return directory.main(text).findings();
}

}  // namespace

TEST_CASE("a plugin's policy is read by its name and given to the tenants that use it") {
  const config_directory directory;
  const auto read = directory
                        .main("[plugins.gam]\nsha256 = ['" + std::string(64, 'A') + "', '" + some_hash +
                              "']\nallow_imports = ['fork', '_ZNSt6thread4joinEv']\nallow_resident = true\n" +
                              inline_tenant("a", "plugin = 'gam'") + inline_tenant("b", "plugin = 'kevel'"))
                        .read();
  const auto policy = read->policy_of("gam");
  CHECK(policy.sha256 == std::vector<std::string>{std::string(64, 'a'), some_hash});
  CHECK(policy.allow_imports == std::vector<std::string>{"fork", "_ZNSt6thread4joinEv"});
  CHECK(policy.allow_resident);
  CHECK(policy.place.line == 4);
  CHECK(read->tenants.at("a")->policy.same_as(policy));
  CHECK(read->tenants.at("b")->policy.same_as(plugin_policy{}));
  CHECK(read->policy_of("unknown").same_as(plugin_policy{}));
}

TEST_CASE("a tenant in a file of its own has its plugin's policy too") {
  const config_directory directory;
  directory.main("[plugins.gam]\nsha256 = ['" + some_hash + "']\n").add("tenants.d/a.toml", "plugin = 'gam'");
  CHECK(directory.read()->tenants.at("a")->policy.sha256 == std::vector<std::string>{some_hash});
}

TEST_CASE("a policy of a plugin that no tenant uses is no mistake") {
  CHECK(findings_of("[plugins.unused]\nallow_resident = true\n").empty());
}

TEST_CASE("mistakes in a plugin's table fail the read") {
  const std::string symbol =
      "expected the name of a symbol as `nm -D` prints it, without the @ and what follows it, found the string ";
  const mistake mistakes[] = {
      {"sha265 = []",
       "tenon.toml:5: error: plugins.gam: unknown key \"sha265\", expected one of sha256, allow_imports, "
       "allow_resident, hold, did you mean \"sha256\"?\n"},
      {"sha256 = '" + some_hash + "'",
       "tenon.toml:5: error: plugins.gam.sha256: expected an array, found the string \"" + some_hash + "\"\n"},
      {"sha256 = []",
       "tenon.toml:5: error: plugins.gam.sha256: expected at least one hash, found an empty array; leave the key out "
       "if "
       "any content will do\n"},
      {"sha256 = ['abc']",
       "tenon.toml:5: error: plugins.gam.sha256[0]: expected a SHA-256, 64 hex digits as `sha256sum` or `tenonctl "
       "plugin "
       "verify` prints it, found the string \"abc\"\n"},
      {"sha256 = ['" + std::string(64, 'g') + "']",
       "tenon.toml:5: error: plugins.gam.sha256[0]: expected a SHA-256, 64 hex digits as `sha256sum` or `tenonctl "
       "plugin "
       "verify` prints it, found the string \"" +
           std::string(64, 'g') + "\"\n"},
      {"sha256 = ['" + std::string(64, 'a') + "',\n '" + std::string(64, 'A') + "']",
       "tenon.toml:6: error: plugins.gam.sha256[1]: expected each hash once, found \"" + std::string(64, 'a') +
           "\" again\n"},
      {"sha256 = [7]", "tenon.toml:5: error: plugins.gam.sha256[0]: expected a string, found the integer 7\n"},
      {"allow_imports = true",
       "tenon.toml:5: error: plugins.gam.allow_imports: expected an array, found the boolean true\n"},
      {"allow_imports = ['fork@GLIBC_2.2.5']",
       "tenon.toml:5: error: plugins.gam.allow_imports[0]: " + symbol + "\"fork@GLIBC_2.2.5\"\n"},
      {"allow_imports = ['fork', 'fork']",
       "tenon.toml:5: error: plugins.gam.allow_imports[1]: expected each symbol once, found \"fork\" again\n"},
      {"allow_resident = 1",
       "tenon.toml:5: error: plugins.gam.allow_resident: expected true or false, found the integer 1\n"},
  };
  for (const auto& [text, finding] : mistakes) {
    CAPTURE(text);
    const config_directory directory;
    CHECK(directory.main("[plugins.gam]\n" + text).findings() == finding);
    CHECK(read_catalog(directory.config()).has_error());
  }
  CHECK(findings_of("[plugins]\ngam = 3") ==
        "tenon.toml:5: error: plugins.gam: expected a table, found the integer 3\n");
  CHECK(findings_of("[plugins.'../gam']") ==
        "tenon.toml:4: error: expected the name of a plugin, its file without .so (1 to 64 lower-case letters, digits, "
        "dots, underscores or hyphens, starting with a letter or digit), found \"../gam\"\n");
}

TEST_CASE("the host's keys about plugins are read") {
  const config_directory directory;
  directory.add("keys/a.pem", "");
  const auto read = directory
                        .main(
                            "require_pin = true\nplugin_keys = ['keys/a.pem']\nops_group = 'ops'\n"
                            "canary = 'bin/canary'\nstore_retention_seconds = 0\nstore_max_bytes = 1\n")
                        .read();
  CHECK(read->host.require_pin);
  CHECK(read->host.plugin_keys == std::vector<std::filesystem::path>{directory.root() / "keys/a.pem"});
  CHECK(read->host.ops_group == "ops");
  CHECK(read->host.canary == directory.root() / "bin/canary");
  CHECK(read->host.store_retention.count() == 0);
  CHECK(read->host.store_max_bytes == 1);
  CHECK(directory.main("canary = 'off'").read()->host.canary == "off");
  CHECK(directory.main("").read()->host.canary.empty());
}

TEST_CASE("mistakes in the host's keys about plugins are found") {
  const mistake mistakes[] = {
      {"require_pin = 'yes'",
       "tenon.toml:4: error: host.require_pin: expected true or false, found the string \"yes\"\n"},
      {"plugin_keys = 'a.pem'",
       "tenon.toml:4: error: host.plugin_keys: expected an array, found the string \"a.pem\"\n"},
      {"plugin_keys = ['tenon.toml', './tenon.toml']",
       "tenon.toml:4: error: host.plugin_keys[1]: expected each key file once, found \"tenon.toml\" again\n"},
      {"plugin_keys = ['none.pem']",
       "tenon.toml:4: warning: host.plugin_keys[0]: there is no file \"none.pem\" to read the public key from; "
       "signatures are refused until there is\n"},
      {"ops_group = 'no group'",
       "tenon.toml:4: error: host.ops_group: expected the name of a group, found the string \"no group\"\n"},
      {"canary = false", "tenon.toml:4: error: host.canary: expected a string, found the boolean false\n"},
      {"store_retention_seconds = -1",
       "tenon.toml:4: error: host.store_retention_seconds: expected an integer from 0 to 315360000, found the integer "
       "-1\n"},
      {"store_max_bytes = 0",
       "tenon.toml:4: error: host.store_max_bytes: expected an integer from 1 to 1125899906842624, found the integer "
       "0\n"},
  };
  for (const auto& [text, finding] : mistakes) {
    CAPTURE(text);
    CHECK(findings_of(text) == finding);
  }
}
