#include "reload/reloader.hpp"

#include <boost/asio/post.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace tenon {
namespace {

constexpr std::size_t builds_at_a_time = 4;

reload_report refused_report(std::string message) {
  reload_report report;
  report.diagnostics.push_back({.fatal = true, .tenant = {}, .file = {}, .message = std::move(message)});
  return report;
}

}  // namespace

/// One round: its plan, and how far it has come. `mutex` guards everything below it.
struct reloader::round {
  std::vector<reload_handler> handlers;
  std::shared_ptr<const catalog> read;
  reload_plan plan;
  reload_report report;

  std::mutex mutex;
  std::vector<std::size_t> to_build;  ///< indices of changes whose tenant has a live platform, last one first
  std::size_t building = 0;
  bool finished = false;
};

reloader::reloader(reload_environment environment) : environment_(std::move(environment)) {}

void reloader::reload(reload_handler done) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopped_) {
      waiting_.push_back(std::move(done));
      if (running_) return;
      running_ = true;
    }
  }
  if (done) return done(refused_report("the host is shutting down; nothing was reloaded"));
  begin_round();
}

void reloader::stop() {
  std::vector<reload_handler> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(waiting_);
  }
  stop_.request_stop();
  for (auto& done : dropped) done(refused_report("the host is shutting down; nothing was reloaded"));
}

void reloader::begin_round() {
  auto current = std::make_shared<round>();
  {
    const std::lock_guard lock(mutex_);
    current->handlers.swap(waiting_);
    if (current->handlers.empty()) {
      running_ = false;
      return;
    }
  }
  boost::asio::post(environment_.blocking, [self = shared_from_this(), current = std::move(current)]() mutable {
    self->read_and_plan(std::move(current));
  });
}

void reloader::read_and_plan(std::shared_ptr<round> current) {
  const auto now = environment_.deployments->all();
  tenants_in_force in_force;
  for (const auto& [tenant, what] : now) in_force.push_back(what->entry);
  auto read = read_catalog(environment_.config, {"server", "principals"}, in_force);
  if (!read) {
    current->report.diagnostics = check_catalog(environment_.config, {"server", "principals"}, in_force);
    if (current->report.ok()) current->report = refused_report(read.error().operator_detail);  // repaired since
    return finish(current);
  }
  current->read = std::move(*read);
  current->report.diagnostics = current->read->diagnostics;
  current->plan = make_plan(now, *current->read,
                            pin_plugins(*current->read, *environment_.admission),
                            crash_findings::read(environment_.store));
  current->report.unchanged = static_cast<std::uint32_t>(current->plan.unchanged.size());
  for (const auto& tenant : current->plan.unchanged) environment_.ledger->in_force(tenant);
  const auto cached = environment_.router->cached_tenants();
  for (std::size_t index = 0; index < current->plan.changes.size(); ++index) {
    auto& planned = current->plan.changes[index];
    const bool live = std::ranges::binary_search(cached, planned.change.tenant);
    if (planned.change.applied && planned.next && planned.next->entry->enabled && live) {
      current->to_build.push_back(index);
    } else {
      apply(planned, nullptr);
    }
  }
  std::ranges::reverse(current->to_build);
  build_more(current);
}

void reloader::build_more(const std::shared_ptr<round>& current) {
  std::vector<std::size_t> starting;
  bool all_done = false;
  {
    const std::lock_guard lock(current->mutex);
    while (!current->to_build.empty() && current->building < builds_at_a_time) {
      starting.push_back(current->to_build.back());
      current->to_build.pop_back();
      ++current->building;
    }
    all_done = current->building == 0 && !std::exchange(current->finished, current->building == 0);
  }
  for (const auto index : starting) build_one(current, index);
  if (all_done) finish(current);
}

void reloader::build_one(const std::shared_ptr<round>& current, std::size_t index) {
  auto& planned = current->plan.changes[index];
  environment_.factory->build_from(
      planned.next, stop_.get_token(),
      [self = shared_from_this(), current, index](result<std::shared_ptr<plugin_platform>> built) {
        auto& change = current->plan.changes[index];
        if (built) {
          self->environment_.ledger->built(change.change.tenant, *built);
          self->apply(change, std::move(*built));
        } else {
          change.change.applied = false;
          change.change.reason = "building the successor failed: " + (built.error().operator_detail.empty()
                                                                          ? built.error().message
                                                                          : built.error().operator_detail);
          self->environment_.ledger->kept_back(change.change.tenant, change.change.reason);
        }
        {
          const std::lock_guard lock(current->mutex);
          --current->building;
        }
        self->build_more(current);
      });
}

void reloader::apply(planned_change& planned, std::shared_ptr<platform> successor) {
  const auto& tenant = planned.change.tenant;
  if (!planned.change.applied) {
    environment_.ledger->kept_back(tenant, planned.change.reason);
    // A tenant that works keeps what it has; one that has nothing gets the refusal to show.
    const auto old = environment_.deployments->find(tenant);
    if (planned.next && (!old || old->refusal)) environment_.deployments->put(tenant, planned.next);
    return;
  }
  if (!planned.next) {
    environment_.deployments->erase(tenant);
    environment_.ledger->forget(tenant);
    environment_.router->invalidate(tenant);
    return;
  }
  // First what a build would use, then the slot: a build that began before loses its generation to either call below.
  environment_.deployments->put(tenant, planned.next);
  environment_.ledger->in_force(tenant);
  planned.change.rebuilt = successor && environment_.router->replace(tenant, std::move(successor));
  if (!planned.change.rebuilt) environment_.router->invalidate(tenant);
}

void reloader::finish(const std::shared_ptr<round>& current) {
  for (auto& planned : current->plan.changes) current->report.tenants.push_back(std::move(planned.change));
  if (current->read) environment_.on_applied(current->read);
  log_report(current->report);
  if (!current->read) environment_.logger->error("reload: refused, nothing was changed");
  for (auto& done : current->handlers) done(current->report);
  begin_round();
}

void reloader::log_report(const reload_report& report) const {
  auto& log = *environment_.logger;
  for (const auto& finding : report.diagnostics) {
    log.log(finding.fatal ? spdlog::level::err : spdlog::level::warn, "reload: {}", finding.to_string());
  }
  std::size_t failed = 0;
  for (const auto& change : report.tenants) {
    if (change.applied) {
      log.info("reload: tenant {}: {}{}", change.tenant, to_string(change.what),
               change.rebuilt ? ", live platform replaced" : "");
    } else {
      ++failed;
      log.error("reload: tenant {}: {} not applied, {}", change.tenant, to_string(change.what), change.reason);
    }
  }
  if (report.tenants.empty() && !report.ok()) return;
  log.info("reload: {} changed, {} kept back, {} unchanged", report.tenants.size() - failed, failed, report.unchanged);
}

}  // namespace tenon
