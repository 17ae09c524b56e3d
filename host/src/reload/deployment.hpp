#pragma once

#include "catalog/catalog.hpp"
#include "plugin/image.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace tenon {

/// What serves one tenant: its catalog entry and the plugin bytes pinned for it. Immutable.
///
/// The bytes are pinned when the configuration is (re)loaded, not when the platform is built: a dropped file changes
/// nobody, and two tenants built an hour apart run the same code.
struct deployment {
  std::shared_ptr<const tenant_entry> entry;
  std::shared_ptr<const plugin_image> image;  ///< null if `refusal` is set
  std::optional<error> refusal = {};          ///< why no platform can be built; for an operator, in operator_detail
  bool refused_plugin = false;                ///< it is about the plugin, not about the tenant's table
};

using deployment_map = std::map<std::string, std::shared_ptr<const deployment>, std::less<>>;

/// The tenant's deployment in force, by tenant.
///
/// Threads     Any, concurrently.
/// Cost        A look-up: one lock, one search, one reference count.
class deployment_table {
 public:
  /// Null if there is no such tenant.
  std::shared_ptr<const deployment> find(const std::string& tenant) const;

  /// A snapshot of all.
  deployment_map all() const;

  void put(const std::string& tenant, std::shared_ptr<const deployment> next);
  void erase(const std::string& tenant);
  void assign(deployment_map all);

 private:
  mutable std::mutex mutex_;
  deployment_map by_tenant_;
};

/// Whether a tenant can be served from an image: its settings fit the manifest's schema, the plugin has the tasks of
/// every specialism that the tenant claims, and it offers these specialisms. Nothing, or a CONFIGURATION_ERROR with
/// every finding.
std::optional<error> check_deployment(const tenant_entry& entry, const manifest& plugin);

/// The same, each finding by itself, with the line of the setting or list that it is about.
std::vector<diagnostic> deployment_findings(const tenant_entry& entry, const manifest& plugin);

}  // namespace tenon
