#include "forget_command.hpp"

#include "catalog/catalog.hpp"
#include "plugin/loading_mark.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace tenonctl {
namespace {

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

int failed(const tenon::error& why) {
  std::cerr << "tenonctl: " << why.operator_detail << '\n';
  return exit_failed;
}

}  // namespace

forget_command::forget_command(CLI::App& plugin)
    : forget_(plugin.add_subcommand(
          "forget", "let bytes be tried again that ended a host, or that the canary refused: forgets what they did")) {
  forget_->add_option("hash", content_hash_, "the plugin's SHA-256 or its beginning, as the refusal says it")
      ->required();
  forget_->add_option("--store", store_, "the host's store_dir");
  forget_->add_option("--config", config_, "tenon.toml, which names the store");
}

std::optional<int> forget_command::run() const {
  if (!forget_->parsed()) return std::nullopt;
  auto store = store_;
  if (store.empty()) {
    if (config_.empty()) {
      std::cerr << "tenonctl: expected --store DIR or --config tenon.toml, found neither\n";
      return exit_usage;
    }
    const auto read = tenon::read_catalog(config_);
    if (!read) return failed(read.error());
    store = (*read)->host.store_dir;
  }
  const auto removed = tenon::forget_findings(store, content_hash_);
  if (!removed) return failed(removed.error());
  std::cout << *removed << " findings about " << content_hash_ << " forgotten; reload or start the host to try it again\n";
  return 0;
}

}  // namespace tenonctl
