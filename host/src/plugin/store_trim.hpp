#pragma once

#include "plugin/image.hpp"
#include "plugin/mapping.hpp"

#include <filesystem>

namespace tenon {

/// plugin_store::trim() on a directory that only we write to. The caller sees to it that this process puts nothing
/// there meanwhile. `maps` says which copies it has mapped; if it does not, nothing is removed, and that is an error.
result<store_report> trim_store(const std::filesystem::path& directory, const store_limits& limits, wall_time now,
                                const std::filesystem::path& maps = own_maps);

}  // namespace tenon
