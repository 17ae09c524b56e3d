#include "webhooks/webhook_outbox.hpp"

#include "platform/signature.hpp"
#include "storage/file_lock.hpp"

#include <array>
#include <span>
#include <utility>

namespace tenon::tenond {
namespace {

constexpr int format = 1;

enum state : std::int64_t { waits = 0, ready = 1, gave_up = 2 };

// `since`: when the event came about, or was given up. What may be long comes last: a row that is only looked at is not
// read as far as that.
constexpr std::string_view schema = R"(
CREATE TABLE IF NOT EXISTS secret (bytes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS event (
  id INTEGER PRIMARY KEY, key BLOB NOT NULL, state INTEGER NOT NULL, tenant BLOB NOT NULL, principal BLOB NOT NULL,
  task_type BLOB NOT NULL, task_id BLOB NOT NULL, host BLOB NOT NULL, tries INTEGER NOT NULL, due INTEGER NOT NULL,
  since INTEGER NOT NULL, trouble BLOB NOT NULL, reach INTEGER NOT NULL, scheme INTEGER NOT NULL,
  operation_id BLOB NOT NULL, token BLOB NOT NULL, url BLOB NOT NULL, credentials BLOB NOT NULL, body BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS event_key ON event (key);
CREATE INDEX IF NOT EXISTS event_owner ON event (tenant, principal, state, since);
CREATE INDEX IF NOT EXISTS event_due ON event (due, id, tenant, principal, host) WHERE state = 1;
CREATE INDEX IF NOT EXISTS event_task ON event (tenant, task_id) WHERE state = 0;
CREATE INDEX IF NOT EXISTS event_age ON event (state, since))";

std::int64_t stored(wall_time at) noexcept { return std::chrono::nanoseconds(at.time_since_epoch()).count(); }

wall_time wall_time_of(std::int64_t nanoseconds) noexcept {
  return wall_time(std::chrono::duration_cast<wall_time::duration>(std::chrono::nanoseconds(nanoseconds)));
}

error unavailable(std::string detail) {
  return make_error("SERVICE_UNAVAILABLE", "The service is not available at the moment.", std::move(detail));
}

std::string random_text(std::size_t bytes) {
  std::string made(bytes, '\0');
  if (!random_bytes(std::span(reinterpret_cast<unsigned char*>(made.data()), made.size()))) made.clear();
  return made;
}

error no_such_task(std::string_view member) {
  return make_error("INVALID_REQUEST", "This task has no webhooks.",
                    "expected the " + std::string(member) + " of a task that has webhooks, found another");
}

}  // namespace

/// A whole one, but for what it is called.
struct webhook_outbox::row {
  std::string key;
  state now = waits;
  webhook_subject subject = {};
  webhook_target target = {};
  std::string body = {};
  std::int64_t since = 0;
};

result<std::shared_ptr<webhook_outbox>> webhook_outbox::open(const std::filesystem::path& file, const clock& time,
                                                             webhook_limits limits) {
  auto opened = database::open(file, schema, format);
  if (!opened) return opened.error();
  // What was erased had credentials in it.
  if (const auto done = opened->run("PRAGMA secure_delete = ON;"); !done) return done.error();
  auto path = file;
  path.replace_extension(".lock");
  auto held = lock_file(path);
  if (!held) return held.error();
  std::shared_ptr<webhook_outbox> made(new webhook_outbox(std::move(*opened), std::move(*held), time, limits));
  if (const auto read = made->read_secret(); !read) return read.error();
  return made;
}

result<void> webhook_outbox::read_secret() {
  auto asked = file_.prepare("SELECT bytes FROM secret");
  if (!asked) return asked.error();
  const auto found = asked->step();
  if (!found) return found.error();
  if (*found) {
    secret_ = asked->text(0);
    return {};
  }
  secret_ = random_text(32);
  if (secret_.empty()) return unavailable("expected random bytes from OpenSSL, found none");
  auto change = file_.prepare("INSERT INTO secret VALUES (?)");
  if (!change) return change.error();
  if (const auto done = change->bind(secret_).step(); !done) return done.error();
  return {};
}

result<std::string> webhook_outbox::key_of(webhook_subject subject) const {
  if (subject.name.empty() && subject.task_id.empty()) subject.name = random_text(32);
  auto key = webhook_key(secret_, subject);
  if (!key) return unavailable("expected an HMAC from OpenSSL, found none");
  return {boost::system::in_place_value, *std::move(key)};
}

result<bool> webhook_outbox::has_room(std::string_view tenant, std::string_view principal) {
  const std::lock_guard lock(mutex_);
  const auto open = open_count(tenant, principal);
  if (!open) return open.error();
  return *open < limits_.most_open;
}

result<std::uint64_t> webhook_outbox::open_count(std::string_view tenant, std::string_view principal) const {
  auto asked = file_.prepare("SELECT COUNT(*) FROM event WHERE tenant = ? AND principal = ? AND state IN (0, 1)");
  if (!asked) return asked.error();
  if (const auto found = asked->bind(tenant).bind(principal).step(); !found) return found.error();
  return static_cast<std::uint64_t>(asked->number(0));
}

result<bool> webhook_outbox::is_known(std::string_view key) const {
  auto asked = file_.prepare("SELECT 1 FROM event WHERE key = ?");
  if (!asked) return asked.error();
  return asked->bind(key).step();
}

result<void> webhook_outbox::add(const webhook_target& target, webhook_subject subject,
                                 const webhook_outcome& outcome) {
  return insert(target, std::move(subject), &outcome);
}

result<void> webhook_outbox::await_task(const webhook_target& target, webhook_subject subject) {
  if (subject.task_id.empty()) return no_such_task("id");
  return insert(target, std::move(subject), nullptr);
}

/// `outcome` null: it waits for one.
result<void> webhook_outbox::insert(const webhook_target& target, webhook_subject subject,
                                    const webhook_outcome* outcome) {
  if (!has_webhooks(subject.task_type)) return no_such_task("name");
  const std::lock_guard lock(mutex_);
  auto key = key_of(subject);
  if (!key) return key.error();
  const auto known = is_known(*key);
  if (!known) return known.error();
  if (*known) return {};
  const auto open = open_count(subject.tenant, subject.principal);
  if (!open) return open.error();
  if (*open >= limits_.most_open) {
    auto full = make_error("RATE_LIMITED", "Too many notifications wait to be sent.");
    full.retry_after_s = 3600;
    return full;
  }
  const auto now = time_.wall_now();
  row made{.key = std::move(*key), .since = stored(now)};
  if (subject.task_id.empty()) subject.task_id = "sync-" + made.key.substr(4);
  if (outcome != nullptr) {
    made.now = ready;
    made.body = webhook_body(target, subject, *outcome, made.key, now, limits_.largest_body);
  }
  made.subject = std::move(subject);
  made.target = target;
  return insert(made);
}

result<void> webhook_outbox::insert(const row& made) const {
  auto change = file_.prepare(
      "INSERT INTO event (key, state, tenant, principal, task_type, task_id, host, tries, due, since, trouble, reach, "
      "scheme, operation_id, token, url, credentials, body) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, x'', ?, ?, ?, ?, ?, "
      "?, ?)");
  if (!change) return change.error();
  change->bind(made.key).bind(std::int64_t{made.now}).bind(made.subject.tenant).bind(made.subject.principal);
  change->bind(made.subject.task_type).bind(made.subject.task_id).bind(made.target.host);
  change->bind(made.since).bind(made.since);
  change->bind(static_cast<std::int64_t>(made.target.reach)).bind(static_cast<std::int64_t>(made.target.scheme));
  change->bind(made.target.operation_id).bind(made.target.token).bind(made.target.url);
  change->bind(made.target.credentials).bind(made.body);
  if (const auto done = change->step(); !done) return done.error();
  return {};
}

result<std::vector<webhook_outbox::row>> webhook_outbox::waiting_for(std::string_view tenant,
                                                                     std::string_view task_id) const {
  auto asked = file_.prepare(
      "SELECT key, principal, task_type, operation_id, token FROM event WHERE state = 0 AND tenant = ? AND task_id = "
      "?");
  if (!asked) return asked.error();
  asked->bind(tenant).bind(task_id);
  std::vector<row> all;
  for (;;) {
    const auto found = asked->step();
    if (!found) return found.error();
    if (!*found) return all;
    auto& next = all.emplace_back(row{.key = asked->text(0)});
    next.subject = {.tenant = std::string(tenant),
                    .principal = asked->text(1),
                    .task_type = asked->text(2),
                    .task_id = std::string(task_id)};
    next.target.operation_id = asked->text(3);
    next.target.token = asked->text(4);
  }
}

result<std::uint64_t> webhook_outbox::task_ended(std::string_view tenant, std::string_view task_id,
                                                 const webhook_outcome& outcome) {
  const std::lock_guard lock(mutex_);
  const auto all = waiting_for(tenant, task_id);
  if (!all) return all.error();
  if (all->empty()) return 0;
  auto begun = transaction::begin(file_);
  if (!begun) return begun.error();
  auto change = file_.prepare("UPDATE event SET state = 1, due = ?1, since = ?1, body = ?2 WHERE key = ?3");
  if (!change) return change.error();
  const auto now = time_.wall_now();
  for (const auto& each : *all) {
    const auto body = webhook_body(each.target, each.subject, outcome, each.key, now, limits_.largest_body);
    if (const auto done = change->bind(stored(now)).bind(body).bind(each.key).step(); !done) return done.error();
    change->reset();
  }
  if (const auto done = begun->commit(); !done) return done.error();
  return all->size();
}

result<std::uint64_t> webhook_outbox::forget_task(std::string_view tenant, std::string_view task_id) {
  const std::lock_guard lock(mutex_);
  auto change = file_.prepare("DELETE FROM event WHERE state = 0 AND tenant = ? AND task_id = ?");
  if (!change) return change.error();
  if (const auto done = change->bind(tenant).bind(task_id).step(); !done) return done.error();
  return static_cast<std::uint64_t>(file_.changes());
}

result<std::vector<waiting_webhook>> webhook_outbox::waiting() {
  const std::lock_guard lock(mutex_);
  auto asked = file_.prepare("SELECT tenant, principal, task_id FROM event WHERE state = 0 ORDER BY since, id");
  if (!asked) return asked.error();
  std::vector<waiting_webhook> all;
  for (;;) {
    const auto found = asked->step();
    if (!found) return found.error();
    if (!*found) return all;
    all.push_back({.tenant = asked->text(0), .principal = asked->text(1), .task_id = asked->text(2)});
  }
}

result<std::vector<failed_webhook>> webhook_outbox::failed(std::string_view tenant, std::uint32_t limit) {
  const std::lock_guard lock(mutex_);
  auto asked = file_.prepare(
      "SELECT tenant, principal, task_type, task_id, host, tries, since, trouble FROM event WHERE state = 2 AND (?1 = "
      "x'' OR tenant = ?1) ORDER BY since DESC, id DESC LIMIT ?2");
  if (!asked) return asked.error();
  asked->bind(tenant).bind(std::int64_t{limit});
  std::vector<failed_webhook> all;
  for (;;) {
    const auto found = asked->step();
    if (!found) return found.error();
    if (!*found) return all;
    all.push_back({.tenant = asked->text(0),
                   .principal = asked->text(1),
                   .task_type = asked->text(2),
                   .task_id = asked->text(3),
                   .host = asked->text(4),
                   .tries = static_cast<std::uint32_t>(asked->number(5)),
                   .when = wall_time_of(asked->number(6)),
                   .trouble = asked->text(7)});
  }
}

result<std::vector<outgoing_webhook>> webhook_outbox::take(wall_time until, std::uint32_t limit,
                                                           const std::function<bool(const due_webhook&)>& wanted) {
  const std::lock_guard lock(mutex_);
  auto asked = file_.prepare(
      "SELECT id, tenant, principal, host FROM (SELECT id, tenant, principal, host, due, ROW_NUMBER() OVER (PARTITION "
      "BY tenant, principal ORDER BY due, id) AS turn FROM (SELECT id, tenant, principal, host, due, ROW_NUMBER() OVER "
      "(PARTITION BY host ORDER BY due, id) AS place FROM event WHERE state = 1 AND due <= ?) WHERE place = 1) ORDER "
      "BY turn, due, id");
  if (!asked) return asked.error();
  asked->bind(stored(until));
  std::vector<outgoing_webhook> all;
  while (all.size() < limit) {
    const auto found = asked->step();
    if (!found) return found.error();
    if (!*found) break;
    due_webhook next{
        .id = asked->number(0), .tenant = asked->text(1), .principal = asked->text(2), .host = asked->text(3)};
    if (!wanted(next)) continue;
    auto whole = read(std::move(next));
    if (!whole) return whole.error();
    all.push_back(std::move(*whole));
  }
  return all;
}

result<outgoing_webhook> webhook_outbox::read(due_webhook what) const {
  auto asked =
      file_.prepare("SELECT task_id, tries, since, reach, scheme, url, credentials, body FROM event WHERE id = ?");
  if (!asked) return asked.error();
  if (const auto found = asked->bind(what.id).step(); !found) return found.error();
  outgoing_webhook made;
  made.what = std::move(what);
  made.task_id = asked->text(0);
  made.tries = static_cast<std::uint32_t>(asked->number(1));
  made.since = wall_time_of(asked->number(2));
  made.reach = asked->number(3) == 1 ? webhook_reach::loopback_too : webhook_reach::outside;
  made.scheme = static_cast<webhook_scheme>(asked->number(4));
  made.url = asked->text(5);
  made.credentials = asked->text(6);
  made.body = asked->text(7);
  return made;
}

result<wall_time> webhook_outbox::next_due(wall_time after) {
  const std::lock_guard lock(mutex_);
  auto asked = file_.prepare("SELECT due FROM event WHERE state = 1 AND due > ? ORDER BY due LIMIT 1");
  if (!asked) return asked.error();
  const auto found = asked->bind(stored(after)).step();
  if (!found) return found.error();
  return *found ? wall_time_of(asked->number(0)) : wall_time::max();
}

result<void> webhook_outbox::delivered(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  auto change = file_.prepare("DELETE FROM event WHERE id = ?");
  if (!change) return change.error();
  if (const auto done = change->bind(id).step(); !done) return done.error();
  return {};
}

result<void> webhook_outbox::try_again(std::int64_t id, wall_time due, std::string_view trouble) {
  const std::lock_guard lock(mutex_);
  auto change = file_.prepare("UPDATE event SET tries = tries + 1, due = ?, trouble = ? WHERE id = ?");
  if (!change) return change.error();
  if (const auto done = change->bind(stored(due)).bind(trouble).bind(id).step(); !done) return done.error();
  return {};
}

result<void> webhook_outbox::give_up(std::int64_t id, std::string_view trouble) {
  const std::lock_guard lock(mutex_);
  auto begun = transaction::begin(file_);
  if (!begun) return begun.error();
  auto change = file_.prepare(
      "UPDATE event SET state = 2, tries = tries + 1, since = ?, trouble = ?, operation_id = x'', token = x'', url = "
      "x'', credentials = x'', body = x'' WHERE id = ?");
  if (!change) return change.error();
  const auto done = change->bind(stored(time_.wall_now())).bind(trouble).bind(id).step();
  if (!done) return done.error();
  if (const auto trimmed = trim_failed(id); !trimmed) return trimmed.error();
  return begun->commit();
}

/// Of the principal whose row this is the newest stay.
result<void> webhook_outbox::trim_failed(std::int64_t like) const {
  auto change = file_.prepare(
      "DELETE FROM event WHERE id IN (SELECT other.id FROM event AS one JOIN event AS other ON other.tenant = "
      "one.tenant AND other.principal = one.principal AND other.state = 2 WHERE one.id = ? ORDER BY other.since DESC, "
      "other.id DESC LIMIT -1 OFFSET ?)");
  if (!change) return change.error();
  const auto done = change->bind(like).bind(static_cast<std::int64_t>(limits_.most_failed)).step();
  if (!done) return done.error();
  return {};
}

result<std::uint64_t> webhook_outbox::forget_old(wall_time now) {
  const std::lock_guard lock(mutex_);
  auto change = file_.prepare("DELETE FROM event WHERE (state = 2 AND since <= ?) OR (state = 0 AND since <= ?)");
  if (!change) return change.error();
  const auto done = change->bind(stored(now - limits_.keep_failed)).bind(stored(now - limits_.longest_wait)).step();
  if (!done) return done.error();
  return static_cast<std::uint64_t>(file_.changes());
}

}  // namespace tenon::tenond
