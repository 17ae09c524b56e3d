#include "host/warm_up.hpp"

#include "base/operator_text.hpp"

#include <spdlog/logger.h>

#include <algorithm>
#include <utility>

namespace tenon {

warm_up::warm_up(std::shared_ptr<lazy_platform_router> router, std::shared_ptr<work_scheduler> work,
                 std::shared_ptr<spdlog::logger> logger, std::uint32_t builds)
    : router_(std::move(router)), work_(std::move(work)), logger_(std::move(logger)), builds_(std::max(builds, 1u)) {}

void warm_up::start(std::vector<std::string> tenants) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    for (auto& tenant : tenants) {
      if (!pending_.insert(tenant).second) continue;
      ++counts_.wanted;
      waiting_.push_back(std::move(tenant));
    }
  }
  go_on();
}

void warm_up::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  waiting_.clear();
}

warm_up_status warm_up::status() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void warm_up::go_on() {
  std::vector<std::string> starting;
  {
    const std::lock_guard lock(mutex_);
    while (building_ < builds_ && !waiting_.empty()) {
      starting.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
      ++building_;
    }
  }
  for (const auto& tenant : starting) build(tenant);
}

void warm_up::build(const std::string& tenant) {
  router_->platform_for_tenant(tenant,
                               [self = shared_from_this(), tenant](const result<std::shared_ptr<platform>>& outcome) {
                                 self->built(tenant, outcome);
                               });
}

void warm_up::built(const std::string& tenant, const result<std::shared_ptr<platform>>& outcome) {
  // First: who waits until all were tried looks here why one has failed.
  if (!outcome) {
    logger_->warn("warm-up: tenant {}: {}; its first request tries again", tenant, operator_text(outcome.error()));
  }
  warm_up_status over;
  {
    const std::lock_guard lock(mutex_);
    --building_;
    pending_.erase(tenant);
    ++(outcome ? counts_.built : counts_.failed);
    if (counts_.built + counts_.failed == counts_.wanted) over = counts_;
  }
  if (over.wanted > 0) logger_->info("warm-up: {} platforms built, {} failed", over.built, over.failed);
  // Not on this stack: a platform that is there already is answered at once, and so may be the next.
  work_->post([self = shared_from_this()] { self->go_on(); });
}

}  // namespace tenon
