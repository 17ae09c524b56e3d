#include <tenon/call.hpp>
#include <tenon/platform.hpp>

namespace tenon {

std::optional<std::string> account::tenant_id() const {
  const auto at = metadata.find("tenant_id");
  if (at == metadata.end() || at->second.empty()) return std::nullopt;
  return at->second;
}

bool platform::blocks(std::string_view) const noexcept { return false; }

}  // namespace tenon
