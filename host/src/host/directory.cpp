#include "host/directory.hpp"

#include <algorithm>
#include <utility>

namespace tenon {
namespace {

result<account> own_account(const tenant_entry& entry, const std::string& principal) {
  if (auto refused = refuse_stranger(entry, principal)) return *std::move(refused);
  return account{.id = entry.name, .metadata = {{"tenant_id", entry.name}}};
}

}  // namespace

std::optional<error> refuse_stranger(const tenant_entry& entry, const std::string& principal) {
  const auto& allowed = entry.principals;
  if (allowed.empty() || std::ranges::find(allowed, principal) != allowed.end()) return std::nullopt;
  return tenant_not_found("principal \"" + principal + "\" is not one of tenant " + entry.name);
}

void tenant_directory::assign(const deployment_map& deployments) {
  auto entries = std::make_shared<catalog>();
  auto made = std::make_shared<index>();
  for (const auto& [tenant, what] : deployments) {
    if (!what->entry->enabled) continue;
    entries->tenants.emplace(tenant, what->entry);
    made->tenants.emplace(tenant, what->entry);
    for (const auto& host : what->entry->hosts) {
      const auto [at, is_new] = made->tenant_by_host.emplace(host, tenant);
      if (!is_new) at->second.clear();  // claimed twice: nobody's
    }
  }
  made->accounts = make_catalog_account_store(std::move(entries));
  std::shared_ptr<const index> next = std::move(made);
  const std::lock_guard lock(mutex_);
  index_.swap(next);
}

std::shared_ptr<const tenant_directory::index> tenant_directory::current() const {
  const std::lock_guard lock(mutex_);
  return index_;
}

void tenant_directory::resolve(account_reference reference, std::string principal, account_handler done) const {
  const auto now = current();
  if (!now) return done(tenant_not_found("the configuration has not been read yet"));
  now->accounts->resolve(std::move(reference), std::move(principal), std::move(done));
}

void tenant_directory::resolve(call_target target, std::string principal, account_handler done) const {
  if (target.tenant.empty()) return resolve(std::move(target.account), std::move(principal), std::move(done));
  const auto now = current();
  const auto at = now ? now->tenants.find(target.tenant) : decltype(now->tenants.end()){};
  if (!now || at == now->tenants.end()) {
    return done(tenant_not_found("no enabled tenant \"" + target.tenant + "\" in the catalog"));
  }
  if (target.account.empty()) return done(own_account(*at->second, principal));
  now->accounts->resolve(std::move(target.account), std::move(principal),
                         [tenant = std::move(target.tenant), done = std::move(done)](result<account> found) mutable {
                           if (found && found->tenant_id() != tenant) {
                             return done(tenant_not_found("account " + found->id + " is not of tenant " + tenant));
                           }
                           done(std::move(found));
                         });
}

std::optional<std::string> tenant_directory::tenant_for_host(std::string_view host_header) const {
  const auto now = current();
  if (!now) return std::nullopt;
  const auto at = now->tenant_by_host.find(normalise_host(host_header));
  if (at == now->tenant_by_host.end()) return std::nullopt;
  return at->second;
}

}  // namespace tenon
