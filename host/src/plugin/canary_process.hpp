#pragma once

#include <tenon/error.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

namespace tenon::canary {

/// How a child's life went.
struct conversation {
  std::string heard;          ///< what it sent, at most `longest_conversation` bytes
  bool flooded = false;       ///< it sent more, and was killed for it
  bool timed_out = false;     ///< it did not end within its time, and was killed
  bool status_known = false;  ///< false: the embedder's own wait() or an ignored SIGCHLD took it
  int exit_status = 0;
  int signal = 0;  ///< that ended it, or 0
  std::chrono::nanoseconds took{};
};

/// Starts a program with an environment of `only_variable`, no descriptor but a socket at `report_descriptor` and
/// /dev/null at 0 to 2, default signal dispositions and a process group of its own; sends it one line; collects what it
/// sends until it ends, but no longer than `deadline`; then kills whatever is left of its group.
///
/// It gets one argument, if one is given. posix_spawn: the caller's other threads go on, whatever they are doing. No
/// SIGCHLD handler is needed, and one that is there is not disturbed; an embedder that reaps every child only hides the
/// exit status.
///
/// Threads     Any, concurrently. The child ends with the calling thread. Errors (CONFIGURATION_ERROR): the program
/// cannot be started.
result<conversation> converse(const std::filesystem::path& program, std::string_view line,
                              std::chrono::milliseconds deadline, std::string argument = {});

}  // namespace tenon::canary
