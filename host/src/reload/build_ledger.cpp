#include "reload/build_ledger.hpp"

#include <spdlog/logger.h>

#include <utility>

namespace tenon {

build_ledger::build_ledger(const clock& time, std::shared_ptr<spdlog::logger> logger)
    : time_(time), logger_(std::move(logger)), opened_(time.wall_now()) {}

/// Applies a change, and says when it put the tenant into trouble or out of it.
template <class Change>
void build_ledger::change(const std::string& tenant, Change apply, unknown of_none) {
  bool was = false;
  line now;
  {
    const std::lock_guard lock(mutex_);
    if (of_none == unknown::left_alone && !lines_.contains(tenant)) return;
    const auto [at, fresh] = lines_.try_emplace(tenant);
    was = at->second.in_trouble();
    const bool was_built = !at->second.platform.expired();
    apply(at->second);
    const bool is_built = !at->second.platform.expired();
    if (fresh || was != at->second.in_trouble() || was_built != is_built) at->second.since = time_.wall_now();
    now = at->second;
  }
  if (!logger_ || was == now.in_trouble()) return;
  if (was) return logger_->info("tenant {}: in order again", tenant);
  if (!now.last_error.empty()) logger_->error("tenant {}: no platform can be built: {}", tenant, now.last_error);
}

void build_ledger::built(const std::string& tenant, const std::shared_ptr<plugin_platform>& platform) {
  change(tenant, [&](line& of) {
    of.platform = platform;
    of.last_error.clear();
  });
}

void build_ledger::failed(const std::string& tenant, std::string reason) {
  change(tenant, [&](line& of) { of.last_error = std::move(reason); });
}

void build_ledger::kept_back(const std::string& tenant, std::string reason) {
  change(tenant, [&](line& of) { of.kept_back = std::move(reason); });
}

void build_ledger::in_force(const std::string& tenant) {
  change(
      tenant, [](line& of) { of.kept_back.clear(); }, unknown::left_alone);
}

void build_ledger::forget(const std::string& tenant) {
  const std::lock_guard lock(mutex_);
  lines_.erase(tenant);
}

build_ledger::line build_ledger::find(const std::string& tenant) const {
  const std::lock_guard lock(mutex_);
  const auto at = lines_.find(tenant);
  if (at != lines_.end()) return at->second;
  line none;
  none.since = opened_;
  return none;
}

}  // namespace tenon
