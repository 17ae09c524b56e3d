#pragma once

#include <tenon/error.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace tenon {

class statement;

/// A SQLite file of ours: in write-ahead mode, and synced before a transaction is over, so that what was written is
/// there after a crash of the process or of the machine.
///
/// Threads     One at a time.
/// Errors      SERVICE_UNAVAILABLE; the operator's detail names the file, what SQLite says and what to do.
class database {
 public:
  /// Makes the file, closed to others, and what is missing of its directory (0700). `schema` is run whole, and must be
  /// made of CREATE ... IF NOT EXISTS. `format`: the number of the schema; a file of another one is refused.
  static result<database> open(const std::filesystem::path& file, std::string_view schema, int format);

  result<statement> prepare(std::string_view sql) const;

  /// One or more statements without values.
  result<void> run(const std::string& sql) const;

  std::int64_t changes() const noexcept;  ///< rows that the last statement wrote
  const std::filesystem::path& file() const noexcept { return file_; }
  error failure(std::string_view doing) const;  ///< what went wrong last

 private:
  struct closer {
    void operator()(sqlite3* opened) const noexcept;
  };

  explicit database(std::filesystem::path file) : file_(std::move(file)) {}

  result<std::int64_t> format() const;  ///< 0: of a new file

  std::filesystem::path file_;
  std::unique_ptr<sqlite3, closer> handle_;
};

/// A prepared statement. Values are bound in order, then it is stepped; reset() makes it ready for other values.
class statement {
 public:
  statement& bind(std::int64_t value);
  statement& bind(std::string_view bytes);  ///< copied

  /// True: there is a row.
  result<bool> step();
  void reset();

  std::int64_t number(int column) const;
  std::string text(int column) const;

 private:
  friend class database;
  struct closer {
    void operator()(sqlite3_stmt* prepared) const noexcept;
  };

  explicit statement(const database& of) : of_(&of) {}

  const database* of_;
  std::unique_ptr<sqlite3_stmt, closer> handle_;
  int next_ = 1;
  bool refused_ = false;
};

/// BEGIN IMMEDIATE until commit(); what was not committed is undone.
class transaction {
 public:
  static result<transaction> begin(const database& in);
  transaction(transaction&& from) noexcept : in_(std::exchange(from.in_, nullptr)) {}
  transaction& operator=(transaction&&) = delete;
  ~transaction();

  result<void> commit();

 private:
  explicit transaction(const database& in) : in_(&in) {}

  const database* in_;
};

}  // namespace tenon
