#include "storage/tenant_store.hpp"

#include <algorithm>
#include <utility>

namespace tenon {
namespace {

constexpr int format = 1;
constexpr std::size_t answer_bytes = 1u << 20;

// Versions are drawn from one counter of the file, so that a key which was erased and written again has another one.
constexpr std::string_view schema = R"(
CREATE TABLE IF NOT EXISTS entry (
  plugin BLOB NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, version INTEGER NOT NULL,
  PRIMARY KEY (plugin, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS total (name TEXT PRIMARY KEY, amount INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO total VALUES ('bytes', 0), ('version', 0))";

store_outcome io_failure(const error& why) { return {.status = TENON_E_IO, .message = why.operator_detail}; }

/// The least text above all that begin with `prefix`; empty: there is none.
std::string above(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) ++end.back();
  return end;
}

std::uint64_t size_of(const store_entry& entry) noexcept {
  return entry.version == 0 ? 0 : entry.key.size() + entry.value.size();
}

}  // namespace

result<std::shared_ptr<tenant_store>> tenant_store::open(const std::filesystem::path& file, std::uint64_t max_bytes) {
  auto opened = database::open(file, schema, format);
  if (!opened) return opened.error();
  return std::shared_ptr<tenant_store>(new tenant_store(std::move(*opened), max_bytes));
}

result<store_entry> tenant_store::find(std::string_view plugin, std::string_view key) {
  auto asked = file_.prepare("SELECT value, version FROM entry WHERE plugin = ? AND key = ?");
  if (!asked) return asked.error();
  const auto row = asked->bind(plugin).bind(key).step();
  if (!row) return row.error();
  store_entry found{.key = std::string(key)};
  if (*row) {
    found.value = asked->text(0);
    found.version = static_cast<std::uint64_t>(asked->number(1));
  }
  return found;
}

store_outcome tenant_store::get(std::string_view plugin, std::string_view key) {
  const std::lock_guard lock(mutex_);
  auto found = find(plugin, key);
  if (!found) return io_failure(found.error());
  store_outcome outcome;
  if (found->version != 0) outcome.entries.push_back(std::move(*found));
  return outcome;
}

store_outcome tenant_store::list(std::string_view plugin, std::string_view prefix, std::string_view after,
                                 std::uint32_t limit) {
  const std::lock_guard lock(mutex_);
  const auto end = above(prefix);
  const bool behind = after >= prefix && !after.empty();
  auto asked = file_.prepare("SELECT key, value, version FROM entry WHERE plugin = ?1 AND key " +
                             std::string(behind ? ">" : ">=") + " ?2 AND (?3 = x'' OR key < ?3) ORDER BY key LIMIT ?4");
  if (!asked) return io_failure(asked.error());
  const auto most = limit == 0 ? TENON_STORE_ENTRIES : std::min(limit, TENON_STORE_ENTRIES);
  asked->bind(plugin).bind(behind ? after : prefix).bind(end).bind(std::int64_t{most});
  store_outcome outcome;
  std::size_t bytes = 0;
  for (;;) {
    const auto row = asked->step();
    if (!row) return io_failure(row.error());
    if (!*row) return outcome;
    store_entry next{asked->text(0), asked->text(1), static_cast<std::uint64_t>(asked->number(2))};
    bytes += next.key.size() + next.value.size();
    if (bytes > answer_bytes && !outcome.entries.empty()) return outcome;
    outcome.entries.push_back(std::move(next));
  }
}

/// Within a transaction. An outcome: why not.
result<std::optional<store_outcome>> tenant_store::apply(std::string_view plugin,
                                                         const std::vector<store_write>& writes,
                                                         std::vector<store_entry>& written) {
  std::int64_t grown = 0;
  auto draw = file_.prepare("UPDATE total SET amount = amount + 1 WHERE name = 'version' RETURNING amount");
  if (!draw) return draw.error();
  const auto drawn = draw->step();
  if (!drawn) return drawn.error();
  if (!*drawn) return file_.failure("be written to");
  const auto version = draw->number(0);
  draw->reset();
  auto put = file_.prepare("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)");
  if (!put) return put.error();
  auto erase = file_.prepare("DELETE FROM entry WHERE plugin = ? AND key = ?");
  if (!erase) return erase.error();

  for (const auto& each : writes) {
    auto now = find(plugin, each.key);
    if (!now) return now.error();
    if (each.expected != TENON_STORE_ANY_VERSION && each.expected != now->version) {
      store_outcome conflict{.status = TENON_E_CONFLICT, .message = "an entry has another version than expected"};
      conflict.entries.push_back(std::move(*now));
      return std::optional(std::move(conflict));
    }
    grown -= static_cast<std::int64_t>(size_of(*now));
    if (!each.erases) grown += static_cast<std::int64_t>(each.key.size() + each.value.size());
    auto& change = each.erases ? *erase : *put;
    change.reset();
    change.bind(plugin).bind(each.key);
    if (!each.erases) change.bind(each.value).bind(version);
    if (const auto done = change.step(); !done) return done.error();
    written.push_back({.key = each.key, .version = each.erases ? 0 : static_cast<std::uint64_t>(version)});
  }

  auto sum = file_.prepare("UPDATE total SET amount = amount + ? WHERE name = 'bytes' RETURNING amount");
  if (!sum) return sum.error();
  const auto summed = sum->bind(grown).step();
  if (!summed) return summed.error();
  if (grown > 0 && static_cast<std::uint64_t>(sum->number(0)) > max_bytes_) {
    return std::optional(store_outcome{.status = TENON_E_LIMIT,
                                       .message = file_.file().string() + ": expected at most " +
                                                  std::to_string(max_bytes_) + " bytes of one tenant, found " +
                                                  std::to_string(sum->number(0)) +
                                                  "; raise [host] state_max_bytes, or see what the plugin keeps"});
  }
  return std::optional<store_outcome>();
}

store_outcome tenant_store::write(std::string_view plugin, const std::vector<store_write>& writes) {
  const std::lock_guard lock(mutex_);
  auto begun = transaction::begin(file_);
  if (!begun) return io_failure(begun.error());
  store_outcome outcome;
  auto refused = apply(plugin, writes, outcome.entries);
  if (!refused) return io_failure(refused.error());
  if (*refused) return std::move(**refused);
  if (const auto done = begun->commit(); !done) return io_failure(done.error());
  return outcome;
}

}  // namespace tenon
