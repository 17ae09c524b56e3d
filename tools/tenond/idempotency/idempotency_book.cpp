#include "idempotency/idempotency_book.hpp"

#include "storage/file_lock.hpp"

#include <algorithm>
#include <vector>

namespace tenon::tenond {
namespace {

constexpr int format = 1;
constexpr std::int64_t batch = 256;  // rows that are forgotten before others get a turn

// `since`: when the last attempt began or, once completed, when the answer was given. The answer comes last: a row
// that is only looked at is not read as far as that.
constexpr std::string_view schema = R"(
CREATE TABLE IF NOT EXISTS call (
  id INTEGER PRIMARY KEY, tenant BLOB NOT NULL, principal BLOB NOT NULL, key BLOB NOT NULL, task BLOB NOT NULL,
  hash BLOB NOT NULL, completed INTEGER NOT NULL, since INTEGER NOT NULL, answer BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS call_key ON call (tenant, principal, key);
CREATE INDEX IF NOT EXISTS call_age ON call (tenant, principal, completed, since))";

std::int64_t stored(wall_time at) noexcept { return std::chrono::nanoseconds(at.time_since_epoch()).count(); }

error not_kept(std::string detail) {
  return make_error("INTERNAL_ERROR", "The request could not be handled.", std::move(detail));
}

error over() {
  return not_kept(
      "expected the end of a call that is being made, found that it has ended already or that the book of calls has "
      "been closed; end every call before the book");
}

/// Until when what is kept for so long has to have been written to be too old now.
std::int64_t oldest(wall_time now, std::chrono::seconds kept) { return stored(now - kept); }

}  // namespace

struct idempotency_book::row {
  bool same;  ///< the task and the hash are those asked for
  bool completed;
  std::int64_t since;
  std::string answer;
};

/// A call that is over is no longer in flight, whether that could be written or not, before anybody else asks.
class idempotency_book::ending {
 public:
  ending(idempotency_book& book, const idempotency_scope& scope) : book_(book), scope_(scope) {}
  ending(const ending&) = delete;
  ending& operator=(const ending&) = delete;
  ~ending() { book_.end(scope_); }

 private:
  idempotency_book& book_;
  const idempotency_scope& scope_;
};

result<std::shared_ptr<idempotency_book>> idempotency_book::open(const std::filesystem::path& file, const clock& time,
                                                                 idempotency_limits limits) {
  auto opened = database::open(file, schema, format);
  if (!opened) return opened.error();
  auto path = file;
  path.replace_extension(".lock");
  auto held = lock_file(path);
  if (!held) return held.error();
  limits.unknown_ttl = std::max(limits.unknown_ttl, limits.replay_ttl);
  std::shared_ptr<idempotency_book> made(new idempotency_book(std::move(*opened), std::move(*held), time, limits));
  if (const auto counted = made->count(); !counted) return counted.error();
  return made;
}

result<idempotency_decision> idempotency_book::begin(const idempotency_scope& scope, std::string_view task,
                                                     std::string_view hash) {
  const std::lock_guard lock(mutex_);
  const auto now = time_.wall_now();
  auto found = find(scope, task, hash);
  if (!found) return found.error();
  auto known = std::move(*found);
  const bool running = is_running(scope);
  if (known && !running && known->since <= oldest(now, known->completed ? limits_.replay_ttl : limits_.unknown_ttl)) {
    if (const auto done = erase(scope); !done) return done.error();
    known.reset();
  }
  if (known && !known->same) return idempotency_conflict();
  if (running) return idempotency_in_flight();
  if (known && known->completed) return idempotency_replay{std::move(known->answer)};
  if (known) {
    if (const auto done = update(scope, false, {}); !done) return done.error();
    return go(scope, true);
  }
  const auto room = has_room({scope.tenant, scope.principal}, now);
  if (!room) return room.error();
  if (!*room) return idempotency_full();
  if (const auto done = insert(scope, task, hash, now); !done) return done.error();
  return go(scope, false);
}

result<std::int64_t> idempotency_book::forget_old(wall_time now) {
  std::vector<owner> owners;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [whose, count] : keys_) owners.push_back(whose);
  }
  std::int64_t all = 0;
  for (const auto& whose : owners) {
    for (;;) {
      const std::lock_guard lock(mutex_);
      const auto gone = erase_old(whose, now);
      if (!gone) return gone.error();
      if (*gone == 0) break;
      all += *gone;
    }
  }
  return all;
}

