#include "limits/principal_limits.hpp"

namespace tenon::tenond {

void principal_limits::assign(const rates& now) {
  const auto when = time_.steady_now();
  const std::lock_guard lock(mutex_);
  std::erase_if(buckets_, [&now](const auto& each) { return !now.contains(each.first); });
  for (const auto& [principal, allowed] : now) {
    const auto [place, is_new] = buckets_.try_emplace(principal, allowed, when);
    if (!is_new) place->second.change(allowed, when);
  }
}

std::optional<principal_limits::refusal> principal_limits::take(std::string_view principal) {
  const std::lock_guard lock(mutex_);
  const auto found = buckets_.find(principal);
  if (found == buckets_.end() || !found->second.allowed().is_limit()) return std::nullopt;
  const auto now = time_.steady_now();
  if (found->second.take(now)) return std::nullopt;
  ++refused_;
  return refusal{.allowed = found->second.allowed(), .retry_after_s = found->second.retry_after_s(now)};
}

}  // namespace tenon::tenond
