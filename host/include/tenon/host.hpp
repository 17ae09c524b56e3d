#pragma once

#include <tenon/diagnostic.hpp>
#include <tenon/reload.hpp>
#include <tenon/rollout.hpp>
#include <tenon/router.hpp>
#include <tenon/status.hpp>
#include <tenon/submitted_task.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace spdlog {
class logger;
}

namespace tenon {

/// What an embedder decides; everything else is in the configuration file.
struct host_options {
  std::filesystem::path config;  ///< tenon.toml
  /// Null: one that writes where spdlog's default one does, at [host] log_level.
  std::shared_ptr<spdlog::logger> logger = nullptr;
  const tenon::clock* time = nullptr;  ///< borrowed for the host's life; null: system_clock()
  bool handle_sighup = false;          ///< install a SIGHUP handler that reloads; none otherwise
  /// Install handlers of SIGSEGV, SIGABRT and their like that note in which plugin, and for which tenant, the process
  /// dies, then leave the signal to whoever handled it before; none otherwise. The next host on the same store does not
  /// load those bytes for that tenant again. Without them only the log tells what ran when the process ended.
  bool handle_crashes = false;
  /// Told of each submitted task that has ended, after that was written down, on a thread that may wait for the disk;
  /// it must not throw. What ends as the process dies is never told: ask async_find_task() after a start.
  std::function<void(const submitted_task&)> task_ended = nullptr;
  /// The program tenon-canary, which runs a new plugin in a child process before the host does. Empty: the one beside
  /// this program, in
  /// ../libexec/tenon of it, or where tenon was installed. [host] canary goes before it.
  std::filesystem::path canary = {};
};

/// Whom a call is for. At least one of the two; both must agree, or the account is not found.
struct call_target {
  std::string tenant = {};         ///< from the path or the Host header; empty: the account decides
  account_reference account = {};  ///< from the request; empty: the tenant's own, or the one bound to the principal
};

/// The accounts of a tenant, as its configuration has them.
struct tenant_accounts {
  bool sandbox = false;           ///< for tests: whatever account is named is one of its own
  bool implicit = false;          ///< every brand and operator has one
  bool named_principals = false;  ///< nobody else may use them; or else whoever names one
  std::vector<account_reference> listed = {};
};

/// Serves the tenants of a configuration file from plugins.
///
/// The host is a library: it opens no listening socket, installs no signal handler unless asked, and runs on the
/// embedder's executor. It owns three kinds of threads of its own: one that loads and unloads libraries, a few for
/// work of tenants that blocks, shared fairly, and two for files.
///
/// Lifetime    Destroying the host stops it: open calls are answered, platforms destroyed, libraries closed. The
///             executor must still run, or be stopped for good; call async_shutdown() first to drain. That is bounded,
///             whatever a plugin does, and says what it had to leave behind. Without it the destructor waits for
///             blocking tasks that are inside a plugin, however long they take; after it, no longer than two seconds
///             for what else is on the pool of a host that had to leave a thread behind.
/// Threads     Any, concurrently.
/// Errors      create(): an unreadable or invalid main file. A broken tenant breaks itself alone.
class host {
 public:
  static result<std::unique_ptr<host>> create(boost::asio::any_io_executor executor, host_options options);
  host(const host&) = delete;
  host& operator=(const host&) = delete;
  ~host();

  /// The router: a platform like any other. Its account store is the configuration's.
  lazy_platform_router& router() noexcept;

  /// Resolves the account, then calls the task. Completes with result<reply> on the handler's executor. Cancellable
  /// through `context.stop`. The context's account is filled in; its principal decides which accounts are there at all.
  template <class CompletionToken>
  auto async_call(call_target target, call_request request, CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(result<reply>)>(
        [this](auto handler, call_target to, call_request what) {
          start_call(std::move(to), std::move(what), on_handler_executor<result<reply>>(std::move(handler)));
        },
        token, std::move(target), std::move(request));
  }

