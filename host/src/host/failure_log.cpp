#include "host/failure_log.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

namespace tenon {
namespace {

constexpr std::chrono::seconds between_lines{1};

spdlog::level::level_enum level_of(const error& why) {
  return why.recover == recovery::transient ? spdlog::level::warn : spdlog::level::err;
}

}  // namespace

void failure_log::tell(const std::string& tenant, const std::string& task, const std::string& trace, const error& why) {
  if (why.operator_detail.empty() || why.recover == recovery::correctable) return;
  std::uint64_t left_out = 0;
  {
    const std::lock_guard lock(mutex_);
    auto& line = tenants_[tenant];
    const auto now = time_->steady_now();
    if (line.told && now - line.last < between_lines) {
      ++line.left_out;
      return;
    }
    left_out = std::exchange(line.left_out, 0);
    line.last = now;
    line.told = true;
  }
  const auto traced = trace.empty() ? std::string() : ", trace " + trace;
  const auto more = left_out == 0 ? std::string() : " (and " + std::to_string(left_out) + " more failures before)";
  logger_->log(level_of(why), "tenant {}: {} failed with {}{}: {}{}", tenant, task, why.code, traced,
               why.operator_detail, more);
}

}  // namespace tenon
