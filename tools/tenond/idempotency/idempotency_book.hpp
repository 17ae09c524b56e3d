#pragma once

#include "base/file_descriptor.hpp"
#include "storage/database.hpp"

#include <tenon/clock.hpp>
#include <tenon/error.hpp>

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace tenon::tenond {

class idempotency_book;

/// A key, and whose it is: the same key of another tenant or principal is another one.
struct idempotency_scope {
  std::string tenant;
  std::string principal;
  std::string key;

  friend auto operator<=>(const idempotency_scope&, const idempotency_scope&) = default;
};

struct idempotency_limits {
  /// How long an answer is repeated; AdCP: 3600 s to 604800 s.
  std::chrono::seconds replay_ttl{86'400};
  /// How long a call with an unknown outcome is remembered; never shorter than the replay_ttl.
  std::chrono::seconds unknown_ttl{std::chrono::days(7)};
  std::uint64_t most_keys = 10'000;                   ///< that one principal of a tenant has in the book
  std::size_t largest_answer = std::size_t{1} << 20;  ///< bytes
};

/// The right to make the call of one key, and the duty to say how it ended. While it lives, any other call with the key
/// is refused; so it is to be held until the plugin is done with the call, also when nobody waits for that any more.
///
/// Lifetime    One that is destroyed has left the outcome open. The book need not outlive it: how a call ends after the
///             book has gone is written nowhere, and so is unknown to the next book.
/// Ownership   Move-only; one that was moved from, or has ended, is empty.
/// Threads     One at a time.
class idempotency_attempt {
 public:
  idempotency_attempt(idempotency_attempt&&) noexcept = default;
  idempotency_attempt& operator=(idempotency_attempt&& from) noexcept;
  ~idempotency_attempt() { leave_open(); }

  /// The call ended with this answer, which repeats of the call get from now on. Synced when it returns.
  ///
  /// Errors      Those of database. INTERNAL_ERROR: the answer is larger than the limit, or there is nothing to write
  ///             it to. The answer stands and may be sent all the same, but the outcome is left open: whoever repeats
  ///             the call gets another attempt that is recovering. (An answer that was forgotten, or cut off, would
  ///             have the repeat buy again, or learn nothing.)
  result<void> complete(std::string_view answer);

  /// The call has surely changed nothing: its key may be used for anything.
  ///
  /// Errors      Those of database; the outcome is then left open.
  result<void> forget();

  /// The outcome is unknown: the next attempt with this key is recovering. Never waits for the disk.
  void leave_open() noexcept;

 private:
  friend class idempotency_book;
  idempotency_attempt(std::weak_ptr<idempotency_book> book, idempotency_scope scope)
      : book_(std::move(book)), scope_(std::move(scope)) {}

  std::weak_ptr<idempotency_book> book_;
  idempotency_scope scope_;
};

/// Make the call. `recovering`: an earlier attempt of the same call has an unknown outcome, so the plugin has to look
/// for what that has made before it makes anything.
struct idempotency_go {
  idempotency_attempt attempt;
  bool recovering;
};
/// The call has been made, and this was the answer.
struct idempotency_replay {
  std::string answer;
};
/// The key belongs to another task, or to other arguments.
struct idempotency_conflict {};
/// The call is being made by this process.
struct idempotency_in_flight {};
/// The principal has as many keys in the book as it may have.
struct idempotency_full {};

using idempotency_decision =
    std::variant<idempotency_go, idempotency_replay, idempotency_conflict, idempotency_in_flight, idempotency_full>;

/// The calls that change something, by their idempotency keys, in one SQLite file: so that a call that is repeated is
/// answered and not made again, also after a crash.
///
/// A call is written down before it is made. How one ended that stands in the file as begun, while no attempt of this
/// process is at it, is unknown: the process died, or the call ended without a known outcome. A repeat of it may go, as
/// recovering. An answer is kept for `replay_ttl` from when it was given, an unknown outcome for `unknown_ttl` from its
/// last attempt, by the wall clock; then the key is as if it had never been used. *Rationale:* counted from the first
/// attempt, an answer that was found after a day would be forgotten as soon as it was given, and a repeat buy again.
///
/// Lifetime    The clock outlives it. The file belongs to one book at a time; its lock is held until the book goes.
/// Threads     Any; one access at a time, and every access may wait for the disk. An executor that serves requests
///             should not wait for that.
/// Errors      Those of database: then nothing is known of the key, and the call must not be made.
/// Cost        A begin that goes and an end that is told each sync the disk once; the other decisions only read. All
///             grow with the logarithm of the number of keys. Opening counts the keys.
class idempotency_book : public std::enable_shared_from_this<idempotency_book> {
 public:
  static result<std::shared_ptr<idempotency_book>> open(const std::filesystem::path& file, const clock& time,
                                                        idempotency_limits limits = {});

  /// What to do with a call. `hash`: of its arguments, see request_hash(); the book compares it and no more. A call
  /// that goes has been written down, and synced.
  result<idempotency_decision> begin(const idempotency_scope& scope, std::string_view task, std::string_view hash);

  /// Forgets what is too old by then, but no call that is being made. How many keys. Other accesses get their turns.
  result<std::int64_t> forget_old(wall_time now);

 private:
  friend class idempotency_attempt;
  using owner = std::pair<std::string, std::string>;  // tenant and principal
  struct row;
  class ending;

  idempotency_book(database file, file_descriptor held, const clock& time, idempotency_limits limits)
      : held_(std::move(held)), time_(time), limits_(limits), file_(std::move(file)) {}

  result<void> count();
  result<std::optional<row>> find(const idempotency_scope& scope, std::string_view task, std::string_view hash) const;
  result<void> insert(const idempotency_scope& scope, std::string_view task, std::string_view hash, wall_time now);
  result<void> update(const idempotency_scope& scope, bool completed, std::string_view answer);
  result<void> erase(const idempotency_scope& scope);
  result<bool> has_room(const owner& whose, wall_time now);
  result<std::int64_t> erase_old(const owner& whose, wall_time now);
  result<std::int64_t> erase_answered(const owner& whose, std::int64_t until);
  result<std::int64_t> erase_unknown(const owner& whose, std::int64_t until);
  void forget_count(const owner& whose, std::int64_t gone);

  result<void> complete(const idempotency_scope& scope, std::string_view answer);
  result<void> forget(const idempotency_scope& scope);

  idempotency_go go(const idempotency_scope& scope, bool recovering);
  bool is_running(const idempotency_scope& scope) const;
  void end(const idempotency_scope& scope) noexcept;

  const file_descriptor held_;  ///< the lock
  const clock& time_;
  const idempotency_limits limits_;

  std::mutex mutex_;  ///< guards the file and what is counted of it
  const database file_;
  std::map<owner, std::uint64_t> keys_;

  /// Taken after the other one, and never for as long as the disk takes. What is added is added under both: whoever
  /// holds the first one sees no call begin.
  mutable std::mutex running_mutex_;
  std::set<idempotency_scope> running_;
};

}  // namespace tenon::tenond
