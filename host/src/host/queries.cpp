#include "host/metrics.hpp"
#include "host/state.hpp"

#include <spdlog/sinks/null_sink.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <system_error>

#include <stdlib.h>

namespace tenon {
namespace {

/// What serves the tenant, or why nothing can.
result<std::shared_ptr<const deployment>> serving(const deployment_table& table, const std::string& tenant,
                                                  const std::string& principal) {
  auto found = table.find(tenant);
  if (!found || !found->entry->enabled) return tenant_not_found("no enabled tenant \"" + tenant + "\" in the catalog");
  if (auto refused = refuse_stranger(*found->entry, principal)) return *std::move(refused);
  if (found->refusal) return *found->refusal;
  return found;
}

tenant_state state_of(const deployment& what, bool cached, const build_ledger::line& line, const tenant_calls& calls) {
  if (!what.entry->enabled) return tenant_state::disabled;
  if (what.refusal) return tenant_state::failed;
  const bool refuses = calls.state != tenant_calls::breaker::closed;
  if (cached) return line.in_trouble() || refuses ? tenant_state::degraded : tenant_state::healthy;
  if (!line.last_error.empty()) return tenant_state::failed;
  return line.kept_back.empty() ? tenant_state::pending : tenant_state::degraded;
}

/// `serves`: null if the tenant is not cached.
tenant_status status_of(const std::string& tenant, const deployment& what, const plugin_platform* serves,
                        const build_ledger& ledger, const tenant_calls& calls) {
  const bool cached = serves != nullptr;
  const auto line = ledger.find(tenant);
  tenant_status status{.tenant = tenant, .plugin = what.entry->plugin, .cached = cached, .last_error = line.kept_back};
  if (status.last_error.empty()) status.last_error = line.last_error;
  if (what.refusal && status.last_error.empty()) status.last_error = what.refusal->operator_detail;
  if (status.last_error.empty() && calls.state != tenant_calls::breaker::closed)
    status.last_error = "most of its calls failed, and they are refused for a while (limits.breaker)";
  status.calls = calls;
  status.state = state_of(what, cached, line, calls);
  status.since = line.since;
  if (what.image) {
    status.plugin_version = what.image->manifest.version;
    status.content_hash = what.image->content_hash;
  }
  if (serves != nullptr) {
    status.instance = serves->instance();
    status.served_version = serves->image().manifest.version;
  }
  return status;
}

/// A store for one check, beside nobody's: it goes with what is in it. The host's own may belong to another user.
class private_place {
 public:
  /// Beside the store, where the host would run it; /tmp may be mounted noexec.
  explicit private_place(const std::filesystem::path& store) {
    std::error_code code;
    for (const auto& parent : {store.parent_path(), std::filesystem::temp_directory_path(code)}) {
      auto pattern = (parent / "tenon-check-XXXXXX").string();
      if (!::mkdtemp(pattern.data())) continue;
      path_ = pattern;
      return;
    }
  }
  private_place(const private_place&) = delete;
  private_place& operator=(const private_place&) = delete;
  ~private_place() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

  result<std::shared_ptr<tenon::admission>> admission(const std::filesystem::path& canary) const {
    auto store = plugin_store::open(path_);
    if (!store) return store.error();
    auto quiet = std::make_shared<spdlog::logger>("check", std::make_shared<spdlog::sinks::null_sink_st>());
    return tenon::admission::make(std::move(*store), canary, std::move(quiet));
  }

