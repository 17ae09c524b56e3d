#include "storage/database.hpp"

#include <sqlite3.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <system_error>
#include <utility>

namespace tenon {
namespace {

constexpr int patience_ms = 5'000;  // for another process that writes to the file

error broken(const std::filesystem::path& file, std::string_view doing, std::string_view found,
             std::string_view advice = {}) {
  auto detail = file.string() + ": cannot " + std::string(doing) + ": " + std::string(found);
  if (!advice.empty()) detail += "; " + std::string(advice);
  return make_error("SERVICE_UNAVAILABLE", "The service is not available at the moment.", std::move(detail));
}

std::string_view what_to_do(int code) noexcept {
  switch (code & 0xff) {
    case SQLITE_FULL: return "make room on that disk";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM: return "see that the host's user may write there, or choose another state_dir";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return "restore the file from a backup, or move it away to begin with nothing";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "another process holds the file; hosts may share it, but nothing may lock it for long";
    case SQLITE_IOERR: return "see what the system's log says of that disk";
    default: return {};
  }
}

/// The directory, made if need be with those above it, and closed to others.
result<void> private_directory(const std::filesystem::path& directory) {
  std::filesystem::path above;
  for (const auto& part : directory.parent_path()) ::mkdir((above /= part).c_str(), 0700);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return broken(directory, "be made", std::generic_category().message(errno), "choose another state_dir");
  struct stat found {};
  if (::stat(directory.c_str(), &found) != 0)
    return broken(directory, "be looked at", std::generic_category().message(errno));
  if (found.st_uid != ::geteuid() || (found.st_mode & 0077) != 0) {
    return broken(
        directory, "be used",
        "expected a directory of user " + std::to_string(::geteuid()) + " that is closed to others (mode 0700)",
        "chown and chmod 0700 it, or choose another state_dir");
  }
  return {};
}

}  // namespace

void database::closer::operator()(sqlite3* opened) const noexcept { ::sqlite3_close_v2(opened); }
void statement::closer::operator()(sqlite3_stmt* prepared) const noexcept { ::sqlite3_finalize(prepared); }

result<database> database::open(const std::filesystem::path& file, std::string_view schema, int format) {
  if (const auto place = private_directory(file.parent_path()); !place) return place.error();
  // SQLite gives its files the mode of the first one.
  const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (made < 0) return broken(file, "be opened", std::generic_category().message(errno), what_to_do(SQLITE_CANTOPEN));
  ::close(made);

  database opened(file);
  sqlite3* handle = nullptr;
  const auto status = ::sqlite3_open_v2(file.c_str(), &handle,
                                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  opened.handle_.reset(handle);
  if (status != SQLITE_OK) return opened.failure("be opened");
  ::sqlite3_busy_timeout(handle, patience_ms);
  const auto ready = opened.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;");
  if (!ready) return ready.error();

  const auto first_look = opened.format();
  if (!first_look) return first_look.error();
  if (*first_look == format) return opened;  // most files are there, and need not be written to

  auto begun = transaction::begin(opened);
  if (!begun) return begun.error();
  const auto looked = opened.format();
  if (!looked) return looked.error();
  if (const auto found = *looked; found != 0 && found != format) {
    return broken(file, "be used", "expected format " + std::to_string(format) + ", found " + std::to_string(found),
                  "it belongs to another version of the host: use that one, or choose another state_dir");
  }
  const auto laid = opened.run(std::string(schema) + "; PRAGMA user_version = " + std::to_string(format) + ";");
  if (!laid) return laid.error();
  if (const auto done = begun->commit(); !done) return done.error();
  return opened;
}

error database::failure(std::string_view doing) const {
  const int code = handle_ ? ::sqlite3_extended_errcode(handle_.get()) : SQLITE_NOMEM;
  const char* const found = handle_ ? ::sqlite3_errmsg(handle_.get()) : "out of memory";
  return broken(file_, doing, found, what_to_do(code));
}

result<std::int64_t> database::format() const {
  auto version = prepare("PRAGMA user_version");
  if (!version) return version.error();
  if (const auto row = version->step(); !row) return row.error();
  return version->number(0);
}

result<statement> database::prepare(std::string_view sql) const {
  statement made(*this);
  sqlite3_stmt* handle = nullptr;
  const auto status = ::sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &handle, nullptr);
  made.handle_.reset(handle);
  if (status != SQLITE_OK) return failure("be asked");
  return made;
}

result<void> database::run(const std::string& sql) const {
  if (::sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return failure("be written to");
  return {};
}

std::int64_t database::changes() const noexcept { return ::sqlite3_changes64(handle_.get()); }

statement& statement::bind(std::int64_t value) {
  refused_ = ::sqlite3_bind_int64(handle_.get(), next_++, value) != SQLITE_OK || refused_;
  return *this;
}

statement& statement::bind(std::string_view bytes) {
  const char* const at = bytes.data() == nullptr ? "" : bytes.data();  // null would be NULL
  refused_ = ::sqlite3_bind_blob64(handle_.get(), next_++, at, bytes.size(), SQLITE_TRANSIENT) != SQLITE_OK || refused_;
  return *this;
}

result<bool> statement::step() {
  if (refused_) return of_->failure("take a value");
  const auto status = ::sqlite3_step(handle_.get());
  if (status == SQLITE_ROW) return true;
  if (status == SQLITE_DONE) return false;
  return of_->failure(::sqlite3_stmt_readonly(handle_.get()) != 0 ? "be read" : "be written to");
}

void statement::reset() {
  ::sqlite3_reset(handle_.get());
  ::sqlite3_clear_bindings(handle_.get());
  next_ = 1;
  refused_ = false;
}

std::int64_t statement::number(int column) const { return ::sqlite3_column_int64(handle_.get(), column); }

std::string statement::text(int column) const {
  const auto* const bytes = static_cast<const char*>(::sqlite3_column_blob(handle_.get(), column));
  const auto size = static_cast<std::size_t>(::sqlite3_column_bytes(handle_.get(), column));
  return bytes == nullptr ? std::string() : std::string(bytes, size);
}

result<transaction> transaction::begin(const database& in) {
  if (const auto begun = in.run("BEGIN IMMEDIATE"); !begun) return begun.error();
  return transaction(in);
}

transaction::~transaction() {
  if (in_ == nullptr) return;
  const auto undone = in_->run("ROLLBACK");  // SQLite may have rolled back of itself; there is nobody to tell
  static_cast<void>(undone);
}

result<void> transaction::commit() {
  auto done = in_->run("COMMIT");
  if (done) in_ = nullptr;
  return done;
}

}  // namespace tenon
