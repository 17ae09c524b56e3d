#pragma once

#include <tenon/host.hpp>

#include "base/gate.hpp"
#include "host/directory.hpp"
#include "host/failure_log.hpp"
#include "host/store_upkeep.hpp"
#include "host/submitted_tasks.hpp"
#include "host/warm_up.hpp"
#include "isolation/bulkheads.hpp"
#include "isolation/fair_pool.hpp"
#include "platform/crash_handlers.hpp"
#include "platform/http_client.hpp"
#include "platform/plugin_platform.hpp"
#include "plugin/library.hpp"
#include "reload/directory_watch.hpp"
#include "reload/reloader.hpp"
#include "reload/rollout.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>

#include <spdlog/spdlog.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

namespace tenon {

using shutdown_handler = unique_function<void(std::vector<library_status>)>;

/// What a shutdown needs where it must not keep the host's state: on the loader's thread, and after ~host.
struct last_steps {
  std::mutex mutex;
  std::optional<boost::asio::any_io_executor> executor;  ///< none: the host has gone, and this may have gone with it
  std::vector<shutdown_handler> waiting;                 ///< who is told of the end
  bool draining = false;

  std::vector<shutdown_handler> take_waiting();
};

/// Everything the facade owns. Shared with the handlers that run for it, so that it outlives the last of them.
struct host::state : std::enable_shared_from_this<host::state> {
  state(boost::asio::any_io_executor on, const host_settings& settings, std::shared_ptr<spdlog::logger> log);

  boost::asio::any_io_executor executor;
  std::shared_ptr<spdlog::logger> logger;
  std::shared_ptr<boost::asio::thread_pool> pool;  ///< for the host's own work on files
  std::shared_ptr<fair_pool> tenant_pool;          ///< platforms keep it too: the last of them may outlive the host
  std::shared_ptr<failure_log> failures;
  std::shared_ptr<plugin_store> store;
  std::shared_ptr<store_upkeep> upkeep;
  std::shared_ptr<tenon::loader> loader;
  std::shared_ptr<http_client> http;
  std::shared_ptr<turn_limiter> turns;  ///< of all tenants that share an upstream account
  std::shared_ptr<platform_environment> environment;
  std::shared_ptr<deployment_table> deployments = std::make_shared<deployment_table>();
  std::shared_ptr<build_ledger> ledger;
  std::filesystem::path state_dir;
  std::shared_ptr<tenant_directory> directory = std::make_shared<tenant_directory>();
  std::shared_ptr<lazy_platform_router> router;
  std::shared_ptr<warm_up> warming;
  std::uint64_t warmed_at_start = 0;  ///< how many tenants that was about
  std::shared_ptr<submitted_tasks> tasks;
  std::shared_ptr<bulkheads> limits;  ///< what calls of tenants pass on their way to the router
  std::shared_ptr<tenon::reloader> reloader;
  std::shared_ptr<tenon::rollouts> rollouts;
  std::unique_ptr<boost::asio::signal_set> hangups;
  std::shared_ptr<crash_handlers> crashes;  ///< none unless asked for
  gate calls;
  std::atomic<bool> router_ended = false;
  std::stop_source cut;  ///< ends the calls that are still running when the drain time is over
  std::chrono::milliseconds drain_timeout{};

  mutable std::mutex mutex;
  std::vector<diagnostic> findings;        ///< of the configuration last read
  std::shared_ptr<directory_watch> watch;  ///< none: nobody wants one, or it has ended
  bool watch_ended = false;
  const std::shared_ptr<last_steps> ending;

  /// A call for an account, until it is answered: refused while the host shuts down, ended when that takes too long.
  void call(account resolved, call_request request, reply_handler done);

  result<void> open(const host_options& options, const std::shared_ptr<const catalog>& read);
  std::shared_ptr<submitted_tasks> make_tasks(const host_settings& settings,
                                              std::function<void(const submitted_task&)> ended);
  void record_entries(const host_options& options, const std::filesystem::path& store_dir);
  void deploy(const std::shared_ptr<const catalog>& read, admission& admitting);
  void applied(const std::shared_ptr<const catalog>& read);
  void wait_for_hangup();
  /// Watches the plugin directories, or no more, as the settings have it. True if it watches and that is new.
  bool watch_plugins(const host_settings& settings);
  void start_watch();
  void end_watch();

  /// Starts draining, once, and tells everybody who asked when it is over.
  void shut_down(shutdown_handler done);
  /// Lets running calls finish, then cuts them off, then closes.
  void drain();
  /// Drops every platform and stops the loader once they are gone, or when somebody holds on to one for too long.
  void close();
  void close_now();
};

}  // namespace tenon