result<void> idempotency_book::count() {
  auto asked = file_.prepare("SELECT tenant, principal, COUNT(*) FROM call GROUP BY tenant, principal");
  if (!asked) return asked.error();
  for (;;) {
    const auto found = asked->step();
    if (!found) return found.error();
    if (!*found) return {};
    keys_[{asked->text(0), asked->text(1)}] = static_cast<std::uint64_t>(asked->number(2));
  }
}

result<std::optional<idempotency_book::row>> idempotency_book::find(const idempotency_scope& scope,
                                                                    std::string_view task,
                                                                    std::string_view hash) const {
  auto asked = file_.prepare(
      "SELECT task = ? AND hash = ?, completed, since, answer FROM call WHERE tenant = ? AND principal = ? AND key = "
      "?");
  if (!asked) return asked.error();
  const auto found = asked->bind(task).bind(hash).bind(scope.tenant).bind(scope.principal).bind(scope.key).step();
  if (!found) return found.error();
  if (!*found) return std::optional<row>();
  row made{.same = asked->number(0) != 0, .completed = asked->number(1) != 0, .since = asked->number(2), .answer = {}};
  if (made.same && made.completed) made.answer = asked->text(3);
  return std::optional(std::move(made));
}

result<void> idempotency_book::insert(const idempotency_scope& scope, std::string_view task, std::string_view hash,
                                      wall_time now) {
  auto change = file_.prepare(
      "INSERT INTO call (tenant, principal, key, task, hash, completed, since, answer) VALUES (?, ?, ?, ?, ?, 0, ?, "
      "x'')");
  if (!change) return change.error();
  change->bind(scope.tenant).bind(scope.principal).bind(scope.key).bind(task).bind(hash).bind(stored(now));
  if (const auto done = change->step(); !done) return done.error();
  ++keys_[{scope.tenant, scope.principal}];
  return {};
}

result<void> idempotency_book::update(const idempotency_scope& scope, bool completed, std::string_view answer) {
  auto change = file_.prepare(
      "UPDATE call SET completed = ?, since = ?, answer = ? WHERE tenant = ? AND principal = ? AND key = ?");
  if (!change) return change.error();
  change->bind(std::int64_t{completed}).bind(stored(time_.wall_now())).bind(answer);
  const auto done = change->bind(scope.tenant).bind(scope.principal).bind(scope.key).step();
  if (!done) return done.error();
  if (file_.changes() == 1) return {};
  return not_kept(file_.file().string() + ": expected the row of a call that is being made, found none" +
                  "; nobody but the server may write to the file");
}

result<void> idempotency_book::erase(const idempotency_scope& scope) {
  auto change = file_.prepare("DELETE FROM call WHERE tenant = ? AND principal = ? AND key = ?");
  if (!change) return change.error();
  const auto done = change->bind(scope.tenant).bind(scope.principal).bind(scope.key).step();
  if (!done) return done.error();
  forget_count({scope.tenant, scope.principal}, file_.changes());
  return {};
}

/// Where there is none, what is too old makes some.
result<bool> idempotency_book::has_room(const owner& whose, wall_time now) {
  const auto full = [this, &whose] {
    const auto found = keys_.find(whose);
    return (found == keys_.end() ? 0 : found->second) >= limits_.most_keys;
  };
  if (!full()) return true;
  if (const auto gone = erase_old(whose, now); !gone) return gone.error();
  return !full();
}

/// A batch of them. 0: there is no more.
result<std::int64_t> idempotency_book::erase_old(const owner& whose, wall_time now) {
  const auto answered = erase_answered(whose, oldest(now, limits_.replay_ttl));
  if (!answered) return answered.error();
  const auto unknown = erase_unknown(whose, oldest(now, limits_.unknown_ttl));
  if (!unknown) return unknown.error();
  return *answered + *unknown;
}

