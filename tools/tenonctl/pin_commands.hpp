#pragma once

#include <CLI/App.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tenonctl {

/// `tenonctl plugin keygen | sign | verify`: pins, made and checked without a host.
///
/// Lifetime    As long as the App that it was added to is used.
class pin_commands {
 public:
  explicit pin_commands(CLI::App& plugin);
  pin_commands(const pin_commands&) = delete;
  pin_commands& operator=(const pin_commands&) = delete;

  /// Runs the one that was asked for, if it was one of these. 0: done, and for verify: something vouches for the file.
  /// 1: it failed or nothing does. 2: there is nothing to verify against.
  std::optional<int> run() const;

 private:
  int keygen() const;
  int sign() const;
  int verify() const;

  CLI::App* keygen_;
  CLI::App* sign_;
  CLI::App* verify_;
  std::filesystem::path place_, file_, private_key_, config_;
  std::vector<std::filesystem::path> public_keys_;
  std::string name_;
};

}  // namespace tenonctl
