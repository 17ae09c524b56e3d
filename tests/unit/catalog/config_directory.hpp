#pragma once

#include "catalog/catalog.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace tenon {

/// A directory with a configuration and the plugins gam and kevel (empty files: the catalog only looks whether they are
/// there). Gone with the object.
class config_directory {
 public:
  static constexpr std::string_view host_table = "[host]\nplugin_dirs = [\"plugins\"]\nstore_dir = \"store\"\n";

  config_directory() {
    std::string made = std::filesystem::temp_directory_path() / "tenon-catalog-XXXXXX";
    REQUIRE(mkdtemp(made.data()) != nullptr);
    root_ = made;
    std::filesystem::create_directories(root_ / "tenants.d");
    add("plugins/gam.so", "");
    add("plugins/kevel.so", "");
  }
  config_directory(const config_directory&) = delete;
  config_directory& operator=(const config_directory&) = delete;
  ~config_directory() { std::filesystem::remove_all(root_); }

  void add(const std::string& file, std::string_view text) const {
    std::filesystem::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file, std::ios::binary) << text;
  }

  /// Writes tenon.toml: three lines of [host], then `text`, which therefore starts on line 4.
  const config_directory& main(std::string_view text) const {
    add("tenon.toml", std::string(host_table) + std::string(text));
    return *this;
  }

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path config() const { return root_ / "tenon.toml"; }

  std::shared_ptr<const catalog> read() const {
    auto made = read_catalog(config());
    REQUIRE_MESSAGE(made.has_value(), made.error().operator_detail);
    return *made;
  }

  /// Every finding, one a line, without the directory: "tenon.toml:4: error: ...".
  std::string findings() const {
    std::string text;
    for (const auto& finding : check_catalog(config())) text += finding.to_string() + '\n';
    const auto prefix = root_.string() + '/';
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at))
      text.erase(at, prefix.size());
    return text;
  }

 private:
  std::filesystem::path root_;
};

/// One tenant's line for tenon.toml.
inline std::string inline_tenant(std::string_view name, std::string_view rest) {
  return "[tenants." + std::string(name) + "]\n" + std::string(rest) + '\n';
}

}  // namespace tenon
