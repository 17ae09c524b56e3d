#pragma once

#include "reload/deployment.hpp"

#include <tenon/host.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tenon {

/// Why this principal may not see the tenant, if it may not: the error that a tenant which is not there gives.
std::optional<error> refuse_stranger(const tenant_entry& entry, const std::string& principal);

/// Who is reached how: accounts and host names of the deployments in force. Replaced as a whole by each reload.
///
/// Threads     Any, concurrently.
class tenant_directory final : public account_store {
 public:
  /// Indexes the entries of all deployments. An account or a host that two of them list stays with the tenant that was
  /// reached by it so far: a tenant whose change was kept back still has what another one was to get.
  void assign(const deployment_map& deployments);

  void resolve(account_reference reference, std::string principal, account_handler done) const override;

  /// As resolve(), with the tenant that the path or the Host header named: an account of another tenant is not found,
  /// and without a reference it is the tenant's own account, whose id is the tenant's name.
  void resolve(call_target target, std::string principal, account_handler done) const;

  std::optional<std::string> tenant_for_host(std::string_view host_header) const;

 private:
  struct index {
    std::shared_ptr<const account_store> accounts;
    std::unordered_map<std::string, std::string> tenant_by_host;
    std::unordered_map<std::string, std::string> owners;  ///< of accounts and hosts, by claim key; empty: nobody
    std::unordered_map<std::string, std::shared_ptr<const tenant_entry>> tenants;
    std::unordered_map<std::string, std::shared_ptr<const tenant_entry>> tenant_by_principal;  ///< null: of several
  };
  std::shared_ptr<const index> current() const;

  mutable std::mutex mutex_;
  std::shared_ptr<const index> index_;
};

}  // namespace tenon
