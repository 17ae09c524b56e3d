#pragma once

#include "sandbox/call.hpp"

#include <span>

namespace tenon::sandbox::gam {

/// Every method of REST v1 that is served. The first placeholder is always the network.
std::span<const endpoint> routes() noexcept;

}  // namespace tenon::sandbox::gam
