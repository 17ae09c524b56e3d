#pragma once

#include <tenon/account_store.hpp>
#include <tenon/clock.hpp>
#include <tenon/error.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {
class database;
class statement;
}  // namespace tenon

namespace tenon::tenond {

/// An account that a buyer declared with sync_accounts (AdCP 3.0, core/account.json).
struct declared_account {
  std::string id;               ///< as the host names it: "brand/operator", "brand/operator/sandbox"
  account_reference reference;  ///< by brand and operator
  std::string status = "active";
  std::string billing = {};
  std::string payment_terms = {};  ///< empty: none were asked for

  friend bool operator==(const declared_account&, const declared_account&) = default;
};

/// Which accounts are asked for; what is not set means any.
struct account_filter {
  std::string status = {};
  std::optional<bool> sandbox = {};

  bool matches(const declared_account& account) const {
    return (status.empty() || account.status == status) && (!sandbox || account.reference.sandbox == *sandbox);
  }
};

/// Whose accounts: a principal sees those that it declared itself, of each tenant apart.
struct account_owner {
  std::string tenant;
  std::string principal;
};

/// The accounts that buyers have declared, in one SQLite file. What the configuration lists is not in it.
///
/// Threads     Any; one access at a time. Every access may wait for the disk.
/// Errors      SERVICE_UNAVAILABLE; the operator's detail names the file and what to do.
class account_book {
 public:
  /// What one owner may declare.
  static constexpr std::uint64_t most_accounts = 10'000;

  static result<std::shared_ptr<account_book>> open(const std::filesystem::path& file, const clock& time);
  account_book(const account_book&) = delete;
  account_book& operator=(const account_book&) = delete;
  ~account_book();

  result<std::optional<declared_account>> find(const account_owner& of, std::string_view id);
  result<std::uint64_t> count(const account_owner& of);

  /// Adds them, or replaces what has their ids; all, or none.
  result<void> put(const account_owner& of, const std::vector<declared_account>& accounts);

  /// By id, those after `after`.
  result<std::vector<declared_account>> list(const account_owner& of, std::string_view after = {},
                                             std::uint64_t limit = most_accounts, const account_filter& wanted = {});

 private:
  account_book(database file, const clock& time);
  static declared_account read(const statement& row);

  const clock& time_;
  std::mutex mutex_;
  const std::unique_ptr<const database> file_;
};

}  // namespace tenon::tenond
