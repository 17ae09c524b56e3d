#include "reload/rollout_book.hpp"

#include <utility>

namespace tenon {

void rollout_book::begin(const std::string& plugin, image fresh, std::map<std::string, image> had) {
  const std::lock_guard lock(mutex_);
  pages_.insert_or_assign(plugin, page{.fresh = std::move(fresh), .had = std::move(had), .moved = {}});
}

void rollout_book::move(const std::string& plugin, const std::vector<std::string>& tenants) {
  const std::lock_guard lock(mutex_);
  pages_.at(plugin).moved.insert(tenants.begin(), tenants.end());
}

void rollout_book::roll_back(const std::string& plugin) {
  const std::lock_guard lock(mutex_);
  pages_.at(plugin).moved.clear();
}

void rollout_book::end(const std::string& plugin) {
  const std::lock_guard lock(mutex_);
  const auto at = pages_.find(plugin);
  if (at == pages_.end()) return;
  at->second.running = false;
  if (!at->second.moved.empty()) pages_.erase(at);
}

void rollout_book::release(const std::string& plugin) {
  const std::lock_guard lock(mutex_);
  const auto at = pages_.find(plugin);
  if (at != pages_.end() && !at->second.running) pages_.erase(at);
}

rollout_book::image rollout_book::instead_of(const image& offered, const tenant_entry& wanted,
                                             const deployment* now) const {
  const std::lock_guard lock(mutex_);
  const auto at = pages_.find(wanted.plugin);
  if (at == pages_.end()) return nullptr;
  const auto& page = at->second;
  if (page.running && page.moved.contains(wanted.name)) return page.fresh;
  const bool rejected = offered && offered->content_hash == page.fresh->content_hash;
  if (!page.running && !rejected) return nullptr;
  const auto had = page.had.find(wanted.name);
  if (had != page.had.end()) return had->second;
  if (now != nullptr && now->image && now->image->name == wanted.plugin) return now->image;
  // New here, or from another plugin: as the others.
  return page.had.empty() ? nullptr : page.had.begin()->second;
}

bool rollout_book::rolls_out(const std::string& plugin) const {
  const std::lock_guard lock(mutex_);
  const auto at = pages_.find(plugin);
  return at != pages_.end() && at->second.running;
}

}  // namespace tenon
