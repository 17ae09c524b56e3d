#pragma once

#include <functional>
#include <string>
#include <thread>

namespace tenon::testing {

/// What the thread that calls it is named in answers; plugins of tests name theirs in the same way.
inline std::string this_thread_name() {
  return std::to_string(std::hash<std::thread::id>()(std::this_thread::get_id()));
}

}  // namespace tenon::testing
