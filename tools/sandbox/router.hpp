#pragma once

#include "sandbox/call.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tenon::sandbox {

/// Which upstream a path speaks to: it decides on authentication and on how errors look.
enum class api : std::uint8_t { token, gam, kevel, control };

api api_of(std::string_view path) noexcept;

/// The row of the tables that serves a request. `served` is null when none does; then `path_known` tells whether the
/// path is there for other methods.
struct match {
  const endpoint* served = nullptr;
  std::vector<std::string> ids = {};
  bool path_known = false;
};

/// Cost: one pass over that API's table.
match route(std::string_view method, std::string_view encoded_path);

/// "POST /v1/networks/{n}/orders:batchCreate"
std::string route_name(const endpoint& row);

}  // namespace tenon::sandbox
