#include "reload/plan.hpp"

#include "base/operator_text.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace tenon {
namespace {

/// The deployment that the configuration asks for, or one that carries why it cannot be.
std::shared_ptr<const deployment> wanted_deployment(const std::shared_ptr<const tenant_entry>& entry,
                                                    const deployment* now, const pinned_plugins& plugins,
                                                    const crash_findings& crashes, const image_choice& choose) {
  deployment made{.entry = entry, .image = nullptr};
  // Switching a tenant off always works, whatever has become of its plugin.
  if (!entry->enabled) return std::make_shared<const deployment>(std::move(made));
  auto image = plugins.at(entry->plugin);
  if (choose) {
    if (auto other = choose(image ? *image : nullptr, *entry, now)) image = std::move(other);
  }
  if (!image) {
    made.refusal = account_misconfigured(operator_text(image.error()));
    made.refused_plugin = true;
  } else {
    made.image = *image;
    made.refusal = check_deployment(*entry, (*image)->manifest);
    if (auto died = crashes.against(entry->name, (*image)->content_hash)) {
      made.refusal = account_misconfigured(*died);
      made.refused_plugin = true;
    }
    if (made.refusal) made.image = nullptr;
  }
  return std::make_shared<const deployment>(std::move(made));
}

bool same_bytes(const deployment& left, const deployment& right) {
  return left.image && right.image && left.image->content_hash == right.image->content_hash &&
         left.image->name == right.image->name;
}

void keep_back(tenant_change& change, const deployment& refused) {
  change.applied = false;
  change.step = refused.refused_plugin ? "plugin" : "settings";
  change.reason = operator_text(*refused.refusal);
}

/// Nothing if the tenant stays exactly as it is.
std::optional<planned_change> change_of(const std::string& tenant, const std::shared_ptr<const deployment>& old,
                                        std::shared_ptr<const deployment> next) {
  planned_change planned{.change = {.tenant = tenant}, .next = std::move(next)};
  if (!old) {
    planned.change.what = tenant_change::kind::added;
    if (planned.next->refusal) keep_back(planned.change, *planned.next);
    return planned;
  }
  const bool same_entry = old->entry->same_as(*planned.next->entry);
  planned.change.what = same_entry ? tenant_change::kind::plugin : tenant_change::kind::settings;
  if (planned.next->refusal) {
    keep_back(planned.change, *planned.next);
    if (!old->refusal) planned.next = old;  // what works stays
    return planned;
  }
  if (same_entry && (!old->entry->enabled || same_bytes(*old, *planned.next))) {
    if (old->entry->same_upkeep(*planned.next->entry)) return std::nullopt;
    planned.change.what = tenant_change::kind::limits;
    planned.same_platform = true;
  }
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
                                    .step = "configuration",
                                    .reason = reason},
                         .next = old};
  if (old && !old->refusal) return planned;
  auto entry = std::make_shared<tenant_entry>();
  entry->name = tenant;
  planned.next = std::make_shared<const deployment>(
      deployment{.entry = std::move(entry), .image = nullptr, .refusal = account_misconfigured(std::move(reason))});
  return planned;
}

/// One of the requests that asks for more than what changed.
bool insists(const plan_focus& focus, const tenant_entry* now, const tenant_entry* wanted) {
  return std::ranges::any_of(focus.requests, [&](const reload_request& each) {
    return each.about != reload_request::scope::changed && is_about(each, now, wanted);
  });
}

bool has_secret_in(const tenant_entry& entry, const std::filesystem::path& file) {
  return std::ranges::any_of(entry.secrets, [&file](const auto& each) {
    return each.second.from == secret_source::kind::file &&
           std::filesystem::path(each.second.where).lexically_normal() == file.lexically_normal();
  });
}

/// What the plan has for a tenant that is in order and whose table and bytes are the same.
std::optional<planned_change> change_anyway(const std::string& tenant, const deployment& old,
                                            std::shared_ptr<const deployment> next, const plan_focus& focus) {
  if (!old.entry->enabled || old.refusal || next->refusal) return std::nullopt;
  const bool other_secrets = focus.other_secrets.contains(tenant);
  if (!other_secrets && !insists(focus, old.entry.get(), next->entry.get())) return std::nullopt;
  return planned_change{
      .change = {.tenant = tenant, .what = other_secrets ? tenant_change::kind::secret : tenant_change::kind::asked},
      .next = std::move(next)};
}

}  // namespace

bool is_about(const reload_request& request, const tenant_entry* now, const tenant_entry* wanted) {
  const auto either = [&](auto holds) {
    return (now != nullptr && holds(*now)) || (wanted != nullptr && holds(*wanted));
  };
  switch (request.about) {
    case reload_request::scope::changed:
    case reload_request::scope::all: return true;
    case reload_request::scope::tenant: return either([&](const tenant_entry& of) { return of.name == request.name; });
    case reload_request::scope::plugin:
      return either([&](const tenant_entry& of) { return of.plugin == request.name; });
    case reload_request::scope::secret:
      return either([&](const tenant_entry& of) { return has_secret_in(of, request.name); });
  }
  return false;
}

bool plan_focus::includes(const tenant_entry* now, const tenant_entry* wanted) const {
  return requests.empty() ||
         std::ranges::any_of(requests, [&](const reload_request& each) { return is_about(each, now, wanted); });
}

reload_plan make_plan(const deployment_map& now, const catalog& wanted, const pinned_plugins& plugins,
                      const crash_findings& crashes, const plan_focus& focus, const image_choice& choose) {
  std::map<std::string, std::optional<planned_change>, std::less<>> by_tenant;
  const auto current = [&now](const std::string& tenant) {
    const auto at = now.find(tenant);
    return at == now.end() ? nullptr : at->second;
  };
  const auto included = [&](const std::shared_ptr<const deployment>& old, const tenant_entry* next) {
    return focus.includes(old ? old->entry.get() : nullptr, next);
  };
  for (const auto& [tenant, entry] : wanted.tenants) {
    const auto old = current(tenant);
    if (!included(old, entry.get())) continue;
    auto next = wanted_deployment(entry, old.get(), plugins, crashes, choose);
    auto change = change_of(tenant, old, next);
    if (old && (!change || change->same_platform)) {
      if (auto anyway = change_anyway(tenant, *old, std::move(next), focus)) change = std::move(anyway);
    }
    by_tenant[tenant] = std::move(change);
  }
  for (const auto& tenant : wanted.broken) {
    // Of a broken table only the name is known.
    tenant_entry named;
    named.name = tenant;
    const auto old = current(tenant);
    if (included(old, &named)) by_tenant[tenant] = broken_change(tenant, old, wanted);
  }
  for (const auto& [tenant, old] : now) {
    if (wanted.tenants.contains(tenant) || std::ranges::binary_search(wanted.broken, tenant)) continue;
    if (!included(old, nullptr)) continue;
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
