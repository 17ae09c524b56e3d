#pragma once

#include <CLI/App.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace tenonctl {

/// `tenonctl plugin new | check`: what an author of plugins starts and ends with.
///
/// Lifetime    As long as the App that it was added to is used.
class author_commands {
 public:
  explicit author_commands(CLI::App& plugin);
  author_commands(const author_commands&) = delete;
  author_commands& operator=(const author_commands&) = delete;

  /// Runs the one that was asked for, if it was one of these. check hands over to tenon-plugin-check, which lies beside
  /// this program, with all its arguments, and comes back only if that cannot be started.
  std::optional<int> run() const;

 private:
  int make_new() const;
  int check() const;

  CLI::App* new_;
  CLI::App* check_;
  std::string name_;
  std::filesystem::path place_ = ".";
};

}  // namespace tenonctl
