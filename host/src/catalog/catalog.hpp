#pragma once

#include "catalog/call_limits.hpp"

#include <tenon/account_store.hpp>
#include <tenon/cache_policy.hpp>
#include <tenon/diagnostic.hpp>

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

/// Where a secret's text comes from. Never the text itself.
struct secret_source {
  enum class kind : std::uint8_t { file, environment };
  kind from = kind::file;
  std::string where;  ///< path (absolute, or made so relative to the file that names it), or variable name

  friend bool operator==(const secret_source&, const secret_source&) = default;
};

/// A place in a configuration file, for messages.
struct config_place {
  std::string file;
  std::uint32_t line = 0;

  friend bool operator==(const config_place&, const config_place&) = default;
};

/// What the operator has decided about one plugin: the table [plugins.NAME], or nothing. A value; places do not count
/// in comparisons.
struct plugin_policy {
  std::vector<std::string> sha256;         ///< the contents it may have, 64 lower-case hex digits each; empty: any
  std::vector<std::string> allow_imports;  ///< symbols it may import although the gate advises against them
  bool allow_resident = false;             ///< it may stay mapped for good once it was loaded
  bool hold = false;                       ///< other bytes are taken by a rollout, or when asked for, alone
  config_place place;                      ///< empty if there is no table

  bool same_as(const plugin_policy& other) const;  ///< everything but the place and `hold`
};

/// One tenant of the catalog. A value; equal entries need no move. Places do not count in comparisons.
struct tenant_entry {
  std::string name;
  std::string plugin;
  plugin_policy policy = {};  ///< of that plugin: whoever changes it changes the tenants that use it
  bool isolate = false;       ///< its plugin is mapped for it alone
  bool enabled = true;
  bool warm_up = false;            ///< its platform is built ahead of its first request
  bool sandbox = false;            ///< for tests: whatever account a buyer names is one of its own
  bool implicit_accounts = false;  ///< every brand and operator has an account, without being listed
  std::vector<account_reference> accounts;
  std::vector<std::string> hosts;       ///< normalised: lower case, no port
  std::vector<std::string> principals;  ///< buyers bound to this tenant
  std::vector<std::string> specialisms;
  call_limits limits = {};
  boost::json::object settings;                  ///< secrets stand as {"secret": "<key>"}
  std::map<std::string, secret_source> secrets;  ///< by settings key
  config_place place;
  std::map<std::string, std::uint32_t> lines = {};  ///< of "specialisms" and of each setting, as "settings.KEY.KEY"

  /// The line of a name in a message, or of the nearest table around it that has one.
  config_place place_of(std::string name) const;

  /// Whether a buyer may name this account though nobody listed it.
  bool takes_unlisted(const account_reference& reference) const;

  bool same_as(const tenant_entry& other) const;      ///< all that its platform is built from, and who reaches it
  bool same_upkeep(const tenant_entry& other) const;  ///< the rest, but for the places
};

