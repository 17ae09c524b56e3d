#pragma once

#include "base/work_scheduler.hpp"

#include <tenon/router.hpp>
#include <tenon/status.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace spdlog {
class logger;
}

namespace tenon {

/// Builds the platforms of tenants ahead of their first request, a few at a time, in the background. Each is tried
/// once; what fails is logged and left to the tenant's first request.
///
/// Threads     Any, concurrently.
class warm_up : public std::enable_shared_from_this<warm_up> {
 public:
  warm_up(std::shared_ptr<lazy_platform_router> router, std::shared_ptr<work_scheduler> work,
          std::shared_ptr<spdlog::logger> logger, std::uint32_t builds);

  /// Also while others are under way; those that wait or are built already are left out.
  void start(std::vector<std::string> tenants);

  /// Begins no more of them.
  void stop();

  warm_up_status status() const;

 private:
  void go_on();
  void build(const std::string& tenant);
  void built(const std::string& tenant, const result<std::shared_ptr<platform>>& outcome);

  const std::shared_ptr<lazy_platform_router> router_;
  const std::shared_ptr<work_scheduler> work_;
  const std::shared_ptr<spdlog::logger> logger_;
  const std::uint32_t builds_;
  mutable std::mutex mutex_;
  std::deque<std::string> waiting_;
  std::set<std::string> pending_;  ///< those that wait and those that are built
  std::uint32_t building_ = 0;
  warm_up_status counts_;
  bool stopped_ = false;
};

}  // namespace tenon
