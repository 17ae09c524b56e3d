#pragma once

#include <tenon/diagnostic.hpp>
#include <tenon/unique_function.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

/// What became of one tenant in a reload.
struct tenant_change {
  enum class kind : std::uint8_t { added, removed, settings, plugin, unchanged };
  std::string tenant = {};
  kind what = kind::unchanged;
  bool applied = true;         ///< false: the old generation serves on
  bool rebuilt = false;        ///< a live platform was replaced
  std::string reason = {};          ///< if not applied: which step failed, why, what to do
};

std::string_view to_string(tenant_change::kind value) noexcept;

struct reload_report {
  std::vector<tenant_change> tenants = {};     ///< without the unchanged ones, sorted
  std::uint32_t unchanged = 0;
  std::vector<diagnostic> diagnostics = {};
  bool ok() const noexcept;               ///< everything was applied, nothing fatal found
};

using reload_handler = unique_function<void(reload_report)>;

}  // namespace tenon
