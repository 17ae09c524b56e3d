#pragma once

#include "plugin/admission.hpp"
#include "reload/deployment.hpp"
#include "reload/plan.hpp"
#include "reload/plugin_factory.hpp"
#include "reload/rollout_book.hpp"

#include <tenon/clock.hpp>
#include <tenon/reload.hpp>
#include <tenon/router.hpp>
#include <tenon/status.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace spdlog {
class logger;
}

namespace tenon {

/// What a reloader works on. Borrowed members outlive it.
struct reload_environment {
  boost::asio::any_io_executor executor;
  boost::asio::any_io_executor blocking;  ///< files are read and plugins tried out here
  const clock* time = nullptr;
  std::filesystem::path config;
  std::shared_ptr<const catalog> read;  ///< what the deployments were made from
  std::filesystem::path store;          ///< of plugins, and of what is held against them
  std::shared_ptr<tenon::admission> admission;
  std::shared_ptr<deployment_table> deployments;
  std::shared_ptr<build_ledger> ledger;
  std::shared_ptr<plugin_factory> factory;
  std::shared_ptr<lazy_platform_router> router;
  std::shared_ptr<rollout_book> book = std::make_shared<rollout_book>();
  std::shared_ptr<spdlog::logger> logger;
  /// Told of a tenant whose live platform has been replaced.
  std::function<void(const std::string& tenant)> on_rebuilt = [](const std::string&) {};
  /// Told after the deployments changed, with the catalog that was read: accounts and hosts follow here.
  std::function<void(const std::shared_ptr<const catalog>&)> on_applied;
};

/// Reads the configuration again and moves the tenants that changed, a few at a time and no faster than
/// reload_builds_per_second, for each may cost its ad server a handshake.
///
/// A tenant with a live platform gets its successor built first; only if that works does it take the old one's place,
/// with one store. If any step fails the old one serves on. A tenant without a live platform just gets its new
/// deployment.
///
/// Threads     Any. One reload runs at a time; requests that come meanwhile are folded into one more round.
class reloader : public std::enable_shared_from_this<reloader> {
 public:
  explicit reloader(reload_environment environment);

  /// `done` gets the report of a round that began after this call, and is about whatever was asked for until it began.
  void reload(reload_request request, reload_handler done);

  /// What all rounds did.
  reload_counts counts() const;

  /// Looks at the plugin files alone, under the catalog that was read last without an error; what stands in the
  /// configuration by now is not looked at. A round that somebody wants a whole reload from is one. What a request
  /// about some tenants has read and left alone is part of that catalog.
  void reload_plugins(reload_handler done);

  /// Brings these tenants, and no others, to what the catalog that was read last and the rollout book have for them.
  void move_tenants(const std::vector<std::string>& tenants, reload_handler done);

  /// The catalog that was read last without an error.
  std::shared_ptr<const catalog> last_read() const;

  /// Ends after the successor that is being built; later requests complete with a report that says so.
  void stop();

 private:
  struct round;
  struct asked {
    std::vector<reload_request> requests;
    reload_handler done;
    bool whole;  ///< reads the configuration
  };

  void ask(asked what);
  void begin_round();
  bool read(round& current);
  void read_and_plan(std::shared_ptr<round> current);
  image_choice choice_for(round& current) const;
  plan_focus focus_of(const round& current, const deployment_map& now, const std::vector<std::string>& live) const;
  void build_more(const std::shared_ptr<round>& current);
  static void leave_rest(round& current);
  bool may_begin(const std::shared_ptr<round>& current);
  void build_one(const std::shared_ptr<round>& current, std::size_t index);
  void apply(planned_change& planned, std::shared_ptr<platform> successor);
  void finish(const std::shared_ptr<round>& current);
  void count(const reload_report& report);
  void log_report(const reload_report& report) const;

  const reload_environment environment_;
  mutable std::mutex mutex_;
  std::vector<asked> waiting_;  ///< for the next round
  reload_counts counts_;
  bool running_ = false;
  bool stopped_ = false;
  std::stop_source stop_;
  std::shared_ptr<boost::asio::steady_timer> pause_;  ///< until the next successor may be begun
  std::shared_ptr<const catalog> read_;               ///< the last good one
};

}  // namespace tenon
