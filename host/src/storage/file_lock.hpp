#pragma once

#include <tenon/error.hpp>

#include "base/file_descriptor.hpp"

#include <filesystem>

namespace tenon {

/// Locks a file for this process alone (flock), which is made if it is missing (0600); never waits. The lock goes with
/// the descriptor, and so with the process, however that ends. Errors (SERVICE_UNAVAILABLE): the file cannot be opened,
/// or another process has it.
result<file_descriptor> lock_file(const std::filesystem::path& path);

}  // namespace tenon
