#pragma once

#include "storage/tenant_store.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace tenon {

/// The stores of the tenants, below one directory: opened when a plugin first uses its own, closed with the last that
/// uses it. One tenant's broken file is nobody else's trouble.
///
/// Threads     Any. of() may wait for the disk.
class tenant_stores {
 public:
  tenant_stores(std::filesystem::path directory, std::uint64_t max_bytes)
      : directory_(std::move(directory)), max_bytes_(max_bytes) {}

  result<std::shared_ptr<tenant_store>> of(const std::string& tenant);

  const std::filesystem::path& directory() const noexcept { return directory_; }

 private:
  struct place {
    std::mutex opening;
    std::weak_ptr<tenant_store> opened;
  };

  const std::filesystem::path directory_;
  const std::uint64_t max_bytes_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<place>> places_;  ///< one for each tenant that ever used its store
};

}  // namespace tenon
