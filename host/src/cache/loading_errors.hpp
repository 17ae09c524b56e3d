#pragma once

#include <tenon/error.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace tenon {

// What a loading_cache answers on its own account: SERVICE_UNAVAILABLE, if not said otherwise.

// Of the request, so never remembered as a failure of its tenant:

error request_cancelled();
error shutting_down();
error too_many_builds(std::size_t running, std::size_t waiting);
error out_of_memory() noexcept;  ///< INTERNAL_ERROR, in words short enough to need none

// Of the build:
error build_timed_out(const std::string& tenant, std::chrono::nanoseconds limit);
error not_kept(const std::string& tenant);              ///< for want of memory
error builder_lost_handler(const std::string& tenant);  ///< INTERNAL_ERROR

}  // namespace tenon
