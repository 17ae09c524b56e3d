#pragma once

#include "process_state.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace tenon::canary {

/// What the host asks for.
struct probe_request {
  std::filesystem::path path;  ///< the stored copy
  unsigned cycles = 1;         ///< how often it is loaded and unloaded
  bool resident = false;       ///< it may stay mapped
  std::uint64_t constructor_budget_ns = 0;
};

/// Told before each step.
using announcement = std::function<void(std::string_view step)>;

/// Loads, starts, stops and unloads the plugin in this process, as often as asked, and says what it found: the
/// members of `canary_report` (plugin/canary.hpp), as JSON. It ends early once something is wrong. Whatever the plugin
/// does to the process happens to the caller.
boost::json::object run_probe(const probe_request& request, const announcement& announce);

}  // namespace tenon::canary
