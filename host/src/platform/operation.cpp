#include "platform/operation.hpp"

#include <algorithm>
#include <utility>

namespace tenon {

tenon_op operation_table::insert(operation_ptr opened) {
  const std::lock_guard lock(mutex_);
  if (open_.size() >= limit_) return 0;
  open_.emplace(++last_, std::move(opened));
  return last_;
}

operation_ptr operation_table::find(tenon_op id) const {
  const std::lock_guard lock(mutex_);
  const auto at = open_.find(id);
  return at == open_.end() ? nullptr : at->second;
}

operation_ptr operation_table::take(tenon_op id) {
  const std::lock_guard lock(mutex_);
  const auto at = open_.find(id);
  if (at == open_.end()) return nullptr;
  auto taken = std::move(at->second);
  open_.erase(at);
  return taken;
}

std::size_t operation_table::size() const {
  const std::lock_guard lock(mutex_);
  return open_.size();
}

std::vector<operation_table::entry> operation_table::all() const {
  std::vector<entry> result;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, held] : open_) result.push_back({id, held});
  return result;
}

std::vector<operation_table::entry> operation_table::take_all() {
  std::unordered_map<tenon_op, operation_ptr> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(open_);
  }
  std::vector<entry> result;
  for (auto& [id, held] : taken) result.push_back({id, std::move(held)});
  std::ranges::sort(result, {}, &entry::id);
  return result;
}

}  // namespace tenon
