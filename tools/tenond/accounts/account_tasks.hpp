#pragma once

#include "accounts/account_book.hpp"

#include <tenon/host.hpp>

#include <boost/json/object.hpp>

namespace tenon::tenond {

/// sync_accounts and list_accounts (AdCP 3.0, account/): tenond answers both itself, for every tenant alike.
///
/// An account is there at once, or not at all: one by brand and operator where the tenant has implicit accounts or
/// lists it, none elsewhere. Its id is the one that the host gives it, so that it is found by either name.
///
/// Lifetime    Borrows the host and the book.
/// Threads     Any. Both wait for the disk.
class account_tasks {
 public:
  account_tasks(const host& of, account_book& book) : host_(of), book_(book) {}

  /// Each account of the request succeeds or fails by itself; the answer says which. What changes is written at once,
  /// or not at all.
  result<boost::json::object> sync(const account_owner& owner, const boost::json::object& request);

  /// Those that the owner declared, and, if the tenant names its principals, those that its configuration lists; by id.
  result<boost::json::object> list(const account_owner& owner, const boost::json::object& request);

  /// Why the account cannot be used for a change now. Nothing: it can, or nobody declared it.
  std::optional<error> refusal(const account_owner& owner, std::string_view account_id);

  /// Puts an account of a sandbox tenant into a state. Gives what it was in before; nothing: there is none.
  result<std::optional<std::string>> force_status(const account_owner& owner, std::string_view account_id,
                                                  std::string_view status);

  static bool is_status(std::string_view text) noexcept;

 private:
  struct outcome;

  result<outcome> sync_one(const account_owner& owner, const boost::json::value& asked, bool dry_run,
                           std::uint64_t& room, std::vector<declared_account>& changed);
  result<void> close_missing(const account_owner& owner, const std::vector<std::string>& kept,
                             std::vector<declared_account>& changed, boost::json::array& told);

  const host& host_;
  account_book& book_;
};

}  // namespace tenon::tenond
