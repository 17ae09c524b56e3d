#include "cache/failure_table.hpp"

#include "cache/freshness.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tenon {
namespace {

using namespace std::chrono_literals;

constexpr auto not_found_stands = 30s;

/// As a buyer is told: whole seconds, never too early, within what the protocol allows.
std::uint32_t retry_after(std::chrono::nanoseconds wait) {
  const auto whole = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(whole, 1, 3600));
}

}  // namespace

failure_class classify(const error& failure) noexcept {
  if (failure.code == "ACCOUNT_NOT_FOUND") return failure_class::not_found;
  if (failure.code == "CONFIGURATION_ERROR") return failure_class::broken;
  if (failure.recover == recovery::correctable) return failure_class::passing;
  return failure_class::transient;
}

std::optional<error> failure_table::stands(std::string_view tenant, steady_time now, attempt& tries) {
  tries = 0;
  const auto at = index_.find(tenant);
  if (at == index_.end()) return std::nullopt;
  auto& line = *at->second;
  if (line.kind == failure_class::broken) return line.failure;
  if (now >= line.until && line.trying == 0) {
    tries = line.trying = ++attempts_;
    return std::nullopt;
  }
  return told(line, line.failure, now);
}

error failure_table::record(const std::string& tenant, error failure, attempt tried, steady_time now,
                            random_source& random) {
  const auto kind = classify(failure);
  if (kind == failure_class::passing || size_ == 0) {
    undecided(tenant, tried);
    return failure;
  }
  const auto at = index_.find(tenant);
  if (at != index_.end() && (tried == 0 || at->second->trying != tried))
    return told(*at->second, std::move(failure), now);
  lines fresh;
  fresh.push_back({tenant, std::move(failure), kind, 1, now, 0});
  auto& line = fresh.front();
  if (at != index_.end()) {
    line.in_a_row = at->second->in_a_row + 1;
    forget(tenant);
  }
  const auto wait = kind == failure_class::not_found
                        ? std::chrono::nanoseconds(not_found_stands)
                        : std::max(back_off(line.in_a_row, random),
                                   std::chrono::nanoseconds(std::chrono::seconds(line.failure.retry_after_s)));
  line.until = now + wait;
  if (line.failure.recover == recovery::transient) line.failure.retry_after_s = retry_after(wait);
  if (index_.size() >= size_) forget(lines_.front().tenant);
  auto answer = line.failure;
  index_.emplace(line.tenant, fresh.begin());
  lines_.splice(lines_.end(), fresh);
  return answer;
}

void failure_table::undecided(std::string_view tenant, attempt tried) noexcept {
  if (tried == 0) return;
  if (const auto at = index_.find(tenant); at != index_.end() && at->second->trying == tried) at->second->trying = 0;
}

error failure_table::told(const line& standing, error failure, steady_time now) {
  if (failure.recover == recovery::transient) failure.retry_after_s = retry_after(std::max(standing.until - now, 1ns));
  return failure;
}

void failure_table::forget(std::string_view tenant) noexcept {
  const auto at = index_.find(tenant);
  if (at == index_.end()) return;
  const auto line = at->second;
  index_.erase(at);
  lines_.erase(line);
}

void failure_table::forget() noexcept {
  index_.clear();
  lines_.clear();
}

}  // namespace tenon