  /// The same for an account that account_of() gave a moment ago, without a second look: who has to know the tenant
  /// before the call asks once. Whose account it is, and who may use it, is as it was then; if the tenant is gone by
  /// now the call completes with tenant_not_found.
  template <class CompletionToken>
  auto async_call_for(account resolved, call_request request, CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(result<reply>)>(
        [this](auto handler, account of, call_request what) {
          start_call_for(std::move(of), std::move(what), on_handler_executor<result<reply>>(std::move(handler)));
        },
        token, std::move(resolved), std::move(request));
  }

  /// Reads the configuration again and moves only the tenants that changed. A request during a reload is folded into
  /// one more round, and completes with that round's report.
  template <class CompletionToken>
  auto async_reload(CompletionToken&& token) {
    return async_reload(reload_request(), std::forward<CompletionToken>(token));
  }

  /// The same for what is asked for alone; all but `changed` rebuild live platforms whether something changed or not.
  template <class CompletionToken>
  auto async_reload(reload_request request, CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(reload_report)>(
        [this](auto handler, reload_request what) {
          start_reload(std::move(what), on_handler_executor<reload_report>(std::move(handler)));
        },
        token, std::move(request));
  }

  /// Begins to move the tenants of a plugin to the bytes that lie in the plugin directory, in waves, and back if they
  /// fare worse; completes with result<void> when the first is about to be moved. status() tells how it goes. Errors
  /// (INVALID_REQUEST, with what is wrong in operator_detail): no such plugin, nothing to move, another rollout of it
  /// is under way; CONFIGURATION_ERROR: the plugin is refused.
  template <class CompletionToken>
  auto async_start_rollout(rollout_request request, CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(result<void>)>(
        [this](auto handler, rollout_request what) {
          start_rollout(std::move(what), on_handler_executor<result<void>>(std::move(handler)));
        },
        token, std::move(request));
  }

  // Errors (INVALID_REQUEST): no rollout of that plugin is in a state in which that makes sense.
  result<void> pause_rollout(const std::string& plugin);
  result<void> resume_rollout(const std::string& plugin);
  result<void> abort_rollout(const std::string& plugin);  ///< moves everybody back

  /// A task that a call of this tenant (empty: of any) ended as submitted, for tasks/get: completes with
  /// result<std::optional<submitted_task>>, which is empty if there is none of that id, or it ended more than a week
  /// ago. Whether the buyer who asks may see it (`account_id`, `principal`) is the caller's to decide. Errors: the file
  /// cannot be read.
  template <class CompletionToken>
  auto async_find_task(std::string tenant, std::string id, CompletionToken&& token) {
    using found = result<std::optional<submitted_task>>;
    return boost::asio::async_initiate<CompletionToken, void(found)>(
        [this](auto handler, std::string of, std::string wanted) {
          start_find_task(std::move(of), std::move(wanted), on_handler_executor<found>(std::move(handler)));
        },
        token, std::move(tenant), std::move(id));
  }

  /// The same for operators: the newest thousand, of one tenant or, if it is empty, of all; without what may be long:
  /// request, resume and outcome.
  template <class CompletionToken>
  auto async_list_tasks(std::string tenant, CompletionToken&& token) {
    using found = result<std::vector<submitted_task>>;
    return boost::asio::async_initiate<CompletionToken, void(found)>(
        [this](auto handler, std::string of) {
          start_list_tasks(std::move(of), on_handler_executor<found>(std::move(handler)));
        },
        token, std::move(tenant));
  }

  /// Refuses new calls with SERVICE_UNAVAILABLE, waits for running ones up to the configured drain time, destroys every
  /// platform and closes every library. Completes with what could not be closed (zombies), empty when all is gone.
  template <class CompletionToken>
  auto async_shutdown(CompletionToken&& token) {
    return boost::asio::async_initiate<CompletionToken, void(std::vector<library_status>)>(
        [this](auto handler) { start_shutdown(on_handler_executor<std::vector<library_status>>(std::move(handler))); },
        token);
  }

  /// Drops a tenant's platform: the next request builds it anew, from the pinned bytes. Unknown tenants are fine.
  void invalidate(const std::string& tenant);
  void invalidate();

