#include "catalog/catalog.hpp"

#include "catalog/account_name.hpp"

#include <algorithm>

namespace tenon {

std::string diagnostic::to_string() const {
  std::string text = file;
  if (line > 0) text += ':' + std::to_string(line);
  if (!text.empty()) text += ": ";
  return text + (fatal ? "error: " : "warning: ") + message;
}

bool plugin_policy::same_as(const plugin_policy& other) const {
  return sha256 == other.sha256 && allow_imports == other.allow_imports && allow_resident == other.allow_resident;
}

bool tenant_entry::takes_unlisted(const account_reference& reference) const {
  if (reference.empty()) return false;
  if (sandbox) return true;
  return implicit_accounts && !natural_account_id(natural_reference(reference)).empty();
}

bool tenant_entry::same_as(const tenant_entry& other) const {
  return name == other.name && plugin == other.plugin && policy.same_as(other.policy) && isolate == other.isolate &&
         enabled == other.enabled && sandbox == other.sandbox && implicit_accounts == other.implicit_accounts &&
         accounts == other.accounts && hosts == other.hosts &&
         principals == other.principals && specialisms == other.specialisms && settings == other.settings &&
         secrets == other.secrets;
}

bool tenant_entry::same_upkeep(const tenant_entry& other) const {
  return limits == other.limits && warm_up == other.warm_up && policy.hold == other.policy.hold;
}

config_place tenant_entry::place_of(std::string name) const {
  while (!name.empty()) {
    if (const auto at = lines.find(name); at != lines.end()) return {place.file, at->second};
    const auto last = name.find_last_of(".[");
    name.resize(last == std::string::npos ? 0 : last);
  }
  return place;
}

plugin_policy catalog::policy_of(std::string_view plugin) const {
  const auto at = plugins.find(plugin);
  return at == plugins.end() ? plugin_policy{} : at->second;
}

catalog_difference compare(const catalog& before, const catalog& after) {
  catalog_difference difference;
  for (const auto& [name, entry] : before.tenants) {
    const auto now = after.tenants.find(name);
    if (now != after.tenants.end()) {
      if (!entry->same_as(*now->second) || !entry->same_upkeep(*now->second)) difference.changed.push_back(name);
    } else if (!std::ranges::binary_search(after.broken, name)) {
      difference.removed.push_back(name);
    }
  }
  for (const auto& [name, entry] : after.tenants) {
    if (!before.tenants.contains(name)) difference.added.push_back(name);
  }
  return difference;
}

}  // namespace tenon
