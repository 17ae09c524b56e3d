#include "reload/deployment.hpp"

#include "base/release.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tenon {
namespace {

// Tasks of a specialism that the server answers itself, from its account store.
constexpr std::array<std::string_view, 3> served_by_host = {"list_accounts", "sync_accounts", "sync_governance"};

void check_specialism(const std::string& name, const manifest& plugin, std::vector<std::string>& findings) {
  if (std::ranges::find(plugin.specialisms, name) == plugin.specialisms.end()) {
    findings.push_back("specialisms: expected one that plugin " + plugin.id + " offers, found \"" + name +
                       "\"; remove it or choose another plugin");
    return;
  }
  const auto* known = release::find_specialism(name);
  if (known == nullptr) return;  // the catalog has refused it already
  for (const auto task : known->entry_tasks) {
    if (std::ranges::find(served_by_host, task) != served_by_host.end() || plugin.find_task(task)) continue;
    findings.push_back("specialisms: \"" + name + "\" needs the task " + std::string(task) + ", which plugin " +
                       plugin.id + " " + plugin.version + " does not implement");
  }
}

}  // namespace

std::shared_ptr<const deployment> deployment_table::find(const std::string& tenant) const {
  const std::lock_guard lock(mutex_);
  const auto at = by_tenant_.find(tenant);
  return at == by_tenant_.end() ? nullptr : at->second;
}

deployment_map deployment_table::all() const {
  const std::lock_guard lock(mutex_);
  return by_tenant_;
}

void deployment_table::put(const std::string& tenant, std::shared_ptr<const deployment> next) {
  const std::lock_guard lock(mutex_);
  std::swap(by_tenant_[tenant], next);  // the old one dies outside, with the argument
}

void deployment_table::erase(const std::string& tenant) {
  deployment_map::node_type gone;
  const std::lock_guard lock(mutex_);
  gone = by_tenant_.extract(tenant);
}

void deployment_table::assign(deployment_map all) {
  const std::lock_guard lock(mutex_);
  by_tenant_.swap(all);
}

std::vector<diagnostic> deployment_findings(const tenant_entry& entry, const manifest& plugin) {
  auto findings = check_settings(plugin.settings_schema, entry.settings);
  for (const auto& name : entry.specialisms) check_specialism(name, plugin, findings);
  std::vector<diagnostic> made;
  for (auto& finding : findings) {
    const auto place = entry.place_of(finding.substr(0, finding.find(':')));
    made.push_back({.tenant = entry.name, .file = place.file, .line = place.line, .message = std::move(finding)});
  }
  return made;
}

std::optional<error> check_deployment(const tenant_entry& entry, const manifest& plugin) {
  std::string detail;
  for (const auto& finding : deployment_findings(entry, plugin)) {
    detail += (detail.empty() ? "" : "; ") + finding.to_string();
  }
  if (detail.empty()) return std::nullopt;
  detail += " (plugin " + plugin.id + " " + plugin.version + ")";
  return account_misconfigured(std::move(detail));
}

}  // namespace tenon
