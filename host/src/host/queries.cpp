#include "host/state.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace tenon {
namespace {

/// What serves the tenant, or why nothing can.
result<std::shared_ptr<const deployment>> serving(const deployment_table& table, const std::string& tenant,
                                                  const std::string& principal) {
  auto found = table.find(tenant);
  if (!found || !found->entry->enabled) return tenant_not_found("no enabled tenant \"" + tenant + "\" in the catalog");
  const auto& allowed = found->entry->principals;
  if (!allowed.empty() && std::ranges::find(allowed, principal) == allowed.end()) {
    return tenant_not_found("principal \"" + principal + "\" is not one of tenant " + tenant);
  }
  if (found->refusal) return *found->refusal;
  return found;
}

tenant_status status_of(const std::string& tenant, const deployment& what, bool cached, const build_ledger& ledger) {
  const auto line = ledger.find(tenant);
  tenant_status status{.tenant = tenant, .plugin = what.entry->plugin, .cached = cached, .last_error = line.last_error};
  if (what.refusal && status.last_error.empty()) status.last_error = what.refusal->operator_detail;
  if (what.image) {
    status.plugin_version = what.image->manifest.version;
    status.content_hash = what.image->content_hash;
  }
  if (const auto platform = line.platform.lock(); cached && platform) {
    status.instance = platform->instance();
    status.served_version = platform->image().manifest.version;
  }
  return status;
}

}  // namespace

result<std::vector<std::string>> host::tasks_of(const std::string& tenant, const std::string& principal) const {
  const auto found = serving(*state_->deployments, tenant, principal);
  if (!found) return found.error();
  std::vector<std::string> names;
  for (const auto& task : (*found)->image->manifest.tasks) names.push_back(task.name);
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> host::tasks() const {
  std::set<const plugin_image*> seen;
  std::set<std::string> names;
  for (const auto& [tenant, what] : state_->deployments->all()) {
    if (!what->image || !what->entry->enabled || !seen.insert(what->image.get()).second) continue;
    for (const auto& task : what->image->manifest.tasks) names.insert(task.name);
  }
  return {names.begin(), names.end()};
}

result<std::vector<std::string>> host::specialisms_of(const std::string& tenant, const std::string& principal) const {
  const auto found = serving(*state_->deployments, tenant, principal);
  if (!found) return found.error();
  return (*found)->entry->specialisms;
}

std::optional<std::string> host::tenant_for_host(std::string_view host_header) const {
  return state_->directory->tenant_for_host(host_header);
}

bool host::has_tenant(const std::string& tenant) const {
  const auto found = state_->deployments->find(tenant);
  return found && found->entry->enabled;
}

host_status host::status() const {
  host_status status;
  const auto cached = state_->router->cached_tenants();
  for (const auto& [tenant, what] : state_->deployments->all()) {
    status.tenants.push_back(
        status_of(tenant, *what, std::ranges::binary_search(cached, tenant), *state_->ledger));
  }
  status.libraries = state_->loader->status();
  status.libraries_closed = state_->loader->closed();
  return status;
}

std::vector<diagnostic> host::diagnostics() const {
  const std::lock_guard lock(state_->mutex);
  return state_->findings;
}

std::vector<diagnostic> check_configuration(const std::filesystem::path& config) {
  auto findings = check_catalog(config);
  const auto read = read_catalog(config);
  if (!read) return findings;
  std::map<std::string, result<manifest>> plugins;
  for (const auto& [tenant, entry] : (*read)->tenants) {
    if (!entry->enabled) continue;
    auto at = plugins.find(entry->plugin);
    if (at == plugins.end()) {
      const auto file = open_candidate((*read)->host.plugin_dirs, entry->plugin);
      at = plugins.emplace(entry->plugin, file ? check_candidate(*file) : result<manifest>(file.error())).first;
    }
    const auto refusal = at->second ? check_deployment(*entry, *at->second) : std::optional<error>(at->second.error());
    if (!refusal) continue;
    findings.push_back({.fatal = true,
                        .tenant = tenant,
                        .file = entry->place.file,
                        .line = entry->place.line,
                        .message = refusal->operator_detail});
  }
  return findings;
}

}  // namespace tenon
