#pragma once

#include <cstdint>

namespace tenon {

/// What concurrent requests for a tenant that is not cached do: each builds, or all wait for one build.
enum class cold_start : std::uint8_t { each, coalesce };

}  // namespace tenon
