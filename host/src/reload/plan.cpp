#include "reload/plan.hpp"

#include <set>
#include <utility>

namespace tenon {
namespace {

std::string text_of(const error& value) {
  return value.operator_detail.empty() ? value.message : value.operator_detail;
}

/// The deployment that the configuration asks for, or one that carries why it cannot be.
std::shared_ptr<const deployment> wanted_deployment(const std::shared_ptr<const tenant_entry>& entry,
                                                    const pinned_plugins& plugins, const crash_findings& crashes) {
  deployment made{.entry = entry, .image = nullptr};
  // Switching a tenant off always works, whatever has become of its plugin.
  if (!entry->enabled) return std::make_shared<const deployment>(std::move(made));
  const auto& image = plugins.at(entry->plugin);
  if (!image) {
    made.refusal = account_misconfigured(text_of(image.error()));
  } else {
    made.image = *image;
    made.refusal = check_deployment(*entry, (*image)->manifest);
    if (auto died = crashes.against(entry->name, (*image)->content_hash)) made.refusal = account_misconfigured(*died);
    if (made.refusal) made.image = nullptr;
  }
  return std::make_shared<const deployment>(std::move(made));
}

bool same_bytes(const deployment& left, const deployment& right) {
  return left.image && right.image && left.image->content_hash == right.image->content_hash &&
         left.image->name == right.image->name;
}

/// Nothing if the tenant stays exactly as it is.
std::optional<planned_change> change_of(const std::string& tenant, const std::shared_ptr<const deployment>& old,
                                        std::shared_ptr<const deployment> next) {
  planned_change planned{.change = {.tenant = tenant}, .next = std::move(next)};
  if (!old) {
    planned.change.what = tenant_change::kind::added;
    if (planned.next->refusal) {
      planned.change.applied = false;
      planned.change.reason = text_of(*planned.next->refusal);
    }
    return planned;
  }
  const bool same_entry = old->entry->same_as(*planned.next->entry);
  planned.change.what = same_entry ? tenant_change::kind::plugin : tenant_change::kind::settings;
  if (planned.next->refusal) {
    planned.change.applied = false;
    planned.change.reason = text_of(*planned.next->refusal);
    if (!old->refusal) planned.next = old;  // what works stays
    return planned;
  }
  if (same_entry && (!old->entry->enabled || same_bytes(*old, *planned.next))) return std::nullopt;
  return planned;
}

std::string findings_about(const catalog& wanted, const std::string& tenant) {
  std::string text;
  for (const auto& finding : wanted.diagnostics) {
    if (finding.tenant != tenant || !finding.fatal) continue;
    if (!text.empty()) text += "; ";
    text += finding.to_string();
  }
  return text;
}

/// A tenant whose table is there but broken: it keeps its last good deployment, or gets one that says why there is
/// none.
planned_change broken_change(const std::string& tenant, const std::shared_ptr<const deployment>& old,
                             const catalog& wanted) {
  auto reason = findings_about(wanted, tenant);
  planned_change planned{.change = {.tenant = tenant,
                                    .what = old ? tenant_change::kind::settings : tenant_change::kind::added,
                                    .applied = false,
                                    .reason = reason},
                         .next = old};
  if (old && !old->refusal) return planned;
  auto entry = std::make_shared<tenant_entry>();
  entry->name = tenant;
  planned.next = std::make_shared<const deployment>(
      deployment{.entry = std::move(entry), .image = nullptr, .refusal = account_misconfigured(std::move(reason))});
  return planned;
}

}  // namespace

reload_plan make_plan(const deployment_map& now, const catalog& wanted, const pinned_plugins& plugins,
                      const crash_findings& crashes) {
  std::map<std::string, std::optional<planned_change>, std::less<>> by_tenant;
  const auto current = [&now](const std::string& tenant) {
    const auto at = now.find(tenant);
    return at == now.end() ? nullptr : at->second;
  };
  for (const auto& [tenant, entry] : wanted.tenants) {
    by_tenant[tenant] = change_of(tenant, current(tenant), wanted_deployment(entry, plugins, crashes));
  }
  for (const auto& tenant : wanted.broken) by_tenant[tenant] = broken_change(tenant, current(tenant), wanted);
  for (const auto& [tenant, old] : now) {
    if (by_tenant.contains(tenant)) continue;
    by_tenant[tenant] =
        planned_change{.change = {.tenant = tenant, .what = tenant_change::kind::removed}, .next = nullptr};
  }
  reload_plan plan;
  for (auto& [tenant, change] : by_tenant) {
    if (change)
      plan.changes.push_back(std::move(*change));
    else
      plan.unchanged.push_back(tenant);
  }
  return plan;
}

}  // namespace tenon
