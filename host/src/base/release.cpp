#include "base/release.hpp"

#include <algorithm>

namespace tenon::release {
namespace {

template <class Entry>
const Entry* find(std::span<const Entry> table, std::string_view name) noexcept {
  const auto at = std::ranges::lower_bound(table, name, {}, &Entry::name);
  return at != table.end() && at->name == name ? &*at : nullptr;
}

}  // namespace

const task_info* find_task(std::string_view name) noexcept { return find(tasks(), name); }

const specialism_info* find_specialism(std::string_view name) noexcept { return find(specialisms(), name); }

recovery recovery_of(std::string_view code) noexcept {
  if (const auto* known = find(codes(), code)) return known->recover;
  return code == "INTERNAL_ERROR" || code == "CONFIGURATION_ERROR" ? recovery::terminal : recovery::transient;
}

}  // namespace tenon::release
