#pragma once

#include "sandbox/call.hpp"

#include <span>

namespace tenon::sandbox {

/// The token endpoint.
std::span<const endpoint> token_routes() noexcept;

/// What a test or an operator steers the sandbox by, under /_sandbox: neither counted nor subject to faults.
std::span<const endpoint> control_routes() noexcept;

}  // namespace tenon::sandbox
