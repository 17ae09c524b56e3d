#include "reload/pinning.hpp"

#include <set>

namespace tenon {
namespace {

result<std::shared_ptr<const plugin_image>> pin(const catalog& tenants, plugin_store& store, const std::string& name) {
  auto file = open_candidate(tenants.host.plugin_dirs, name);
  if (!file) return file.error();
  return store.put(*file);
}

}  // namespace

pinned_plugins pin_plugins(const catalog& tenants, plugin_store& store) {
  std::set<std::string> names;
  for (const auto& [tenant, entry] : tenants.tenants) names.insert(entry->plugin);
  pinned_plugins pinned;
  for (const auto& name : names) pinned.emplace(name, pin(tenants, store, name));
  return pinned;
}

}  // namespace tenon
