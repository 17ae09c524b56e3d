#include <tenon/account_store.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace tenon {
namespace {

error no_such_account(const account_reference& reference) {
  auto made = make_error("ACCOUNT_NOT_FOUND", "No such account.");
  made.field = reference.account_id.empty() ? "account" : "account.account_id";
  return made;
}

std::string to_text(const account_reference& reference) {
  if (!reference.account_id.empty()) return "id \"" + reference.account_id + '"';
  return "brand \"" + reference.brand + "\", operator \"" + reference.operator_name + '"' +
         (reference.sandbox ? ", sandbox" : "");
}

class explicit_account_store final : public account_store {
 public:
  /// Indexes an entry. False: another entry has its reference.
  bool add(const std::shared_ptr<const account_entry>& entry) {
    const auto& reference = entry->reference;
    if (!reference.account_id.empty() && !by_id_.emplace(reference.account_id, entry).second) return false;
    const bool by_brand = !reference.brand.empty() || !reference.operator_name.empty();
    if (by_brand && !by_brand_.emplace(brand_key(reference), entry).second) return false;
    for (const auto& principal : entry->principals) by_principal_[principal].push_back(entry);
    return true;
  }

  void resolve(account_reference reference, std::string principal, account_handler done) const override {
    done(reference.empty() ? find_by_principal(principal) : find(reference, principal));
  }

 private:
  using entry_pointer = std::shared_ptr<const account_entry>;
  using brand_reference = std::tuple<std::string, std::string, bool>;

  static brand_reference brand_key(const account_reference& reference) {
    return {reference.brand, reference.operator_name, reference.sandbox};
  }

  result<account> find(const account_reference& reference, const std::string& principal) const {
    entry_pointer found;
    if (!reference.account_id.empty()) {
      if (const auto at = by_id_.find(reference.account_id); at != by_id_.end()) found = at->second;
    } else if (const auto at = by_brand_.find(brand_key(reference)); at != by_brand_.end()) {
      found = at->second;
    }
    // One answer for "no such account" and "not yours": nobody learns that another buyer's account exists.
    if (!found || !may_use(*found, principal)) return no_such_account(reference);
    return found->account;
  }

  /// An account that is open to everybody is nobody's in particular, so it is never chosen for a caller who named none.
  result<account> find_by_principal(const std::string& principal) const {
    const auto at = by_principal_.find(principal);
    if (principal.empty() || at == by_principal_.end()) return no_such_account({});
    if (at->second.size() == 1) return at->second.front()->account;
    auto made = make_error("ACCOUNT_AMBIGUOUS", "More than one account is yours; name one.");
    made.field = "account";
    return made;
  }

  static bool may_use(const account_entry& entry, const std::string& principal) {
    return entry.principals.empty() || std::ranges::find(entry.principals, principal) != entry.principals.end();
  }

  std::map<std::string, entry_pointer, std::less<>> by_id_;
  std::map<brand_reference, entry_pointer> by_brand_;
  std::map<std::string, std::vector<entry_pointer>, std::less<>> by_principal_;
};

class principal_account_store final : public account_store {
 public:
  explicit principal_account_store(std::map<std::string, account, std::less<>> accounts)
      : accounts_(std::move(accounts)) {}

  void resolve(account_reference, std::string principal, account_handler done) const override {
    if (principal.empty()) return done(make_error("AUTH_REQUIRED", "This request needs authentication."));
    const auto at = accounts_.find(principal);
    if (at == accounts_.end()) return done(no_such_account({}));
    done(at->second);
  }

 private:
  const std::map<std::string, account, std::less<>> accounts_;
};

}  // namespace

result<std::shared_ptr<const account_store>> make_explicit_account_store(std::vector<account_entry> entries) {
  auto store = std::make_shared<explicit_account_store>();
  for (auto& entry : entries) {
    auto shared = std::make_shared<const account_entry>(std::move(entry));
    const auto& reference = shared->reference;
    if (reference.account_id.empty() && reference.brand.empty() && reference.operator_name.empty()) {
      return make_error("CONFIGURATION_ERROR", "Expected a reference by id or by brand and operator for account \"" +
                                                   shared->account.id + "\", found none.");
    }
    if (!store->add(shared)) {
      return make_error("CONFIGURATION_ERROR", "Expected one account for each reference, found a second one for " +
                                                   to_text(reference) + "; leave one out.");
    }
  }
  return std::shared_ptr<const account_store>(std::move(store));
}

std::shared_ptr<const account_store> make_principal_account_store(
    std::map<std::string, account, std::less<>> accounts_by_principal) {
  return std::make_shared<principal_account_store>(std::move(accounts_by_principal));
}

}  // namespace tenon
