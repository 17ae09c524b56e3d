#pragma once

#include "base/file_descriptor.hpp"
#include "storage/database.hpp"

#include <tenon/submitted_task.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

/// A task whose time has come.
struct due_task {
  std::string id;
  std::string tenant;
};

/// The submitted tasks of a host, in one SQLite file beside the tenants' stores. It belongs to one process at a time,
/// so that no task is gone on with twice: another one is refused.
///
/// Threads     Any; one access at a time. Every access may wait for the disk.
class task_book {
 public:
  static result<std::shared_ptr<task_book>> open(const std::filesystem::path& file);

  /// A new task, or the same one with another state: what is found under its id is replaced.
  result<void> put(const submitted_task& task);

  /// Of that tenant alone; an empty tenant: of any.
  result<std::optional<submitted_task>> find(std::string_view tenant, std::string_view id);

  /// The newest submitted one of an idempotency key, without request, resume and outcome.
  result<std::optional<submitted_task>> find_open(std::string_view tenant, std::string_view principal,
                                                  std::string_view task, std::string_view idempotency_key);

  /// How many submitted ones a tenant has.
  result<std::uint64_t> open_count(std::string_view tenant);

  /// Submitted ones that are due by then, `of_tenant` of each tenant at most: of every tenant the one that has been due
  /// longest, then of every tenant the next.
  result<std::vector<due_task>> due(wall_time until, std::uint32_t limit, std::uint32_t of_tenant);

  /// When the next one is due; max: there is none.
  result<wall_time> next_due();

  /// Newest first, without request, resume and outcome; an empty tenant: of all.
  result<std::vector<submitted_task>> list(std::string_view tenant, std::uint32_t limit);

  /// Forgets those that ended before then. How many.
  result<std::int64_t> forget_ended(wall_time before);

 private:
  task_book(database file, file_descriptor held) : held_(std::move(held)), file_(std::move(file)) {}

  result<std::vector<submitted_task>> read(statement& asked);
  result<std::optional<submitted_task>> read_one(statement& asked);

  const file_descriptor held_;  ///< the lock
  std::mutex mutex_;
  const database file_;
};

}  // namespace tenon