  /// The tasks of one tenant, from its plugin's manifest, without loading it. Errors: tenant_not_found, also for a
  /// principal that the tenant does not list; CONFIGURATION_ERROR.
  result<std::vector<std::string>> tasks_of(const std::string& tenant, const std::string& principal) const;

  /// The tasks that any tenant's plugin has, sorted: what an endpoint that serves them all can list.
  std::vector<std::string> tasks() const;

  /// The specialisms one tenant claims. Errors: as tasks_of().
  result<std::vector<std::string>> specialisms_of(const std::string& tenant, const std::string& principal) const;

  /// The features of media buys (core/media-buy-features of AdCP) that the tenant's plugin declares. Errors: as
  /// tasks_of().
  result<std::vector<std::string>> features_of(const std::string& tenant, const std::string& principal) const;

  /// Where what outlives the process is kept ([host] state_dir): programs around the host may keep theirs in
  /// directories of their own below it.
  std::filesystem::path state_dir() const;

  /// Which account, and by its `tenant_id` which tenant, a call of this principal would be for. Reads the configuration
  /// in force alone. Errors: tenant_not_found, whatever is wrong.
  result<account> account_of(call_target target, std::string principal) const;

  /// What a tenant's configuration says of its accounts. Errors: as tasks_of(), but for a plugin that is refused.
  result<tenant_accounts> accounts_of(const std::string& tenant, const std::string& principal) const;

  /// The tenant that answers for a Host header (port and case do not matter), or nothing. Empty if two tenants claim
  /// it, as can happen after a reload that was applied in part: then it is nobody's.
  std::optional<std::string> tenant_for_host(std::string_view host_header) const;

  /// Whether the catalog has an enabled tenant of this name.
  bool has_tenant(const std::string& tenant) const;

  /// Whether it has done what it wanted to do before its first request: each tenant with `warm_up` was tried once. For
  /// who tells a load balancer; a host that is not ready answers calls all the same.
  bool ready() const;

  host_status status() const;

  /// The same as figures, in the text format of Prometheus, version 0.0.4: for whoever is asked GET /metrics.
  std::string metrics() const;

  /// What the configuration last read had to say.
  std::vector<diagnostic> diagnostics() const;

 private:
  struct state;
  explicit host(std::shared_ptr<state> shared);

  void start_call(call_target target, call_request request, reply_handler done);
  void start_call_for(account resolved, call_request request, reply_handler done);
  void start_reload(reload_request request, reload_handler done);
  void start_rollout(rollout_request request, rollout_handler done);
  void start_find_task(std::string tenant, std::string id,
                       unique_function<void(result<std::optional<submitted_task>>)> done);
  void start_list_tasks(std::string tenant, unique_function<void(result<std::vector<submitted_task>>)> done);
  void start_shutdown(unique_function<void(std::vector<library_status>)> done);
  boost::asio::any_io_executor executor() const noexcept;

  /// Brings a result to the executor that the handler asks for.
  template <class Value, class Handler>
  auto on_handler_executor(Handler handler) {
    // Tracked, so that run() of the embedder's context does not return while an answer is on its way.
    auto target =
        boost::asio::prefer(boost::asio::any_io_executor(boost::asio::get_associated_executor(handler, executor())),
                            boost::asio::execution::outstanding_work.tracked);
    return [handler = std::move(handler), target = std::move(target)](Value value) mutable {
      boost::asio::dispatch(target, [handler = std::move(handler), value = std::move(value)]() mutable {
        std::move(handler)(std::move(value));
      });
    };
  }

  std::shared_ptr<state> state_;
};

/// Reads a configuration as the host would, and tries its plugins out in child processes, as the host does, from a
/// directory of its own that is gone afterwards. Nothing is loaded into this process. `canary`: as in host_options. For
/// tools and tests.
std::vector<diagnostic> check_configuration(const std::filesystem::path& config,
                                            const std::filesystem::path& canary = {});

}  // namespace tenon
