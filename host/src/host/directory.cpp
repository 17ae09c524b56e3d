#include "host/directory.hpp"

#include "catalog/account_name.hpp"
#include "catalog/tenant_table.hpp"

#include <algorithm>
#include <utility>

namespace tenon {
namespace {

result<account> own_account(const tenant_entry& entry, const std::string& principal) {
  if (auto refused = refuse_stranger(entry, principal)) return *std::move(refused);
  return account{.id = entry.name, .metadata = {{"tenant_id", entry.name}}};
}

result<account> unlisted_account(const tenant_entry& entry, const account_reference& named,
                                 const std::string& principal) {
  if (auto refused = refuse_stranger(entry, principal)) return *std::move(refused);
  auto id = named.account_id.empty() ? natural_account_id(named) : named.account_id;
  if (id.empty()) return tenant_not_found("the brand or the operator of the account is no domain");
  return account{.id = std::move(id), .metadata = {{"tenant_id", entry.name}}};
}

using owner_map = std::unordered_map<std::string, std::string>;

/// Who is reached by an account or a host: the only tenant that lists it, or the one of several that was reached by it
/// before; else nobody.
owner_map owners_of(const deployment_map& deployments, const owner_map* before) {
  owner_map owners;
  const auto add = [&](const std::string& key, const std::string& tenant) {
    const auto [at, is_new] = owners.emplace(key, tenant);
    if (is_new || at->second == tenant) return;
    const auto sitting = before == nullptr ? owner_map::const_iterator{} : before->find(key);
    const bool known = before != nullptr && sitting != before->end();
    if (known && sitting->second == tenant)
      at->second = tenant;
    else if (!known || sitting->second != at->second)
      at->second.clear();
  };
  for (const auto& [tenant, what] : deployments) {
    if (!what->entry->enabled) continue;
    for (const auto& account : what->entry->accounts) add(claim_key(account), tenant);
    for (const auto& host : what->entry->hosts) add(host_claim_key(host), tenant);
  }
  return owners;
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
  const auto before = current();
  made->owners = owners_of(deployments, before ? &before->owners : nullptr);
  const auto owns = [&made](const std::string& tenant, const std::string& key) {
    return made->owners.at(key) == tenant;
  };
  for (const auto& [tenant, what] : deployments) {
    if (!what->entry->enabled) continue;
    made->tenants.emplace(tenant, what->entry);
    for (const auto& principal : what->entry->principals) {
      const auto [at, is_new] = made->tenant_by_principal.emplace(principal, what->entry);
      if (!is_new) at->second = nullptr;
    }
    auto reached = std::make_shared<tenant_entry>(*what->entry);
    std::erase_if(reached->accounts, [&](const account_reference& each) { return !owns(tenant, claim_key(each)); });
    entries->tenants.emplace(tenant, std::move(reached));
    for (const auto& host : what->entry->hosts) {
      if (owns(tenant, host_claim_key(host))) made->tenant_by_host.emplace(host, tenant);
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
  const auto at = now->tenant_by_principal.find(principal);
  const auto bound = at == now->tenant_by_principal.end() ? nullptr : at->second;
  if (!bound || !bound->takes_unlisted(reference))
    return now->accounts->resolve(std::move(reference), std::move(principal), std::move(done));
  // Whoever lists it elsewhere, as above: one account must not lead to two tenants.
  done(unlisted_account(*bound, reference, principal));
}

void tenant_directory::resolve(call_target target, std::string principal, account_handler done) const {
  if (target.tenant.empty()) return resolve(std::move(target.account), std::move(principal), std::move(done));
  const auto now = current();
  const auto at = now ? now->tenants.find(target.tenant) : decltype(now->tenants.end()){};
  if (!now || at == now->tenants.end()) {
    return done(tenant_not_found("no enabled tenant \"" + target.tenant + "\" in the catalog"));
  }
  if (target.account.empty()) return done(own_account(*at->second, principal));
  // Whoever lists it elsewhere: here it is this tenant's, so that nobody learns what others list.
  if (at->second->takes_unlisted(target.account)) return done(unlisted_account(*at->second, target.account, principal));
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
