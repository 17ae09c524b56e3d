#pragma once

#include "catalog/catalog.hpp"

#include <CLI/App.hpp>

#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

namespace tenonctl {

inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;

inline int failed(const tenon::error& why) {
  std::cerr << "tenonctl: " << why.operator_detail << '\n';
  return exit_failed;
}

/// Which host's store a command is about: --store, or --config that names it.
///
/// Lifetime    As long as the App that it was added to is used.
class store_option {
 public:
  explicit store_option(CLI::App& command) {
    command.add_option("--store", store_, "the host's store_dir");
    command.add_option("--config", config_, "tenon.toml, which names the store");
  }
  store_option(const store_option&) = delete;
  store_option& operator=(const store_option&) = delete;

  /// Runs a command on the store. It returns the exit code: 2 if neither option is there.
  template <class Command>
  int with_store(Command command) const {
    if (!store_.empty()) return command(store_);
    if (config_.empty()) {
      std::cerr << "tenonctl: expected --store DIR or --config tenon.toml, found neither\n";
      return exit_usage;
    }
    const auto read = tenon::read_catalog(config_);
    if (!read) return failed(read.error());
    return command((*read)->host.store_dir);
  }

 private:
  std::filesystem::path store_, config_;
};

}  // namespace tenonctl
