#include "reload/pinning.hpp"

#include <set>

namespace tenon {

pinned_plugins pin_plugins(const catalog& tenants, admission& admitting,
                           const std::function<bool(const tenant_entry&)>& counts) {
  std::set<std::string> names;
  for (const auto& [tenant, entry] : tenants.tenants) {
    if (!counts || counts(*entry)) names.insert(entry->plugin);
  }
  pinned_plugins pinned;
  for (const auto& name : names) pinned.emplace(name, admitting.admit(tenants, name));
  return pinned;
}

}  // namespace tenon
