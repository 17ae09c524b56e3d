#include "accounts/account_book.hpp"

#include "storage/database.hpp"

#include <utility>

namespace tenon::tenond {
namespace {

constexpr int format = 1;
constexpr std::string_view schema = R"(
CREATE TABLE IF NOT EXISTS account (
  tenant BLOB NOT NULL, principal BLOB NOT NULL, id BLOB NOT NULL, brand BLOB NOT NULL, operator BLOB NOT NULL,
  sandbox INTEGER NOT NULL, status BLOB NOT NULL, billing BLOB NOT NULL, payment_terms BLOB NOT NULL,
  updated INTEGER NOT NULL, PRIMARY KEY (tenant, principal, id)) WITHOUT ROWID)";

constexpr std::string_view columns = "id, brand, operator, sandbox, status, billing, payment_terms";

}  // namespace

account_book::account_book(database file, const clock& time)
    : time_(time), file_(std::make_unique<const database>(std::move(file))) {}

account_book::~account_book() = default;

result<std::shared_ptr<account_book>> account_book::open(const std::filesystem::path& file, const clock& time) {
  auto opened = database::open(file, schema, format);
  if (!opened) return opened.error();
  return std::shared_ptr<account_book>(new account_book(std::move(*opened), time));
}

declared_account account_book::read(const statement& row) {
  return {.id = row.text(0),
          .reference = {.brand = row.text(1), .operator_name = row.text(2), .sandbox = row.number(3) != 0},
          .status = row.text(4),
          .billing = row.text(5),
          .payment_terms = row.text(6)};
}

result<std::optional<declared_account>> account_book::find(const account_owner& of, std::string_view id) {
  const std::lock_guard lock(mutex_);
  auto asked =
      file_->prepare("SELECT " + std::string(columns) + " FROM account WHERE tenant = ? AND principal = ? AND id = ?");
  if (!asked) return asked.error();
  const auto row = asked->bind(of.tenant).bind(of.principal).bind(id).step();
  if (!row) return row.error();
  return *row ? std::optional(read(*asked)) : std::nullopt;
}

result<std::uint64_t> account_book::count(const account_owner& of) {
  const std::lock_guard lock(mutex_);
  auto asked = file_->prepare("SELECT count(*) FROM account WHERE tenant = ? AND principal = ?");
  if (!asked) return asked.error();
  const auto row = asked->bind(of.tenant).bind(of.principal).step();
  if (!row) return row.error();
  return static_cast<std::uint64_t>(asked->number(0));
}

result<void> account_book::put(const account_owner& of, const std::vector<declared_account>& accounts) {
  if (accounts.empty()) return {};
  const std::lock_guard lock(mutex_);
  auto all = transaction::begin(*file_);
  if (!all) return all.error();
  const auto now = std::chrono::floor<std::chrono::seconds>(time_.wall_now()).time_since_epoch().count();
  {
    auto written = file_->prepare("INSERT OR REPLACE INTO account (tenant, principal, " + std::string(columns) +
                                  ", updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    if (!written) return written.error();
    for (const auto& account : accounts) {
      written->bind(of.tenant).bind(of.principal).bind(account.id).bind(account.reference.brand);
      written->bind(account.reference.operator_name).bind(account.reference.sandbox ? 1 : 0).bind(account.status);
      written->bind(account.billing).bind(account.payment_terms).bind(now);
      if (const auto done = written->step(); !done) return done.error();
      written->reset();
    }
  }
  return all->commit();
}

result<std::vector<declared_account>> account_book::list(const account_owner& of, std::string_view after,
                                                         std::uint64_t limit, const account_filter& wanted) {
  const std::lock_guard lock(mutex_);
  auto asked =
      file_->prepare("SELECT " + std::string(columns) +
                     " FROM account WHERE tenant = ?1 AND principal = ?2 AND id > ?3 AND (?4 = x'' OR status = ?4) "
                     "AND (?5 < 0 OR sandbox = ?5) ORDER BY id LIMIT ?6");
  if (!asked) return asked.error();
  asked->bind(of.tenant).bind(of.principal).bind(after).bind(wanted.status);
  asked->bind(wanted.sandbox ? (*wanted.sandbox ? 1 : 0) : -1).bind(static_cast<std::int64_t>(limit));
  std::vector<declared_account> found;
  for (;;) {
    const auto row = asked->step();
    if (!row) return row.error();
    if (!*row) return found;
    found.push_back(read(*asked));
  }
}

}  // namespace tenon::tenond
