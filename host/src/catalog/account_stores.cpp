#include "catalog/account_name.hpp"
#include "catalog/catalog.hpp"
#include "catalog/wording.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace tenon {
namespace {

/// Why is for the log; the buyer sees one error for all of it.
error not_found(const account_reference& reference, const std::string& principal) {
  const auto said = reference.empty()               ? "the empty account reference"
                    : !reference.account_id.empty() ? "the account id " + in_quotes(reference.account_id)
                                                    : "the account of brand " + in_quotes(reference.brand) +
                                                          " and operator " + in_quotes(reference.operator_name);
  return tenant_not_found(said + " leads to no enabled tenant that is there for principal " + in_quotes(principal));
}

/// The name that an account goes by in an index: its id, or what its brand and operator make.
std::string name_of(const account_reference& reference) {
  return reference.account_id.empty() ? natural_account_id(reference) : reference.account_id;
}

class catalog_account_store final : public account_store {
 public:
  explicit catalog_account_store(std::shared_ptr<const catalog> tenants) : catalog_(std::move(tenants)) {
    for (const auto& [name, entry] : catalog_->tenants) {
      if (!entry->enabled) continue;
      for (const auto& reference : entry->accounts) {
        add(by_id_, name_of(reference), *entry);
      }
      for (const auto& principal : entry->principals) add(by_principal_, principal, *entry);
      if (!entry->principals.empty()) add(by_id_, name, *entry);
    }
  }

  void resolve(account_reference reference, std::string principal, account_handler done) const override {
    const auto* bound = find(by_principal_, principal);
    const auto* tenant = reference.empty() ? bound : find(by_id_, name_of(reference));
    const bool may_use = tenant != nullptr && (tenant->principals.empty() || tenant == bound);
    if (!may_use) return done(not_found(reference, principal));
    auto id = reference.empty() ? tenant->name : name_of(reference);
    done(account{.id = std::move(id), .metadata = {{"tenant_id", tenant->name}}});
  }

 private:
  using index = std::unordered_map<std::string, const tenant_entry*>;

  /// What two tenants claim stays in the index as nobody's.
  static void add(index& to, const std::string& key, const tenant_entry& tenant) {
    const auto [at, is_new] = to.emplace(key, &tenant);
    if (!is_new && at->second != &tenant) at->second = nullptr;
  }

  static const tenant_entry* find(const index& in, const std::string& key) {
    const auto at = in.find(key);
    return at == in.end() ? nullptr : at->second;
  }

  std::shared_ptr<const catalog> catalog_;  // the indexes point into it
  index by_id_;
  index by_principal_;
};

}  // namespace

std::shared_ptr<const account_store> make_catalog_account_store(std::shared_ptr<const catalog> catalog) {
  return std::make_shared<const catalog_account_store>(std::move(catalog));
}

}  // namespace tenon
