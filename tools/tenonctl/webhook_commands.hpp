#pragma once

#include <CLI/App.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace tenonctl {

/// `tenonctl webhook keygen | jwks`: the key that webhooks are signed with, and what receivers need of it.
///
/// Lifetime    As long as the App that it was added to is used.
class webhook_commands {
 public:
  explicit webhook_commands(CLI::App& webhook);
  webhook_commands(const webhook_commands&) = delete;
  webhook_commands& operator=(const webhook_commands&) = delete;

  /// Runs the one that was asked for, if it was one of these. 0: done. 1: it failed.
  std::optional<int> run() const;

 private:
  int keygen() const;
  int jwks() const;

  CLI::App* keygen_;
  CLI::App* jwks_;
  std::filesystem::path place_, key_;
  std::string key_id_;
};

}  // namespace tenonctl
