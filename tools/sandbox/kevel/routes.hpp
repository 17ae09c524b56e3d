#pragma once

#include "sandbox/call.hpp"

#include <span>

namespace tenon::sandbox::kevel {

/// Every method of the Management and Reporting APIs that is served, under /kevel.
std::span<const endpoint> routes() noexcept;

}  // namespace tenon::sandbox::kevel
