#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace tenon::canary {

/// What a plugin could change for the whole process: its threads, child processes, descriptors, signal handlers,
/// limits, environment and the like, as text by kind and name: {"signal handler", "SIGUSR1"} is "default". A value.
using process_state = std::map<std::pair<std::string, std::string>, std::string>;

/// Looks at this process. Cost: a few dozen system calls.
process_state look_at_process();

/// One line of what differs.
struct state_change {
  std::string kind, name, before, after;  ///< "" before: it was not there; "" after: it is gone
};

/// What differs after the work that came between. Waits up to a moment for threads that are ending: one that was joined
/// stays visible for some microseconds.
std::vector<state_change> changes_since(const process_state& before);

/// The threads of this process.
std::uint64_t count_threads();

/// Bytes that were allocated and not freed.
std::uint64_t heap_in_use();

/// Bytes of address space besides the heap; 0 under a sanitizer, whose own mappings grow.
std::uint64_t mapped_bytes();

}  // namespace tenon::canary
