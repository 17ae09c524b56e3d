#include "cache/cache_report.hpp"

#include <algorithm>

namespace tenon {

void change_log::note(cache_event::change what, std::string_view tenant, std::uint64_t generation,
                      removal cause) noexcept {
  if (!wanted_) return;
  try {
    noted_.push_back({what, std::string(tenant), generation, cause});
  } catch (...) {  // no memory, and nobody who could be told
  }
}

std::size_t cache_report::leases() const noexcept {
  std::size_t sum = 0;
  for (const auto& each : holders) sum += each.leases;
  return sum;
}

std::size_t cache_report::pinned() const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(holders, &cache_holder::retired));
}

std::chrono::nanoseconds cache_report::oldest_lease() const noexcept {
  std::chrono::nanoseconds oldest{};
  for (const auto& each : holders) oldest = std::max(oldest, each.oldest_lease);
  return oldest;
}

std::chrono::nanoseconds cache_report::oldest_pinned() const noexcept {
  std::chrono::nanoseconds oldest{};
  for (const auto& each : holders) oldest = std::max(oldest, each.retired_for);
  return oldest;
}

}  // namespace tenon
