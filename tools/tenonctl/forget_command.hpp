#pragma once

#include "store_option.hpp"

#include <CLI/App.hpp>

#include <optional>
#include <string>

namespace tenonctl {

/// `tenonctl plugin forget`: lets bytes be tried again that a host refuses for what they did before. Needs no tenond; a
/// running one takes notice at its next start or reload.
///
/// Lifetime    As long as the App that it was added to is used.
class forget_command {
 public:
  explicit forget_command(CLI::App& plugin);
  forget_command(const forget_command&) = delete;
  forget_command& operator=(const forget_command&) = delete;

  /// Runs, if it was asked for. 0: nothing is held against these bytes any more. 1: it failed. 2: neither --store nor
  /// --config.
  std::optional<int> run() const;

 private:
  CLI::App* forget_;
  store_option place_;
  std::string content_hash_;
};

/// `tenonctl plugin forgive`: lets bytes run again for a tenant for whom a host died in them. Needs no tenond either.
///
/// Lifetime    As long as the App that it was added to is used.
class forgive_command {
 public:
  explicit forgive_command(CLI::App& plugin);
  forgive_command(const forgive_command&) = delete;
  forgive_command& operator=(const forgive_command&) = delete;

  /// As forget_command::run().
  std::optional<int> run() const;

 private:
  CLI::App* forgive_;
  store_option place_;
  std::string content_hash_, tenant_;
};

}  // namespace tenonctl
