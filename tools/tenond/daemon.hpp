#pragma once

#include "admin.hpp"
#include "audit/audit_log.hpp"
#include "authenticator.hpp"
#include "base/asio_scheduler.hpp"
#include "front.hpp"
#include "limits/auth_failures.hpp"
#include "limits/principal_limits.hpp"
#include "settings.hpp"
#include "webhooks/webhook_sender.hpp"

#include <tenon/host.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <filesystem>
#include <memory>
#include <vector>

namespace tenon::tenond {

/// The running server: the host, what stands before it, and what signals and operators do to both.
///
/// Calls run on one context, and with them the code of plugins. Signals and the operator's socket have another one with
/// a thread of its own, so that a plugin that never returns cannot keep an operator from asking, or from stopping it.
///
/// Lifetime    Borrows both contexts, which outlive it; no thread runs either when it is destroyed.
/// Threads     start() and abandon() before the contexts run; everything else runs on `control`.
class daemon {
 public:
  daemon(boost::asio::io_context& calls, boost::asio::io_context& control, std::filesystem::path config,
         server_settings settings, std::shared_ptr<spdlog::logger> logger);

  ~daemon();

  /// Opens everything and waits for signals. Errors: what the host, the admin socket or the listener refuse, and an
  /// audit log or a port file that cannot be written.
  result<void> start();

  /// Undoes a start that failed half-way.
  void abandon();

  /// Reads [server] and [principals] again. The principals, their limits and those of addresses are applied at once; a
  /// file that is wrong changes nothing. The audit log is opened anew in any case.
  result<void> reload_own();

  /// Lets running calls finish and closes everything, then stops both contexts. /readyz says 503 from here on; the
  /// listener stays for server.drain_delay_ms, so that a load balancer can see it, unless it is to stop at once.
  void stop(bool at_once = false);

 private:
  result<void> open_desk();
  void limit(const server_settings& by);
  void summarise_now_and_then();
  boost::json::object edge_status() const;
  void await_end();
  void await_hangup();
  void close();
  void finish_one();

  boost::asio::io_context& calls_;
  boost::asio::io_context& control_;
  const std::filesystem::path config_;
  const server_settings settings_;
  const std::shared_ptr<spdlog::logger> logger_;
  authenticator buyers_;
  audit_log audit_;  ///< these are used by whatever answers, which stands below
  principal_limits requests_{system_clock()};
  auth_failures failures_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> working_;
  boost::asio::signal_set ends_;
  boost::asio::signal_set hangups_;
  boost::asio::steady_timer delay_;
  boost::asio::steady_timer summary_;
  boost::asio::thread_pool disk_{1};         ///< for the books of the desk
  boost::asio::thread_pool webhook_net_{1};  ///< names of buyers are looked up there, which may take its time
  std::unique_ptr<asio_scheduler> disk_work_;
  std::unique_ptr<host> host_;
  std::shared_ptr<adcp_desk> desk_;
  std::shared_ptr<adcp_desk> told_desk_;          ///< of tasks that have ended; touched by the thread of the disk alone
  std::shared_ptr<const webhook_signer> signer_;  ///< null: webhooks are not signed
  std::shared_ptr<webhook_sender> webhooks_;
  std::unique_ptr<front> front_;
  std::shared_ptr<admin_socket> admin_;
  std::shared_ptr<http::server> server_;
  bool stopping_ = false;
  std::atomic<int> unfinished_ = 3;  ///< of server, host and webhooks, while stopping
  std::atomic<bool> stuck_ = false;
};

}  // namespace tenon::tenond
