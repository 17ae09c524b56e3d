#pragma once

#include "base/work_scheduler.hpp"
#include "storage/task_book.hpp"

#include <tenon/call.hpp>
#include <tenon/clock.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace tenon {

/// What the manifest of a tenant's plugin says of a task.
struct task_kind {
  bool mutating = false;
  bool may_submit = false;  ///< and the plugin uses task/1
};

/// What the submitted tasks of a host need. The clock outlives them.
struct task_environment {
  using start_function = std::function<void(call_request, reply_handler)>;

  const clock* time = nullptr;
  std::shared_ptr<work_scheduler> work;
  boost::asio::any_io_executor files;  ///< where the book is read and written
  std::shared_ptr<void> threads = {};  ///< what that runs on, kept for as long as anybody may come back to it
  std::shared_ptr<spdlog::logger> logger;
  std::filesystem::path book;
  std::chrono::nanoseconds retention = std::chrono::hours(7 * 24);  ///< how long the outcome can be asked for
  std::chrono::nanoseconds give_up = std::chrono::hours(7 * 24);    ///< how long what does not end is tried
  std::uint32_t at_once = 16;                                       ///< how many are gone on with at the same time
  std::uint32_t at_once_of_tenant = 2;       ///< of them: so one tenant's slow ad server keeps nobody else's waiting
  std::uint64_t most_open_of_tenant = 1000;  ///< then its calls that could be submitted are refused
  start_function start;                      ///< calls the tenant's platform
  start_function through;                    ///< the same, by the way of every call: limits, queue, circuit breaker
  std::function<task_kind(std::string_view tenant, std::string_view task)> kind_of;
  std::function<double()> chance;  ///< uniform in [0, 1)
  std::function<void(const submitted_task&)> ended =
      nullptr;  ///< told what has ended and was written down; may be null
};

/// Calls that end as submitted, and what becomes of them: written down before the buyer hears of it, gone on with when
/// they are due, on whatever platform the tenant has then, until they have an answer, which is kept for a while. What
/// was submitted in an earlier process is gone on with in this one.
///
/// An attempt that fails in a way that passes, or that the host and not the plugin has an error for, is followed by
/// another, later each time. What has not ended in `give_up` is called once more, for the plugin to undo it. One task
/// is never under way twice: the book belongs to one process.
///
/// A buyer's call whose idempotency key is that of a task in the book is answered with that task; while a call with the
/// key runs, another one is refused with IDEMPOTENCY_IN_FLIGHT. A plugin that looks for what it made by its marker, and
/// then makes what is missing, is thus never in a race with itself. Keys are those of a tenant, a principal and a task.
///
/// Threads     Any.
class submitted_tasks : public std::enable_shared_from_this<submitted_tasks> {
 public:
  explicit submitted_tasks(task_environment environment) : world_(std::move(environment)) {}

  /// Calls, and takes care of an answer that is none yet.
  void call(call_request request, reply_handler done);

  /// Goes on with what earlier processes left, if there is a book.
  void begin();

  /// Begins nothing more. What is under way ends as every call.
  void stop();

  /// Of that tenant alone (empty: of any); nothing: there is none, or it ended too long ago. On `files`.
  void find(std::string tenant, std::string id, unique_function<void(result<std::optional<submitted_task>>)> done);

  /// Newest first; an empty tenant: of all. On `files`.
  void list(std::string tenant, unique_function<void(result<std::vector<submitted_task>>)> done);

 private:
  struct running_key;

  result<std::shared_ptr<task_book>> opened(bool make);
  void call_by_key(call_request request, reply_handler done);
  result<std::optional<reply>> answer_from_book(const call_request& request);
  void start(call_request request, std::shared_ptr<const running_key> key, reply_handler done);
  void keep(call_request request, const task_submission& what, std::shared_ptr<const running_key> key,
            reply_handler done);
  void look();
  void look_at(wall_time when);
  result<std::vector<submitted_task>> take_due(task_book& book, wall_time now);
  void go_on(submitted_task task);
  void settle(submitted_task task, bool last, result<reply> outcome);
  void write(submitted_task task);
  std::chrono::nanoseconds pause_after(std::uint32_t attempt) const;

  const task_environment world_;
  std::mutex opening_;  ///< held while the file is opened
  std::shared_ptr<task_book> book_;
  std::mutex looking_;  ///< held while the book says what is due, and while it is told how one ended
  std::mutex mutex_;
  bool stopped_ = false;
  std::map<std::string, std::string> running_;  ///< the tenants of the tasks that are under way, by id
  std::set<std::string> keys_;                  ///< of the buyers' calls that are
  std::shared_ptr<void> timer_;
  wall_time armed_ = wall_time::max();
};

}  // namespace tenon
