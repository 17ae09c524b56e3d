#pragma once

#include "accounts/account_tasks.hpp"
#include "idempotency/idempotency_book.hpp"
#include "webhooks/webhook_outbox.hpp"

#include <tenon/host.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/json/object.hpp>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace tenon::tenond {

/// The code of the error that says that a buyer does not have this task; it never goes over the wire.
inline constexpr std::string_view no_such_tool = "UNKNOWN_TOOL";

/// Who asks, and for whom.
struct buyer {
  std::string principal;
  std::string tenant;           ///< from the path or the Host header; empty: the account decides
  std::string request_id = {};  ///< of this call, to trace it by in logs and plugins
  std::string remote = {};      ///< address of the other end
};

/// What a call turned out to be for.
struct call_subject {
  std::string tenant;
  std::string account_id;
};

/// What tenond knows beyond its host, in files of its own.
struct desk_books {
  std::shared_ptr<account_book> accounts;
  std::shared_ptr<idempotency_book> keys;
  std::shared_ptr<webhook_outbox> webhooks;

  /// All below a directory. Errors: those of either.
  static result<desk_books> open(const std::filesystem::path& directory, const clock& time);
};

/// AdCP 3.0 tasks for authenticated buyers: whatever is the same for every plugin is done here. What a task changes is
/// written down under its idempotency key before the plugin hears of it, and its answer after it, so that a repeat is
/// answered and not done again, whatever crashed in between.
///
/// Lifetime    Borrows the host and the clock. `disk` runs until the last answer is there; it may wait, and nothing
///             else should.
/// Threads     Any, concurrently.
class adcp_desk : public std::enable_shared_from_this<adcp_desk> {
 public:
  /// How long an answer is repeated.
  static constexpr std::chrono::seconds replay_ttl{86'400};

  static std::shared_ptr<adcp_desk> make(host& of, desk_books books, boost::asio::any_io_executor disk,
                                         const clock& time = system_clock());

  /// One task. `done` exactly once, here or later, on any thread. What is found out of the call's subject is put into
  /// `subject`, if there is one, before `done` is called and before this returns.
  void call(const buyer& from, std::string task, const boost::json::object& arguments, reply_handler done,
            call_subject* subject = nullptr);

  /// Called when there is a webhook to be sent. Before the first call; it must not wait.
  void on_webhook(std::function<void()> wake) { wake_ = std::move(wake); }

  /// Webhooks without authentication are signed, and buyers are told that they are. Before the first call.
  void announce_signed_webhooks() { signs_webhooks_ = true; }

  /// A submitted task has ended: who waits for it is told. On a thread that may wait for the disk.
  void task_ended(const submitted_task& task);

  /// Asks for the tasks that webhooks still wait for, which may have ended while nobody listened. After a start.
  void look_after_waiting();

  /// The tasks that this buyer has there, sorted. Errors: those of host::tasks_of().
  result<std::vector<std::string>> tasks_of(const buyer& from) const;

 private:
  /// A task whose account is known, on its way.
  struct errand {
    std::string task;
    boost::json::object arguments;  ///< empty if it does not outlive the request
    std::string principal;
    std::string tenant;
    tenon::account account;  ///< what the buyer named, of that tenant
    std::string key;         ///< of idempotency
    std::string trace_id;
  };
  using errand_ptr = std::shared_ptr<const errand>;

  adcp_desk(host& of, desk_books books, boost::asio::any_io_executor disk, const clock& time)
      : host_(of), books_(std::move(books)), accounts_(of, *books_.accounts), disk_(std::move(disk)), time_(time) {}

  /// The tenant that the edge named, or else the one that the principal is bound to; empty: neither.
  std::string tenant_of(const buyer& from) const;
  bool offers_test_controller(const std::string& tenant, const std::string& principal) const;
  result<reply> capabilities(const buyer& from) const;
  void find_task(const buyer& from, const boost::json::object& arguments, reply_handler done);
  void change(errand_ptr what, reply_handler done);
  result<std::optional<webhook_target>> webhook_of(const errand& what);
  void tell(const errand& what, const webhook_target& to, const std::string& name, const reply& outcome);
  void look_after(const std::string& tenant, const std::string& task_id);
  void forget_old_keys();
  result<reply> on_accounts(const errand& what);
  result<boost::json::object> force_account(const errand& what);
  void dispatch(const errand& what, const boost::json::object& arguments, bool recovering, reply_handler done);

  host& host_;
  const desk_books books_;
  account_tasks accounts_;
  const boost::asio::any_io_executor disk_;
  const clock& time_;
  std::function<void()> wake_ = [] {};
  bool signs_webhooks_ = false;
  std::atomic<std::uint64_t> changes_ = 0;
};

}  // namespace tenon::tenond
