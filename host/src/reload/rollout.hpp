#pragma once

#include "base/work_scheduler.hpp"
#include "plugin/admission.hpp"
#include "reload/reloader.hpp"
#include "reload/rollout_book.hpp"
#include "reload/rollout_plan.hpp"

#include <tenon/rollout.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace spdlog {
class logger;
}

namespace tenon {

/// What rollouts work on.
struct rollout_environment {
  boost::asio::any_io_executor blocking;  ///< files are read and plugins tried out here
  std::shared_ptr<work_scheduler> work;
  std::shared_ptr<tenon::admission> admission;
  std::shared_ptr<deployment_table> deployments;
  std::shared_ptr<tenon::reloader> reloader;
  std::shared_ptr<rollout_book> book;
  std::shared_ptr<spdlog::logger> logger;
  std::function<call_figures(const std::string& tenant)> figures_of;  ///< since the start
  std::function<std::vector<std::string>()> live_tenants;             ///< sorted
};

/// Drives rollouts, one of a plugin at a time: moves a wave, watches how its calls end, moves the next or all of them
/// back. Tenants move as by a reload: successor first, one store, the old platform if that fails.
///
/// Threads     Any, concurrently.
class rollouts : public std::enable_shared_from_this<rollouts> {
 public:
  explicit rollouts(rollout_environment environment) : environment_(std::move(environment)) {}

  /// `done` when the canary is about to be moved. Errors (INVALID_REQUEST): the request, its plugin or its canary is
  /// none, there is nothing to move, another one is under way; those of admitting the plugin.
  void start(rollout_request request, rollout_handler done);

  // Errors (INVALID_REQUEST): no rollout of this plugin is in a state in which that makes sense.
  result<void> pause(const std::string& plugin);
  result<void> resume(const std::string& plugin);
  result<void> abort(const std::string& plugin);

  /// The last one of each plugin, sorted.
  std::vector<rollout_status> status() const;

  /// Moves nobody any more.
  void stop();

 private:
  struct run;
  using run_ptr = std::shared_ptr<run>;

  void admit_and_begin(rollout_request request, rollout_handler done);
  result<run_ptr> plan(const rollout_request& request, const std::shared_ptr<const plugin_image>& fresh) const;
  result<void> enter(const run_ptr& made, const std::shared_ptr<const plugin_image>& fresh);
  std::vector<std::string> there(std::vector<std::string> tenants) const;
  void move_next(const run_ptr& of);
  void moved(const run_ptr& of, const reload_report& report);
  void watch(const run_ptr& of);
  void look(const run_ptr& of);
  void roll_back(const run_ptr& of, std::string reason);
  void moved_back(const run_ptr& of, const reload_report& report);
  void finish(const run_ptr& of, rollout_status::phase how, const std::string& reason);
  call_figures figures_of(const std::vector<std::string>& tenants) const;
  result<run_ptr> find(const std::string& plugin) const;

  const rollout_environment environment_;
  mutable std::mutex mutex_;  ///< of everything below and of the runs
  std::map<std::string, run_ptr, std::less<>> by_plugin_;
  bool stopped_ = false;
};

}  // namespace tenon
