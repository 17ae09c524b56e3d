// Goal: every way a secret can be unreadable is said with its place and never with its text.
#include "reload/plugin_factory.hpp"

#include <doctest/doctest.h>

#include <unistd.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace tenon;
namespace fs = std::filesystem;

namespace {

struct directory {
  directory() : path(fs::temp_directory_path() / ("tenon-secrets-" + std::to_string(getpid()))) {
    fs::create_directories(path);
  }
  ~directory() { fs::remove_all(path); }

  tenant_entry entry(const std::string& name, secret_source source) const {
    tenant_entry made;
    made.name = "acme";
    made.place = {.file = "acme.toml", .line = 4};
    made.secrets.emplace(name, std::move(source));
    return made;
  }
  std::string write(const std::string& text) const {
    std::ofstream(path / "secret") << text;
    return (path / "secret").string();
  }

  fs::path path;
};

}  // namespace

TEST_CASE("a secret is read from a file, without its last line end") {
  const directory place;
  const auto texts = read_secrets(place.entry("api_key", {secret_source::kind::file, place.write("s3cret\n")}));
  REQUIRE(texts.has_value());
  REQUIRE((*texts)->find("api_key") != nullptr);
  CHECK(*(*texts)->find("api_key") == "s3cret");
  CHECK((*texts)->find("other") == nullptr);
}

TEST_CASE("a secret is read from the environment") {
  const directory place;
  setenv("TENON_TEST_SECRET", "from-env", 1);
  const auto texts = read_secrets(place.entry("api_key", {secret_source::kind::environment, "TENON_TEST_SECRET"}));
  unsetenv("TENON_TEST_SECRET");
  REQUIRE(texts.has_value());
  CHECK(*(*texts)->find("api_key") == "from-env");
}

TEST_CASE("what cannot be read is a broken configuration that names setting, source and tenant") {
  const directory place;
  const auto missing = (place.path / "nowhere").string();
  const std::pair<secret_source, std::string> faults[] = {
      {{secret_source::kind::file, missing}, missing},
      {{secret_source::kind::file, place.path.string()}, place.path.string()},
      {{secret_source::kind::file, place.write("")}, "empty"},
      {{secret_source::kind::environment, "TENON_NO_SUCH_VARIABLE"}, "TENON_NO_SUCH_VARIABLE"},
  };
  for (const auto& [source, named] : faults) {
    CAPTURE(named);
    const auto texts = read_secrets(place.entry("api_key", source));
    REQUIRE_FALSE(texts.has_value());
    CHECK(texts.error().code == "CONFIGURATION_ERROR");
    CHECK(texts.error().operator_detail.find("acme.toml:4") != std::string::npos);
    CHECK(texts.error().operator_detail.find("settings.api_key") != std::string::npos);
    CHECK(texts.error().operator_detail.find(named) != std::string::npos);
    CHECK(texts.error().message.find(named) == std::string::npos);
  }
}

TEST_CASE("a file too large to be a secret is refused without being quoted") {
  const directory place;
  const auto texts =
      read_secrets(place.entry("key", {secret_source::kind::file, place.write(std::string((1 << 20) + 1, 'x'))}));
  REQUIRE_FALSE(texts.has_value());
  CHECK(texts.error().operator_detail.find("xxxx") == std::string::npos);
}
