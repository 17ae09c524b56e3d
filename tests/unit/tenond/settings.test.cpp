// Goal: tenond's own tables are read strictly, with file and line.
#include "settings.hpp"

#include <doctest/doctest.h>

#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace tenon::tenond;
namespace fs = std::filesystem;

namespace {

struct config_file {
  explicit config_file(const std::string& text, const std::string& name = "settings")
      : path(fs::temp_directory_path() / ("tenond-" + name + '-' + std::to_string(getpid()) + ".toml")) {
    std::ofstream(path) << text;
  }
  ~config_file() { fs::remove(path); }
  std::string refusal() const {
    const auto read = read_server_settings(path);
    return read ? "" : read.error().operator_detail;
  }
  fs::path path;
};

const std::string digest(64, 'a');

}  // namespace

TEST_CASE("what is missing has its default; the host's tables are not tenond's business") {
  const config_file file("[host]\nplugin_dirs = []\n");
  const auto read = read_server_settings(file.path);
  REQUIRE(read.has_value());
  CHECK(read->address == "127.0.0.1");
  CHECK(read->port == 8080);
  CHECK(read->principals.empty());
  CHECK(read->max_body_bytes == 4u << 20);
  CHECK(read->allowed_hosts.empty());
}

TEST_CASE("a whole configuration is read, paths relative to the file") {
  const config_file file(
      "[server]\naddress = \"::1\"\nport = 0\nadmin_socket = \"admin.sock\"\nthreads = 3\n"
      "log_level = \"warn\"\n[principals.buyer]\ntoken_sha256 = \"" +
      digest + "\"\n");
  const auto read = read_server_settings(file.path);
  REQUIRE(read.has_value());
  CHECK(read->port == 0);
  CHECK(read->threads == 3);
  CHECK(read->admin_socket == file.path.parent_path() / "admin.sock");
  REQUIRE(read->principals.size() == 1);
  CHECK(read->principals[0].name == "buyer");
}

TEST_CASE("every mistake is refused with its line and what was expected") {
  const std::pair<std::string, std::string> faults[] = {
      {"[server]\nprot = 1\n", "port"},
      {"[server]\nport = 70000\n", "65535"},
      {"[server]\nport = \"80\"\n", "integer"},
      {"[server]\nlog_level = \"loud\"\n", "debug"},
      {"[principals.buyer]\ntoken_sha256 = \"abc\"\n", "sha256sum"},
      {"[server]\nmax_header_bytes = 1023\n", "1024"},
      {"[server]\nmax_header_bytes = 1048577\n", "1048576"},
      {"[server]\nmax_body_bytes = 0\n", "1024"},
      {"[server]\nmax_body_bytes = \"4M\"\n", "integer"},
      {"[server]\nmax_connections = 0\n", "1000000"},
      {"[server]\nread_timeout_ms = 0\n", "3600000"},
      {"[server]\nidle_timeout_ms = 3600001\n", "found the integer 3600001"},
      {"[server]\nidle_timeout = 1\n", "idle_timeout_ms"},
      {"[server]\nallowed_hosts = \"localhost\"\n", "array"},
      {"[server]\nallowed_hosts = [\"https://a.example\"]\n", "no scheme"},
      {"[server]\nallowed_hosts = [\"*.a.example\"]\n", "allowed_hosts[0]"},
      {"[server]\nallowed_hosts = [\"a.example:0\"]\n", "found the string \"a.example:0\""},
      {"[server]\nallowed_origins = [\"a.example\"]\n", "https://app.example.com"},
      {"[server]\nallowed_origins = [\"https://a.example/\"]\n", "no path"},
      {"[server]\nallowed_origins = [\"*\"]\n", "wildcard"},
      {"[server]\nallowed_origins = [\"null\"]\n", "http or https"},
      {"[server]\nrequests_per_second_per_principal = -1\n", "from 0 to 100000"},
      {"[server]\nrequests_per_second_per_principal = \"10\"\n", "number"},
      {"[server]\nburst_per_principal = 0\n", "1000000"},
      {"[server]\nauth_failures_per_minute_per_address = 1000001\n", "1000000"},
      {"[server]\naudit_log = 1\n", "string"},
      {"[principals.buyer]\nburst = 0.5\n", "integer"},
      {"[principals.buyer]\nrequest_per_second = 1\n", "requests_per_second"},
      {"\n[server]\ntls_key = \"key.pem\"\n", "both or neither"},
      {"\n[server]\ntls_certificate = \"chain.pem\"\n", "both or neither"},
  };
  for (const auto& [text, expected] : faults) {
    const config_file file(text);
    const auto refusal = file.refusal();
    CAPTURE(refusal);
    CHECK(refusal.find(file.path.string() + ":2") != std::string::npos);
    CHECK(refusal.find(expected) != std::string::npos);
  }
}

