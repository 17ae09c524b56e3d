#pragma once

#include "plugin/image.hpp"

#include <filesystem>

namespace tenon {

/// plugin_store::trim() on a directory that only we write to. The caller sees to it that this process puts nothing
/// there meanwhile.
result<store_report> trim_store(const std::filesystem::path& directory, const store_limits& limits, wall_time now);

}  // namespace tenon
