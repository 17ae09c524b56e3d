#pragma once

#include <tenon/error.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace tenon {

// What a loading_cache answers on its own account: all SERVICE_UNAVAILABLE, but for a builder's fault. None of them is
// remembered as a failure of the tenant, except that a build took too long.

error request_cancelled();
error shutting_down();
error too_many_builds(std::size_t running, std::size_t waiting);
error build_timed_out(const std::string& tenant, std::chrono::nanoseconds limit);
error out_of_memory(const std::string& tenant);
error builder_lost_handler(const std::string& tenant);  ///< INTERNAL_ERROR

}  // namespace tenon