 private:
  std::filesystem::path path_;
};

result<manifest> manifest_of(const result<std::shared_ptr<admission>>& by, const catalog& tenants,
                             const std::string& plugin) {
  if (!by) return by.error();
  const auto admitted = (*by)->admit(tenants, plugin);
  if (!admitted) return admitted.error();
  return (*admitted)->manifest;
}

}  // namespace

std::string_view to_string(tenant_state value) noexcept {
  switch (value) {
    case tenant_state::pending: return "pending";
    case tenant_state::healthy: return "healthy";
    case tenant_state::degraded: return "degraded";
    case tenant_state::failed: return "failed";
    case tenant_state::disabled: return "disabled";
  }
  return "pending";
}

std::string_view to_string(tenant_calls::breaker value) noexcept {
  switch (value) {
    case tenant_calls::breaker::closed: return "closed";
    case tenant_calls::breaker::open: return "open";
    case tenant_calls::breaker::half_open: return "half open";
  }
  return "closed";
}

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

result<std::vector<std::string>> host::features_of(const std::string& tenant, const std::string& principal) const {
  const auto found = serving(*state_->deployments, tenant, principal);
  if (!found) return found.error();
  return (*found)->image->manifest.features;
}

std::filesystem::path host::state_dir() const { return state_->state_dir; }

result<account> host::account_of(call_target target, std::string principal) const {
  std::optional<result<account>> found;  // the directory answers at once
  state_->directory->resolve(std::move(target), std::move(principal),
                             [&found](result<account> outcome) { found = std::move(outcome); });
  return found ? *std::move(found) : tenant_not_found("the directory did not answer");
}

result<tenant_accounts> host::accounts_of(const std::string& tenant, const std::string& principal) const {
  const auto found = state_->deployments->find(tenant);
  if (!found || !found->entry->enabled) return tenant_not_found("no enabled tenant \"" + tenant + "\" in the catalog");
  if (auto refused = refuse_stranger(*found->entry, principal)) return *std::move(refused);
  return tenant_accounts{.sandbox = found->entry->sandbox,
                         .implicit = found->entry->implicit_accounts || found->entry->sandbox,
                         .named_principals = !found->entry->principals.empty(),
                         .listed = found->entry->accounts};
}

std::optional<std::string> host::tenant_for_host(std::string_view host_header) const {
  return state_->directory->tenant_for_host(host_header);
}

bool host::has_tenant(const std::string& tenant) const {
  const auto found = state_->deployments->find(tenant);
  return found && found->entry->enabled;
}

bool host::ready() const {
  const auto so_far = state_->warming->status();
  return so_far.built + so_far.failed >= state_->warmed_at_start;
}

host_status host::status() const {
  host_status status;
  for (const auto& [tenant, what] : state_->deployments->all()) {
    const auto serves = std::dynamic_pointer_cast<plugin_platform>(state_->router->peek_platform(tenant));
    const auto calls = state_->limits->status_of(tenant);
    status.tenants.push_back(status_of(tenant, *what, serves.get(), *state_->ledger, calls));
  }
  status.libraries = state_->loader->status();
  status.libraries_closed = state_->loader->closed();
  status.cache = state_->router->cache();
  status.reloads = state_->reloader->counts();
  status.rollouts = state_->rollouts->status();
  status.warm_up = state_->warming->status();
  status.blocking = state_->tenant_pool->status();
  return status;
}

std::string host::metrics() const { return to_prometheus(status()); }

std::vector<diagnostic> host::diagnostics() const {
  const std::lock_guard lock(state_->mutex);
  return state_->findings;
}

std::vector<diagnostic> check_configuration(const std::filesystem::path& config, const std::filesystem::path& canary) {
  auto findings = check_catalog(config);
  const auto read = read_catalog(config);
  if (!read) return findings;
  findings = (*read)->diagnostics;
  if ((*read)->host.canary == "off") {
    findings.push_back({.file = config.string(),
                        .message = "host.canary: \"off\", so plugins were not tried out; the host "
                                   "will not do it either"});
  }
  const private_place place((*read)->host.store_dir);
  const auto admitting = place.admission(canary);
  std::map<std::string, result<manifest>> plugins;
  for (const auto& [tenant, entry] : (*read)->tenants) {
    if (!entry->enabled) continue;
    auto at = plugins.find(entry->plugin);
    if (at == plugins.end()) at = plugins.emplace(entry->plugin, manifest_of(admitting, **read, entry->plugin)).first;
    if (at->second) {
      std::ranges::move(deployment_findings(*entry, *at->second), std::back_inserter(findings));
      continue;
    }
    findings.push_back({.fatal = true,
                        .tenant = tenant,
                        .file = entry->place.file,
                        .line = entry->place.line,
                        .message = at->second.error().operator_detail});
  }
  return findings;
}

}  // namespace tenon
