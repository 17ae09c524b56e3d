#pragma once

#include "cache/cache_entry.hpp"

#include <tenon/clock.hpp>

#include <algorithm>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tenon::testing {

/// What platform_cache promises, written to be read: a list in the order of use, a counter per tenant. One thread, no
/// lease, no time of its own. The reference for differential tests.
template <class Value>
class reference_cache {
 public:
  struct entry {
    std::string tenant;
    Value value;
    lifetime life;
    std::uint64_t number;
    bool marked = false;  ///< stale
    std::optional<steady_time> postponed{};
  };
  struct ticket {
    std::string tenant;
    std::uint64_t generation;
    std::uint64_t epoch;
  };

  explicit reference_cache(std::size_t size) : size_(size) {}

  /// Fresh at `now`. A hit becomes the most recently used.
  const entry* find(const std::string& tenant, steady_time now) {
    const auto at = look_up(tenant);
    if (at == held_.end() || now > at->life.expires_at) return nullptr;
    held_.splice(held_.end(), held_, at);
    return &held_.back();
  }
  const entry* peek(const std::string& tenant, steady_time now) {
    const auto at = look_up(tenant);
    return at == held_.end() || now > at->life.expires_at ? nullptr : &*at;
  }
  const entry* find_stale(const std::string& tenant, steady_time now) {
    const auto at = look_up(tenant);
    return at == held_.end() || now <= at->life.expires_at || now > at->life.gone_at ? nullptr : &*at;
  }
  static bool refresh_due(const entry& found, steady_time now) {
    if (found.postponed) return now > *found.postponed;
    return found.marked || now > found.life.refresh_at;
  }

  ticket begin_build(const std::string& tenant) { return {tenant, generations_[tenant], epoch_}; }
  bool current(const ticket& of) { return of.generation == generations_[of.tenant] && of.epoch == epoch_; }

  bool store(const ticket& of, Value value, const lifetime& life, std::uint64_t only_over = 0) {
    const auto number = ++numbers_;
    const auto at = look_up(of.tenant);
    if (!current(of)) return false;
    if (only_over != 0) {
      if (at == held_.end() || at->number != only_over) return false;
      *at = {of.tenant, value, life, number};
      return true;
    }
    if (at != held_.end())
      held_.erase(at);
    else if (held_.size() == size_)
      held_.pop_front();
    held_.push_back({of.tenant, value, life, number});
    return true;
  }
  bool replace(const std::string& tenant, Value value, const lifetime& life, steady_time now) {
    const auto number = ++numbers_;
    const auto at = look_up(tenant);
    if (at == held_.end() || now > at->life.expires_at) return false;
    *at = {tenant, value, life, number};
    ++generations_[tenant];
    return true;
  }

  bool invalidate(const std::string& tenant) {
    ++generations_[tenant];
    const auto at = look_up(tenant);
    if (at == held_.end()) return false;
    held_.erase(at);
    return true;
  }
  void invalidate() {
    ++epoch_;
    held_.clear();
  }
  std::uint64_t mark_stale(const std::string& tenant) {
    const auto at = look_up(tenant);
    if (at == held_.end()) return 0;
    at->marked = true;
    at->postponed.reset();
    return at->number;
  }
  void postpone_refresh(const std::string& tenant, std::uint64_t number, steady_time until) {
    const auto at = look_up(tenant);
    if (at != held_.end() && at->number == number) at->postponed = std::min(until, at->life.expires_at);
  }
  std::size_t purge_expired(steady_time now) {
    return std::erase_if(held_, [now](const entry& each) { return now > each.life.gone_at; });
  }

  std::vector<std::string> tenants(steady_time now) const {
    std::vector<std::string> names;
    for (const auto& each : held_) {
      if (now <= each.life.expires_at) names.push_back(each.tenant);
    }
    std::ranges::sort(names);
    return names;
  }
  std::optional<steady_time> next_expiry() const {
    const auto first = std::ranges::min_element(held_, {}, [](const entry& each) { return each.life.gone_at; });
    if (first == held_.end() || first->life.gone_at == steady_time::max()) return std::nullopt;
    return first->life.gone_at;
  }
  std::size_t size() const noexcept { return held_.size(); }

 private:
  auto look_up(const std::string& tenant) { return std::ranges::find(held_, tenant, &entry::tenant); }

  const std::size_t size_;
  std::list<entry> held_;  ///< least recently used first
  std::map<std::string, std::uint64_t> generations_;
  std::uint64_t epoch_ = 0;
  std::uint64_t numbers_ = 0;
};

}  // namespace tenon::testing
