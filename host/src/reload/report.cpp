#include <tenon/reload.hpp>

#include <algorithm>

namespace tenon {

std::string_view to_string(tenant_change::kind value) noexcept {
  switch (value) {
    case tenant_change::kind::added: return "added";
    case tenant_change::kind::removed: return "removed";
    case tenant_change::kind::settings: return "settings changed";
    case tenant_change::kind::limits: return "limits changed";
    case tenant_change::kind::plugin: return "plugin changed";
    case tenant_change::kind::secret: return "secret changed";
    case tenant_change::kind::asked: return "asked for";
    case tenant_change::kind::unchanged: return "unchanged";
  }
  return "unchanged";
}

bool reload_report::ok() const noexcept {
  return std::ranges::all_of(tenants, &tenant_change::applied) && std::ranges::none_of(diagnostics, &diagnostic::fatal);
}

}  // namespace tenon
