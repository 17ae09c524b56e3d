#include "forget_command.hpp"

#include "plugin/crash_finding.hpp"
#include "plugin/loading_mark.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace tenonctl {

forget_command::forget_command(CLI::App& plugin)
    : forget_(plugin.add_subcommand(
          "forget", "let bytes be tried again that ended a host, or that the canary refused: forgets what they did")),
      place_(*forget_) {
  forget_->add_option("hash", content_hash_, "the plugin's SHA-256 or its beginning, as the refusal says it")
      ->required();
}

std::optional<int> forget_command::run() const {
  if (!forget_->parsed()) return std::nullopt;
  return place_.with_store([this](const std::filesystem::path& store) {
    const auto removed = tenon::forget_findings(store, content_hash_);
    if (!removed) return failed(removed.error());
    std::cout << *removed << " findings about " << content_hash_
              << " forgotten; reload or start the host to try it again\n";
    return 0;
  });
}

forgive_command::forgive_command(CLI::App& plugin)
    : forgive_(plugin.add_subcommand("forgive", "let bytes run again for a tenant for whom a host died in them")),
      place_(*forgive_) {
  forgive_->add_option("hash", content_hash_, "the plugin's SHA-256 or its beginning, as the refusal says it")
      ->required();
  forgive_->add_option("--tenant", tenant_, "without it: all");
}

std::optional<int> forgive_command::run() const {
  if (!forgive_->parsed()) return std::nullopt;
  return place_.with_store([this](const std::filesystem::path& store) {
    const auto removed = tenon::forgive_crashes(store, content_hash_, tenant_);
    if (!removed) return failed(removed.error());
    std::cout << *removed << " crashes of " << content_hash_ << (tenant_.empty() ? "" : " for tenant " + tenant_)
              << " forgiven; reload or start the host to serve from it again\n";
    return 0;
  });
}

}  // namespace tenonctl