result<std::int64_t> idempotency_book::erase_answered(const owner& whose, std::int64_t until) {
  auto change = file_.prepare(
      "DELETE FROM call WHERE id IN (SELECT id FROM call WHERE tenant = ? AND principal = ? AND completed = 1 AND "
      "since <= ? LIMIT ?)");
  if (!change) return change.error();
  const auto done = change->bind(whose.first).bind(whose.second).bind(until).bind(batch).step();
  if (!done) return done.error();
  const auto gone = file_.changes();
  forget_count(whose, gone);
  return gone;
}

result<std::int64_t> idempotency_book::erase_unknown(const owner& whose, std::int64_t until) {
  std::vector<std::int64_t> ids;
  {
    auto asked =
        file_.prepare("SELECT id, key FROM call WHERE tenant = ? AND principal = ? AND completed = 0 AND since <= ?");
    if (!asked) return asked.error();
    asked->bind(whose.first).bind(whose.second).bind(until);
    while (static_cast<std::int64_t>(ids.size()) < batch) {
      const auto found = asked->step();
      if (!found) return found.error();
      if (!*found) break;
      if (!is_running({whose.first, whose.second, asked->text(1)})) ids.push_back(asked->number(0));
    }
  }
  if (ids.empty()) return 0;
  auto begun = transaction::begin(file_);
  if (!begun) return begun.error();
  auto change = file_.prepare("DELETE FROM call WHERE id = ?");
  if (!change) return change.error();
  for (const auto id : ids) {
    if (const auto done = change->bind(id).step(); !done) return done.error();
    change->reset();
  }
  if (const auto done = begun->commit(); !done) return done.error();
  const auto gone = static_cast<std::int64_t>(ids.size());
  forget_count(whose, gone);
  return gone;
}

void idempotency_book::forget_count(const owner& whose, std::int64_t gone) {
  const auto found = keys_.find(whose);
  if (found == keys_.end()) return;
  found->second -= std::min(found->second, static_cast<std::uint64_t>(gone));
  if (found->second == 0) keys_.erase(found);
}

result<void> idempotency_book::complete(const idempotency_scope& scope, std::string_view answer) {
  const std::lock_guard lock(mutex_);
  const ending ends(*this, scope);
  if (answer.size() > limits_.largest_answer) {
    return not_kept(file_.file().string() + ": expected an answer of at most " +
                    std::to_string(limits_.largest_answer) + " bytes, found " + std::to_string(answer.size()) +
                    "; a repeat of the call is passed to the plugin again, as recovering");
  }
  return update(scope, true, answer);
}

result<void> idempotency_book::forget(const idempotency_scope& scope) {
  const std::lock_guard lock(mutex_);
  const ending ends(*this, scope);
  return erase(scope);
}

idempotency_go idempotency_book::go(const idempotency_scope& scope, bool recovering) {
  const std::lock_guard lock(running_mutex_);
  running_.insert(scope);
  return {.attempt = idempotency_attempt(weak_from_this(), scope), .recovering = recovering};
}

bool idempotency_book::is_running(const idempotency_scope& scope) const {
  const std::lock_guard lock(running_mutex_);
  return running_.count(scope) != 0;
}

void idempotency_book::end(const idempotency_scope& scope) noexcept {
  const std::lock_guard lock(running_mutex_);
  running_.erase(scope);
}

idempotency_attempt& idempotency_attempt::operator=(idempotency_attempt&& from) noexcept {
  if (this == &from) return *this;
  leave_open();
  book_ = std::move(from.book_);
  scope_ = std::move(from.scope_);
  return *this;
}

result<void> idempotency_attempt::complete(std::string_view answer) {
  const auto book = std::exchange(book_, {}).lock();
  if (!book) return over();
  return book->complete(scope_, answer);
}

result<void> idempotency_attempt::forget() {
  const auto book = std::exchange(book_, {}).lock();
  if (!book) return over();
  return book->forget(scope_);
}

void idempotency_attempt::leave_open() noexcept {
  if (const auto book = std::exchange(book_, {}).lock()) book->end(scope_);
}

}  // namespace tenon::tenond
