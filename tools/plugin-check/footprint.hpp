#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>

namespace tenon::plugin_check {

/// What a process holds. A value.
struct footprint {
  std::int64_t heap = 0;      ///< bytes that were allocated and not freed
  std::int64_t mapped = 0;    ///< bytes of address space; 0 under a sanitizer
  std::int64_t resident = 0;  ///< bytes of memory
  std::int64_t descriptors = 0;
  std::int64_t threads = 0;
  std::int64_t keys = 0;  ///< the lowest free thread-specific key
};

footprint measure();

/// What grew too much between two measurements, with the allowance; nothing if all is well. The allowance is for all
/// cycles together: 16 KiB of heap, 1 MiB of address space and 4 MiB resident (both not judged under a sanitizer, which
/// maps memory of its own), and nothing of the rest. `heap_of_others` is what the plugin cannot help.
std::string why_grown(const footprint& before, const footprint& after, std::int64_t heap_of_others);

/// The differences, by name.
boost::json::object growth(const footprint& before, const footprint& after);

}  // namespace tenon::plugin_check