TEST_CASE("what the listener takes is read, and what of it changed is known") {
  const config_file before("[server]\n");
  const config_file file(
      "[server]\nmax_header_bytes = 1024\nmax_body_bytes = 1073741824\nmax_connections = 1\nread_timeout_ms = 5\n"
      "idle_timeout_ms = 6\nallowed_hosts = [\"a.example:8080\", \"[::1]\", \"*\"]\n"
      "allowed_origins = [\"https://a.example\"]\n",
      "changed");
  const auto read = read_server_settings(file.path);
  REQUIRE(read.has_value());
  CHECK(read->max_header_bytes == 1024);
  CHECK(read->max_body_bytes == 1u << 30);
  CHECK(read->max_connections == 1);
  CHECK(read->read_timeout.count() == 5);
  CHECK(read->idle_timeout.count() == 6);
  CHECK(read->allowed_hosts == std::vector<std::string>{"a.example:8080", "[::1]", "*"});
  CHECK(read->allowed_origins == std::vector<std::string>{"https://a.example"});
  CHECK(changed_keys(*read, *read).empty());
  CHECK(changed_keys(read_server_settings(before.path).value(), *read) ==
        std::vector<std::string_view>{"max_header_bytes", "max_body_bytes", "max_connections", "read_timeout_ms",
                                      "idle_timeout_ms", "allowed_hosts", "allowed_origins"});
}

TEST_CASE("limits and the audit log are read, those of a principal beside its token, and need no restart") {
  const config_file before("[server]\n");
  const config_file file(
      "[server]\naudit_log = \"audit.jsonl\"\nrequests_per_second_per_principal = 0.5\nburst_per_principal = 7\n"
      "auth_failures_per_minute_per_address = 9\n[principals.a]\ntoken_sha256 = \"" +
          digest + "\"\nrequests_per_second = 0\nburst = 3\n[principals.b]\ntoken_sha256 = \"" + std::string(64, 'b') +
          "\"\n",
      "limits");
  const auto read = read_server_settings(file.path);
  REQUIRE_MESSAGE(read.has_value(), file.refusal());
  CHECK(read->audit_log == file.path.parent_path() / "audit.jsonl");
  CHECK(read->requests_per_second_per_principal == 0.5);
  CHECK(read->burst_per_principal == 7);
  CHECK(read->auth_failures_per_minute_per_address == 9);
  REQUIRE(read->principals.size() == 2);
  CHECK(read->principals[0].requests_per_second == 0);
  CHECK(read->principals[0].burst == 3);
  CHECK_FALSE(read->principals[1].requests_per_second.has_value());
  CHECK_FALSE(read->principals[1].burst.has_value());
  CHECK(changed_keys(read_server_settings(before.path).value(), *read).empty());
}

TEST_CASE("the shipped file shows every key of [server], with its default") {
  std::ifstream shipped(fs::path(TENON_SHIPPED_CONFIG) / "tenon.toml");
  std::string text;
  bool here = false;
  for (std::string line; std::getline(shipped, line);) {
    if (line.starts_with('[')) here = line == "[server]";
    if (here && line.starts_with("#[")) break;
    if (here && !line.starts_with("# ")) text += (line.starts_with('#') ? line.substr(1) : line) + '\n';
  }
  const config_file file(text);
  const auto read = read_server_settings(file.path);
  REQUIRE_MESSAGE(read.has_value(), file.refusal());
  server_settings defaults;
  CHECK(changed_keys(defaults, *read) == std::vector<std::string_view>{"admin_socket", "port_file", "webhook_signing_key",
                                                                       "webhook_signing_key_id", "tls_certificate"});
  CHECK(read->audit_log == "/var/log/tenon/audit.jsonl");  // as shipped
  CHECK(read->requests_per_second_per_principal == defaults.requests_per_second_per_principal);
  CHECK(read->burst_per_principal == defaults.burst_per_principal);
  CHECK(read->auth_failures_per_minute_per_address == defaults.auth_failures_per_minute_per_address);

  const auto refusal = config_file("[server]\nzzzzzzzz = 1\n", "unknown").refusal();
  const std::string opening = "expected one of ";
  REQUIRE(refusal.find(opening) != std::string::npos);
  std::istringstream names(refusal.substr(refusal.find(opening) + opening.size()));
  int keys = 0;
  for (std::string name; std::getline(names, name, ',');) {
    name = name.substr(name.find_first_not_of(' '));
    CAPTURE(name);
    ++keys;
    CHECK(text.find('\n' + name + " = ") != std::string::npos);
  }
  CHECK(keys >= 20);
}

TEST_CASE("the id of a key without the key is refused") {
  const config_file both("[server]\nwebhook_signing_key = \"key.pem\"\nwebhook_signing_key_id = \"k\"\n");
  const auto read = read_server_settings(both.path);
  REQUIRE(read.has_value());
  CHECK(read->webhook_signing_key == both.path.parent_path() / "key.pem");
  CHECK(read->webhook_signing_key_id == "k");
  CHECK(config_file("[server]\nwebhook_signing_key_id = \"k\"\n").refusal().find("webhook_signing_key,") !=
        std::string::npos);
}

TEST_CASE("a principal without a token, and two with one token, are refused") {
  CHECK(config_file("[principals.buyer]\n").refusal().find("token_sha256") != std::string::npos);
  const auto twice = config_file("[principals.a]\ntoken_sha256 = \"" + digest +
                                 "\"\n[principals.b]\ntoken_sha256 = \"" + digest + "\"\n")
                         .refusal();
  CHECK(twice.find("principals.b") != std::string::npos);
  CHECK(twice.find(digest) == std::string::npos);
}

TEST_CASE("a file that is not there and one that is no TOML are refused") {
  CHECK(read_server_settings("/nowhere/tenon.toml").error().operator_detail.find("/nowhere/tenon.toml") !=
        std::string::npos);
  CHECK_FALSE(config_file("[server\n").refusal().empty());
}