struct host_settings {
  std::vector<std::filesystem::path> plugin_dirs;
  std::filesystem::path store_dir;
  std::chrono::seconds store_retention{24 * 60 * 60};  ///< how long an unused copy stays
  std::uint64_t store_max_bytes = 2ull << 30;          ///< above this unused copies go earlier
  std::filesystem::path state_dir;                     ///< what plugins keep, and submitted tasks
  std::uint64_t state_max_bytes = 256ull << 20;        ///< of what one tenant's plugins keep
  bool require_pin = false;                            ///< plugins without a hash or a signature are refused
  std::vector<std::filesystem::path> plugin_keys;      ///< Ed25519 public keys (PEM) that may sign plugins
  bool watch = false;                                  ///< changed plugin files are taken without a reload
  std::chrono::milliseconds watch_settle{500};         ///< how long they have to rest before
  std::string ops_group;                               ///< its members may own plugins too; empty: nobody's
  std::string canary;  ///< path of the program that tries plugins out, "off", or empty: the one beside the host
  std::uint32_t blocking_threads = 4;
  std::uint32_t blocking_threads_per_tenant = 0;       ///< that one tenant may hold; 0: half of them, at least one
  std::chrono::milliseconds blocking_replace{60'000};  ///< a thread that was held longer is replaced
  std::uint32_t warm_up_builds = 4;                    ///< platforms that are built ahead at the same time
  std::uint32_t reload_builds = 4;                     ///< successors that a reload builds at the same time
  double reload_builds_per_second = 0;                 ///< that it begins; 0: as it comes
  std::chrono::milliseconds build_timeout{30'000};
  std::chrono::milliseconds call_timeout{60'000};
  std::chrono::milliseconds drain_timeout{10'000};
  std::string upstream_ca_file;  ///< PEM, besides the system's; empty: the system's alone
  std::chrono::milliseconds http_timeout{30'000};
  std::uint64_t http_max_response_bytes = 8u << 20;
  std::string log_level = "info";  ///< trace, debug, info, warn, error, critical or off
};

struct cache_settings {
  long size = 256;
  double ttl_seconds = 3600;
  cold_start mode = cold_start::each;
  cache_policy policy = {};
};

/// The parsed configuration. Immutable once made; shared as shared_ptr<const catalog>.
struct catalog {
  host_settings host;
  cache_settings cache;
  call_limits limits;                                         ///< of tenants that do not say otherwise
  std::map<std::string, plugin_policy, std::less<>> plugins;  ///< those with a table, whether a tenant uses them or not
  std::map<std::string, std::shared_ptr<const tenant_entry>, std::less<>> tenants;
  std::vector<diagnostic> diagnostics;  ///< broken tenants are missing from `tenants` and listed here

  /// Tenants whose file or table is there but broken: a reload keeps their last good entry.
  std::vector<std::string> broken;  ///< sorted

  /// The policy of a plugin, or the default one if it has no table.
  plugin_policy policy_of(std::string_view plugin) const;
};

/// The entries that serve while a configuration is read; none at a start.
using tenants_in_force = std::vector<std::shared_ptr<const tenant_entry>>;

/// Reads tenon.toml and tenants.d/*.toml beside it. Errors (CONFIGURATION_ERROR, every finding in operator_detail): the
/// main file is missing, is not TOML, or its [host], [cache] or [plugins] is wrong; tenants.d cannot be read, or is
/// gone while tenants from it are in force. Relative paths are relative to the file that has them. Top-level tables
/// named in `foreign_tables` belong to the embedder and are not looked into.
///
/// Each account, host and principal belongs to one tenant. What several claim stays with the one of `in_force` that has
/// it, even while its own table is broken, and the others are broken; if none has it, all of them are.
///
/// Cost: linear in the size of the files; secret files are looked for, not read.
result<std::shared_ptr<const catalog>> read_catalog(const std::filesystem::path& config,
                                                    const std::vector<std::string>& foreign_tables = {"server",
                                                                                                      "principals"},
                                                    const tenants_in_force& in_force = {});

/// All findings about a configuration, those that make read_catalog() fail included.
std::vector<diagnostic> check_catalog(const std::filesystem::path& config,
                                      const std::vector<std::string>& foreign_tables = {"server", "principals"},
                                      const tenants_in_force& in_force = {});

/// How the tenants of two catalogs differ (plugin bytes are not the catalog's business). A broken tenant is not a
/// removed one.
struct catalog_difference {
  std::vector<std::string> added, removed, changed;  ///< sorted
};
catalog_difference compare(const catalog& before, const catalog& after);

/// The form in which hosts are compared, from a Host header: lower case, without userinfo, port or trailing dot; IPv6
/// in its shortest form, in brackets. Empty for what is no host, which therefore matches none.
std::string normalise_host(std::string_view host_header);

/// Accounts of all enabled tenants, by what the tenants list: an id, or a brand and an operator (and sandbox: an entry
/// without it is the production account). An empty reference is the own account of the one tenant that lists the
/// principal, whose id is the tenant's name; it can also be named by that id.
///
/// A tenant that lists principals is there for them alone. Whatever cannot be resolved is the same ACCOUNT_NOT_FOUND:
/// unknown, of a disabled tenant, not for this principal, or empty from a principal that no tenant lists. There is no
/// default tenant. A reference or principal that two entries claim, which a read catalog never has, resolves for
/// neither.
///
/// Cost: a hash look-up or two, whatever the outcome.
std::shared_ptr<const account_store> make_catalog_account_store(std::shared_ptr<const catalog> catalog);

}  // namespace tenon
