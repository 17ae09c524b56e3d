#pragma once

#include <tenon/clock.hpp>
#include <tenon/error.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace spdlog {
class logger;
}

namespace tenon {

/// Tells operators what buyers are not told: the detail of calls and builds that failed, a line each with tenant, task,
/// code and trace. Errors of the buyer's own making are left out. A tenant in trouble gets a line a second; the next
/// one says how many were left out.
///
/// Threads     Any, concurrently. Cost: nothing unless a call failed; then a lock.
class failure_log {
 public:
  failure_log(std::shared_ptr<spdlog::logger> logger, const clock& time) : logger_(std::move(logger)), time_(&time) {}

  void tell(const std::string& tenant, const std::string& task, const std::string& trace, const error& why);

 private:
  struct line_of_tenant {
    steady_time last = {};
    std::uint64_t left_out = 0;
    bool told = false;
  };

  const std::shared_ptr<spdlog::logger> logger_;
  const clock* const time_;
  std::mutex mutex_;
  std::map<std::string, line_of_tenant, std::less<>> tenants_;  // as many as were ever in trouble; the catalog's
};

}  // namespace tenon
