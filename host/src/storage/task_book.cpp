#include "storage/task_book.hpp"

#include "storage/file_lock.hpp"

#include <array>

namespace tenon {
namespace {

constexpr int format = 1;

// What may be long comes last: a row that is only listed is read as far as that.
constexpr std::string_view schema = R"(
CREATE TABLE IF NOT EXISTS task (
  id BLOB PRIMARY KEY, tenant BLOB NOT NULL, task BLOB NOT NULL, account_id BLOB NOT NULL, principal BLOB NOT NULL,
  trace_id BLOB NOT NULL, idempotency_key BLOB NOT NULL, message BLOB NOT NULL, trouble BLOB NOT NULL,
  attempt INTEGER NOT NULL, due INTEGER NOT NULL, state INTEGER NOT NULL, created INTEGER NOT NULL,
  updated INTEGER NOT NULL, request BLOB NOT NULL, resume BLOB NOT NULL, outcome BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS task_due ON task (due, tenant) WHERE state = 0;
CREATE INDEX IF NOT EXISTS task_open ON task (tenant, principal, task, idempotency_key, created) WHERE state = 0;
CREATE INDEX IF NOT EXISTS task_ended ON task (updated) WHERE state <> 0;
CREATE INDEX IF NOT EXISTS task_tenant ON task (tenant, created))";

// In the order of the columns, as are the numbers between them.
constexpr std::array short_texts = {&submitted_task::id,
                                    &submitted_task::tenant,
                                    &submitted_task::task,
                                    &submitted_task::account_id,
                                    &submitted_task::principal,
                                    &submitted_task::trace_id,
                                    &submitted_task::idempotency_key,
                                    &submitted_task::message,
                                    &submitted_task::trouble};
constexpr std::array long_texts = {&submitted_task::request, &submitted_task::resume, &submitted_task::outcome};

constexpr std::string_view listed_columns =
    "id, tenant, task, account_id, principal, trace_id, idempotency_key, message, trouble, attempt, due, state, "
    "created, updated, x'', x'', x''";

std::int64_t stored(wall_time at) noexcept { return std::chrono::nanoseconds(at.time_since_epoch()).count(); }

wall_time wall_time_of(std::int64_t nanoseconds) noexcept {
  return wall_time(std::chrono::duration_cast<wall_time::duration>(std::chrono::nanoseconds(nanoseconds)));
}

}  // namespace

std::string_view to_string(submitted_task::state value) noexcept {
  switch (value) {
    case submitted_task::state::completed: return "completed";
    case submitted_task::state::failed: return "failed";
    case submitted_task::state::submitted: break;
  }
  return "submitted";
}

result<std::shared_ptr<task_book>> task_book::open(const std::filesystem::path& file) {
  auto opened = database::open(file, schema, format);
  if (!opened) return opened.error();
  auto path = file;
  path.replace_extension(".lock");
  auto held = lock_file(path);
  if (!held) return held.error();
  return std::shared_ptr<task_book>(new task_book(std::move(*opened), std::move(*held)));
}

result<void> task_book::put(const submitted_task& task) {
  const std::lock_guard lock(mutex_);
  auto change = file_.prepare("INSERT OR REPLACE INTO task VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!change) return change.error();
  for (const auto member : short_texts) change->bind(task.*member);
  change->bind(std::int64_t{task.attempt}).bind(stored(task.due)).bind(static_cast<std::int64_t>(task.now));
  change->bind(stored(task.created)).bind(stored(task.updated));
  for (const auto member : long_texts) change->bind(task.*member);
  if (const auto done = change->step(); !done) return done.error();
  return {};
}

result<std::vector<submitted_task>> task_book::read(statement& asked) {
  std::vector<submitted_task> found;
  for (;;) {
    const auto row = asked.step();
    if (!row) return row.error();
    if (!*row) return found;
    auto& next = found.emplace_back();
    int column = 0;
    for (const auto member : short_texts) next.*member = asked.text(column++);
    next.attempt = static_cast<std::uint32_t>(asked.number(column++));
    next.due = wall_time_of(asked.number(column++));
    next.now = static_cast<submitted_task::state>(asked.number(column++));
    next.created = wall_time_of(asked.number(column++));
    next.updated = wall_time_of(asked.number(column++));
    for (const auto member : long_texts) next.*member = asked.text(column++);
  }
}

result<std::optional<submitted_task>> task_book::read_one(statement& asked) {
  auto found = read(asked);
  if (!found) return found.error();
  if (found->empty()) return std::optional<submitted_task>();
  return std::optional(std::move(found->front()));
}

result<std::optional<submitted_task>> task_book::find(std::string_view tenant, std::string_view id) {
  const std::lock_guard lock(mutex_);
  auto asked = file_.prepare("SELECT * FROM task WHERE id = ?1 AND (?2 = x'' OR tenant = ?2)");
  if (!asked) return asked.error();
  asked->bind(id).bind(tenant);
  return read_one(*asked);
}

result<std::optional<submitted_task>> task_book::find_open(std::string_view tenant, std::string_view principal,
                                                           std::string_view task, std::string_view idempotency_key) {
  const std::lock_guard lock(mutex_);
  auto asked = file_.prepare("SELECT " + std::string(listed_columns) +
                             " FROM task WHERE state = 0 AND tenant = ? AND principal = ? AND task = ? AND "
                             "idempotency_key = ? ORDER BY created DESC LIMIT 1");
  if (!asked) return asked.error();
  asked->bind(tenant).bind(principal).bind(task).bind(idempotency_key);
  return read_one(*asked);
}

result<std::uint64_t> task_book::open_count(std::string_view tenant) {
  const std::lock_guard lock(mutex_);
  auto asked = file_.prepare("SELECT COUNT(*) FROM task WHERE state = 0 AND tenant = ?");
  if (!asked) return asked.error();
  const auto row = asked->bind(tenant).step();
  if (!row) return row.error();
  return static_cast<std::uint64_t>(asked->number(0));
}

result<std::vector<due_task>> task_book::due(wall_time until, std::uint32_t limit, std::uint32_t of_tenant) {
  const std::lock_guard lock(mutex_);
  auto asked = file_.prepare(
      "SELECT id, tenant FROM (SELECT id, tenant, due, ROW_NUMBER() OVER (PARTITION BY tenant ORDER BY due, id) AS "
      "turn "
      "FROM task WHERE state = 0 AND due <= ?) WHERE turn <= ? ORDER BY turn, due LIMIT ?");
  if (!asked) return asked.error();
  asked->bind(stored(until)).bind(std::int64_t{of_tenant}).bind(std::int64_t{limit});
  std::vector<due_task> found;
  for (;;) {
    const auto row = asked->step();
    if (!row) return row.error();
    if (!*row) return found;
    found.push_back({.id = asked->text(0), .tenant = asked->text(1)});
  }
}

result<wall_time> task_book::next_due() {
  const std::lock_guard lock(mutex_);
  auto asked = file_.prepare("SELECT due FROM task WHERE state = 0 ORDER BY due LIMIT 1");
  if (!asked) return asked.error();
  const auto row = asked->step();
  if (!row) return row.error();
  return *row ? wall_time_of(asked->number(0)) : wall_time::max();
}

result<std::vector<submitted_task>> task_book::list(std::string_view tenant, std::uint32_t limit) {
  const std::lock_guard lock(mutex_);
  const auto columns = "SELECT " + std::string(listed_columns) + " FROM task ";
  auto asked = file_.prepare(columns + (tenant.empty() ? "" : "WHERE tenant = ? ") + "ORDER BY created DESC LIMIT ?");
  if (!asked) return asked.error();
  if (!tenant.empty()) asked->bind(tenant);
  asked->bind(std::int64_t{limit});
  return read(*asked);
}

result<std::int64_t> task_book::forget_ended(wall_time before) {
  const std::lock_guard lock(mutex_);
  auto change = file_.prepare("DELETE FROM task WHERE state <> 0 AND updated < ?");
  if (!change) return change.error();
  if (const auto done = change->bind(stored(before)).step(); !done) return done.error();
  return file_.changes();
}

}  // namespace tenon
