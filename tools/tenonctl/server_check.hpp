#pragma once

#include <tenon/diagnostic.hpp>

#include <filesystem>
#include <vector>

namespace tenonctl {

/// What tenond would find in its own tables, [server] and [principals], in the files that they name, and in how
/// tenants refer to them.
std::vector<tenon::diagnostic> check_server(const std::filesystem::path& config);

}  // namespace tenonctl
