#pragma once

#include "base/file_descriptor.hpp"
#include "storage/database.hpp"
#include "webhooks/webhook_payload.hpp"
#include "webhooks/webhook_target.hpp"

#include <tenon/clock.hpp>
#include <tenon/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::tenond {

struct webhook_limits {
  std::uint64_t most_open = 1'000;           ///< that wait or are to be sent, of one principal of a tenant
  std::uint64_t most_failed = 100;           ///< that are kept of one principal of a tenant; the newest
  std::size_t largest_body = 1'024 * 1'024;  ///< bytes
  std::chrono::seconds keep_failed{std::chrono::days(7)};
  std::chrono::seconds longest_wait{std::chrono::days(30)};  ///< for a submitted task to end
};

/// A webhook that waits for its task.
struct waiting_webhook {
  std::string tenant;
  std::string principal;
  std::string task_id;
};

/// One that is due, as far as it takes to choose.
struct due_webhook {
  std::int64_t id = 0;
  std::string tenant;
  std::string principal;
  std::string host;
};

/// One that is to be sent now.
struct outgoing_webhook {
  due_webhook what;
  std::string task_id;
  std::uint32_t tries = 0;  ///< that were made
  wall_time since;          ///< when the event came about
  webhook_reach reach = webhook_reach::outside;
  webhook_scheme scheme = webhook_scheme::none;
  std::string url;
  std::string credentials;
  std::string body;
};

/// One that was given up; what is secret of it is gone.
struct failed_webhook {
  std::string tenant;
  std::string principal;
  std::string task_type;
  std::string task_id;
  std::string host;
  std::uint32_t tries = 0;
  wall_time when;
  std::string trouble;  ///< for the operator
};

/// The webhooks that are to be sent, in one SQLite file, closed to others: so that what was accepted is sent, also
/// after a crash. One row is one event. It *waits* for a submitted task to end, or is *ready* to be sent; it is erased
/// when it was delivered, and when it was given up it is kept as *failed* for a while, without its secrets.
///
/// An event's idempotency key is an HMAC of whose it is and what it is called, under a secret of the file: nobody can
/// guess it, and it is the same on every try and after every crash. An event that is in the file already is not added
/// again.
///
/// Lifetime    The clock outlives it. The file belongs to one outbox at a time; its lock is held until the outbox goes.
/// Threads     Any; one access at a time, and every access may wait for the disk.
/// Errors      Those of database; what else is said there.
/// Cost        A change syncs the disk once. next_due() and a look at one row take a search, has_room() counts the
///             principal's rows, take() sorts those that are due.
class webhook_outbox {
 public:
  static result<std::shared_ptr<webhook_outbox>> open(const std::filesystem::path& file, const clock& time,
                                                      webhook_limits limits = {});

  /// Whether one more of this principal fits: to be asked before its request is carried out.
  result<bool> has_room(std::string_view tenant, std::string_view principal);

  /// An event that has come about: ready to be sent when this returns.
  ///
  /// Errors      RATE_LIMITED: the principal has as many as it may have. INVALID_REQUEST: not a task with webhooks.
  result<void> add(const webhook_target& target, webhook_subject subject, const webhook_outcome& outcome);

  /// An event that comes about when the submitted task `subject.task_id` ends. The task may have ended before this
  /// returns: look after it then, or nobody will.
  ///
  /// Errors      Those of add(). INVALID_REQUEST: no task id.
  result<void> await_task(const webhook_target& target, webhook_subject subject);

  /// The task has ended: those that wait for it become ready. How many; 0 is none, or this was said before.
  result<std::uint64_t> task_ended(std::string_view tenant, std::string_view task_id, const webhook_outcome& outcome);

  /// Nobody will ever know how the task ended: those that wait for it are erased. How many.
  result<std::uint64_t> forget_task(std::string_view tenant, std::string_view task_id);

  /// What waits, oldest first: to be asked for after a start, as tasks may have ended while nobody listened.
  result<std::vector<waiting_webhook>> waiting();

  /// Newest first; an empty tenant: of all.
  result<std::vector<failed_webhook>> failed(std::string_view tenant, std::uint32_t limit);

  /// At most `limit` that are due by then and that `wanted` takes. It is shown the one of each host that has been due
  /// longest; of every principal one, then of every principal the next.
  result<std::vector<outgoing_webhook>> take(wall_time until, std::uint32_t limit,
                                             const std::function<bool(const due_webhook&)>& wanted);

  /// When the next one is due after then; max: there is none.
  result<wall_time> next_due(wall_time after);

  result<void> delivered(std::int64_t id);
  result<void> try_again(std::int64_t id, wall_time due, std::string_view trouble);
  result<void> give_up(std::int64_t id, std::string_view trouble);

  /// Erases what has been kept for too long by then. How many.
  result<std::uint64_t> forget_old(wall_time now);

 private:
  struct row;

  webhook_outbox(database file, file_descriptor held, const clock& time, webhook_limits limits)
      : held_(std::move(held)), time_(time), limits_(limits), file_(std::move(file)) {}

  result<void> read_secret();
  result<std::string> key_of(webhook_subject subject) const;
  result<std::uint64_t> open_count(std::string_view tenant, std::string_view principal) const;
  result<bool> is_known(std::string_view key) const;
  result<void> insert(const webhook_target& target, webhook_subject subject, const webhook_outcome* outcome);
  result<void> insert(const row& made) const;
  result<std::vector<row>> waiting_for(std::string_view tenant, std::string_view task_id) const;
  result<outgoing_webhook> read(due_webhook what) const;
  result<void> trim_failed(std::int64_t like) const;

  const file_descriptor held_;  ///< the lock
  const clock& time_;
  const webhook_limits limits_;
  std::string secret_;  ///< of idempotency keys

  std::mutex mutex_;
  const database file_;
};

}  // namespace tenon::tenond
