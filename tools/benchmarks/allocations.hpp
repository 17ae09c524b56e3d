#pragma once

#include <cstdint>

namespace tenon::bench {

/// How often operator new was called in this process: by the host and, as plugins find it in the global scope first, by
/// plugins.
std::uint64_t allocations() noexcept;

}  // namespace tenon::bench
