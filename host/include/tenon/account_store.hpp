#pragma once

#include <tenon/call.hpp>

#include <memory>
#include <string>
#include <vector>

namespace tenon {

/// How a buyer names an account (AdCP 3.0, core/account-ref.json): by id, or by brand and operator. All empty: by who
/// calls.
struct account_reference {
  std::string account_id = {};
  std::string brand = {};          ///< the brand's domain
  std::string operator_name = {};  ///< the operator's domain
  bool sandbox = false;

  bool empty() const noexcept { return account_id.empty() && brand.empty() && operator_name.empty(); }
  friend bool operator==(const account_reference&, const account_reference&) = default;
};

using account_handler = unique_function<void(result<account>)>;

/// Resolves what a buyer says to an account whose metadata names the tenant.
///
/// An account that does not exist and one that this principal may not use are the same ACCOUNT_NOT_FOUND.
///
/// Threads     Any, concurrently.
class account_store {
 public:
  account_store() = default;
  account_store(const account_store&) = delete;
  account_store& operator=(const account_store&) = delete;
  virtual ~account_store() = default;

  /// `done` exactly once, inside resolve() or later, on any thread.
  virtual void resolve(account_reference reference, std::string principal, account_handler done) const = 0;
};

/// One account, as a fixed list gives it.
struct account_entry {
  account_reference reference;  ///< by id, or by brand and operator
  tenon::account account;
  std::vector<std::string> principals = {};  ///< who may use it; empty: everybody
};

/// A fixed list. Errors: two entries with one reference.
result<std::shared_ptr<const account_store>> make_explicit_account_store(std::vector<account_entry> entries);

/// By authenticated principal alone: the reference is ignored. AUTH_REQUIRED without a principal.
std::shared_ptr<const account_store> make_principal_account_store(
    std::map<std::string, account, std::less<>> accounts_by_principal);

}  // namespace tenon
