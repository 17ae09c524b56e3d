#pragma once

#include <tenon/diagnostic.hpp>
#include <tenon/unique_function.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

/// What a reload is about. All of them read the configuration again; a tenant that a request is not about stays as it
/// is, whatever the configuration wants.
struct reload_request {
  /// All but `changed` also rebuild the live platforms of the tenants they are about, whether something changed or not.
  enum class scope : std::uint8_t {
    changed,  ///< whatever changed: what SIGHUP asks for
    tenant,   ///< one tenant
    plugin,   ///< the tenants of a plugin
    secret,   ///< the tenants with a secret in a file: one command for a credential that was replaced
    all,      ///< every tenant
  };
  scope about = scope::changed;
  std::string name = {};  ///< of the tenant or the plugin, or the path of the secret's file

  friend bool operator==(const reload_request&, const reload_request&) = default;
};

/// What became of one tenant in a reload.
struct tenant_change {
  enum class kind : std::uint8_t {
    added,
    removed,
    settings,  ///< its table
    limits,    ///< its limits or warm_up, and nothing else of its table: no live platform is rebuilt
    plugin,    ///< the bytes of its plugin
    secret,    ///< what stands in the files of its secrets, since its platform was built
    asked,     ///< nothing, but the request named it
    unchanged,
  };
  std::string tenant = {};
  kind what = kind::unchanged;
  bool applied = true;   ///< false: the old generation serves on
  bool rebuilt = false;  ///< a live platform was replaced

  /// If not applied: the step that failed (configuration, plugin, settings, secrets, load, create, health or shutdown),
  /// and why, with what to do.
  std::string step = {};
  std::string reason = {};
};

std::string_view to_string(tenant_change::kind value) noexcept;

struct reload_report {
  std::vector<tenant_change> tenants = {};  ///< without the unchanged ones, sorted
  std::uint32_t unchanged = 0;              ///< of those that the requests are about
  std::vector<diagnostic> diagnostics = {};
  bool ok() const noexcept;  ///< everything was applied, nothing fatal found
};

using reload_handler = unique_function<void(reload_report)>;

}  // namespace tenon
