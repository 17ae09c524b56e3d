#pragma once

#include "storage/database.hpp"

#include <tenon/abi/host.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

struct store_entry {
  std::string key;
  std::string value = {};
  std::uint64_t version = 0;  ///< 0: it is not there

  friend bool operator==(const store_entry&, const store_entry&) = default;
};

struct store_write {
  std::string key;
  std::string value = {};
  std::uint64_t expected = TENON_STORE_ANY_VERSION;
  bool erases = false;
};

/// What store/1 completes with.
struct store_outcome {
  tenon_status status = TENON_OK;
  std::vector<store_entry> entries = {};
  std::string message = {};  ///< for the operator; holds no value
};

/// What the plugins of one tenant keep: one SQLite file, and in it each plugin's own entries.
///
/// Threads     Any; one access at a time. Every access may wait for the disk.
/// Errors      Outcomes: TENON_E_IO (the file), TENON_E_LIMIT (the tenant has no room left), TENON_E_CONFLICT.
class tenant_store {
 public:
  /// `max_bytes`: of all keys and values together.
  static result<std::shared_ptr<tenant_store>> open(const std::filesystem::path& file, std::uint64_t max_bytes);

  store_outcome get(std::string_view plugin, std::string_view key);

  /// At most `limit` entries and about a megabyte, but one entry at least, if there is one.
  store_outcome list(std::string_view plugin, std::string_view prefix, std::string_view after, std::uint32_t limit);

  /// All or none.
  store_outcome write(std::string_view plugin, const std::vector<store_write>& writes);

 private:
  tenant_store(database file, std::uint64_t max_bytes) : file_(std::move(file)), max_bytes_(max_bytes) {}

  result<store_entry> find(std::string_view plugin, std::string_view key);
  result<std::optional<store_outcome>> apply(std::string_view plugin, const std::vector<store_write>& writes,
                                             std::vector<store_entry>& written);

  std::mutex mutex_;
  const database file_;
  const std::uint64_t max_bytes_;
};

}  // namespace tenon
