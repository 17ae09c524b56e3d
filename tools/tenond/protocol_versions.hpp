#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace tenon::tenond {

/// The revisions of MCP that are spoken, the newest first.
inline constexpr std::array<std::string_view, 5> protocol_versions = {"2025-11-25", "2025-06-18", "2025-03-26",
                                                                      "2024-11-05", "2024-10-07"};

constexpr bool is_spoken(std::string_view version) noexcept {
  return std::ranges::find(protocol_versions, version) != protocol_versions.end();
}

}  // namespace tenon::tenond
