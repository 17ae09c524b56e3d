// Goal: tenond's own tables are read strictly, with file and line.
#include "settings.hpp"

#include <doctest/doctest.h>

#include <unistd.h>
#include <filesystem>
#include <fstream>

using namespace tenon::tenond;
namespace fs = std::filesystem;

namespace {

struct config_file {
  explicit config_file(const std::string& text)
      : path(fs::temp_directory_path() / ("tenond-settings-" + std::to_string(getpid()) + ".toml")) {
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
  };
  for (const auto& [text, expected] : faults) {
    const config_file file(text);
    const auto refusal = file.refusal();
    CAPTURE(refusal);
    CHECK(refusal.find(file.path.string() + ":2") != std::string::npos);
    CHECK(refusal.find(expected) != std::string::npos);
  }
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
