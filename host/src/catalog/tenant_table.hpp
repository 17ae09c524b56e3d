#pragma once

#include "catalog/catalog.hpp"
#include "catalog/field.hpp"

namespace tenon {

/// Something that only one tenant of a catalog can have: an account, a host or a principal.
struct claim {
  std::string key;   ///< equal for equal claims
  std::string what;  ///< "account \"acme-main\"", for messages
  std::uint32_t line = 0;
};

/// One tenant's table, read. `entry` is to be used only if its scope has no error.
struct tenant_draft {
  tenant_entry entry;
  std::uint32_t plugin_line = 0;
  std::vector<claim> claims;
};

/// What an entry claims, as in claim::key.
std::vector<std::string> claim_keys(const tenant_entry& entry);
std::string claim_key(const account_reference& account);
std::string host_claim_key(const std::string& host);

/// Lower-case letters, digits, dot, underscore and hyphen, 1 to 64, the first a letter or digit: tenants and plugins.
bool is_plain_name(std::string_view name) noexcept;
inline constexpr std::string_view plain_name_rule =
    "1 to 64 lower-case letters, digits, dots, underscores or hyphens, starting with a letter or digit";

/// Reads what stands in one tenant's table; the names in messages start with `prefix` ("tenants.acme." or nothing).
/// `limits`: those that the table does not name.
tenant_draft read_tenant(std::string name, const document::table& from, std::uint32_t line, const std::string& prefix,
                         const call_limits& limits, file_scope& scope);

}  // namespace tenon
