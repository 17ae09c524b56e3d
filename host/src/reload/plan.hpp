#pragma once

#include "plugin/crash_finding.hpp"
#include "reload/deployment.hpp"
#include "reload/pinning.hpp"

#include <tenon/reload.hpp>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace tenon {

/// What a reload means for one tenant.
struct planned_change {
  tenant_change change;                    ///< `applied` is false if the old deployment has to stay
  std::shared_ptr<const deployment> next;  ///< what comes into force if it is applied; null for a removed tenant
  bool same_platform = false;              ///< what a platform is built from is the same
};

struct reload_plan {
  std::vector<planned_change> changes;  ///< sorted by tenant, without the unchanged
  std::vector<std::string> unchanged;   ///< sorted
};

/// What a plan is about.
struct plan_focus {
  std::vector<reload_request> requests = {};  ///< none: whatever changed
  std::set<std::string> other_secrets = {};   ///< tenants whose secrets are not what their platforms were built from

  /// Whether the plan has anything to say of a tenant, as it is and as it is wanted; either may be null.
  bool includes(const tenant_entry* now, const tenant_entry* wanted) const;
};

/// The bytes that a tenant is to have instead of those offered by the plugin directory (null if refused there); null:
/// those. `now`: what it has; null: nothing.
using image_choice = std::function<std::shared_ptr<const plugin_image>(
    const std::shared_ptr<const plugin_image>& offered, const tenant_entry& wanted, const deployment* now)>;

/// Whether a request is about a tenant, as it is or as it is wanted; either may be null.
bool is_about(const reload_request& request, const tenant_entry* now, const tenant_entry* wanted);

/// Compares what serves now with what the configuration wants. A pure function of values.
///
/// Tenants that no request of the focus is about are in neither list. Those that one names move even if nothing
/// changed.
///
/// A tenant whose new table is broken, whose plugin was refused or ended a process while it worked for this tenant, or
/// whose settings do not fit keeps the deployment it has; a new one gets a deployment that only carries the refusal, so
/// that its first request says CONFIGURATION_ERROR and not "no such account".
reload_plan make_plan(const deployment_map& now, const catalog& wanted, const pinned_plugins& plugins,
                      const crash_findings& crashes, const plan_focus& focus = {}, const image_choice& choose = {});

}  // namespace tenon
