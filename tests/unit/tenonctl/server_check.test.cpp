// Goal: `tenonctl check` finds what would keep tenond from starting, before it is started. Method: configurations and
// certificates made on the spot.
#include "server_check.hpp"

#include "plugin/signature.hpp"

#include "../http_server/tls_client.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using tenonctl::check_server;
namespace fs = std::filesystem;

namespace {

struct config_directory {
  config_directory() {
    std::string made = (fs::temp_directory_path() / "tenonctl-check-XXXXXX").string();
    root = ::mkdtemp(made.data());
  }
  ~config_directory() { fs::remove_all(root); }

  std::vector<tenon::diagnostic> check(const std::string& server) const {
    std::ofstream(root / "tenon.toml") << "[server]\n" + server + "[principals.buyer]\ntoken_sha256 = \"" +
                                              std::string(64, 'a') + "\"\n";
    return check_server(root / "tenon.toml");
  }

  fs::path root;
};

std::string tls(const fs::path& certificate, const fs::path& key) {
  return "tls_certificate = \"" + certificate.string() + "\"\ntls_key = \"" + key.string() + "\"\n";
}

}  // namespace

TEST_CASE("limits and an audit log are known, and what is out of its limits is refused with its line") {
  const config_directory files;
  CHECK(files
            .check("audit_log = \"audit.jsonl\"\nrequests_per_second_per_principal = 5.5\nburst_per_principal = 9\n"
                   "auth_failures_per_minute_per_address = 0\n")
            .empty());
  for (const std::string wrong : {"burst_per_principal = 0\n", "requests_per_second_per_principal = -1\n",
                                  "auth_failures_per_minute_per_address = -1\n", "audit_logs = \"a\"\n"}) {
    const auto findings = files.check(wrong);
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].fatal);
    CHECK(findings[0].to_string().find("tenon.toml:2") != std::string::npos);
  }
}

TEST_CASE("an audit log in a directory that is not there is told, but a service may make it") {
  const config_directory files;
  const auto findings = files.check("audit_log = \"none/audit.jsonl\"\n");
  REQUIRE(findings.size() == 1);
  CHECK_FALSE(findings[0].fatal);
  CHECK(findings[0].message.find((files.root / "none").string()) != std::string::npos);
}

TEST_CASE("the key of webhooks is read as tenond would, and has to be there for its id") {
  const config_directory files;
  const auto key = files.root / "webhook.pem";
  const std::string setting = "webhook_signing_key = \"webhook.pem\"\n";
  const auto refused = [&](const std::string& server, const std::string& why) {
    const auto findings = files.check(server);
    return findings.size() == 1 && findings[0].fatal && findings[0].message.find(why) != std::string::npos;
  };
  CHECK(refused(setting, key.string()));
  std::ofstream(key) << tenon::make_key_pair().private_pem;
  fs::permissions(key, fs::perms::owner_read | fs::perms::others_read);
  CHECK(refused(setting, "only its owner"));
  fs::permissions(key, fs::perms::owner_read);
  CHECK(files.check(setting).empty());
  CHECK(files.check(setting + "webhook_signing_key_id = \"2026-11\"\n").empty());
  CHECK(refused(setting + "webhook_signing_key_id = \"two words\"\n", "two words"));
}

TEST_CASE("a certificate and its key are loaded as tenond would, and what is wrong with them is told") {
  const config_directory files;
  const identity_files good;
  const identity_files other;
  CHECK(files.check(tls(good.certificate(), good.key())).empty());
  const auto refused = [&](const fs::path& certificate, const fs::path& key, const fs::path& named) {
    const auto findings = files.check(tls(certificate, key));
    return findings.size() == 1 && findings[0].fatal && findings[0].message.find(named.string()) != std::string::npos;
  };
  CHECK(refused(good.certificate(), other.key(), other.key()));
  CHECK(refused(files.root / "none.pem", good.key(), files.root / "none.pem"));
  CHECK(refused(good.key(), good.key(), good.key()));
  fs::permissions(good.key(), fs::perms::others_read, fs::perm_options::add);
  CHECK(refused(good.certificate(), good.key(), good.key()));
}
