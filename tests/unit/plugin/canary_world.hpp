#pragma once

#include "fixtures.hpp"

#include "plugin/canary.hpp"

#include <cerrno>

#include <sys/wait.h>

namespace tenon::testing {

inline const std::filesystem::path canary_program = TENON_CANARY;

inline std::filesystem::path fixture_path(const std::string& name) {
  return std::filesystem::path(FIXTURES) / (name + ".so");
}

/// Runs the real child on a file as it is, without the gate.
inline canary_report try_out(const std::filesystem::path& file, const canary_limits& limits = {}) {
  auto found = run_canary(canary_program, file, limits);
  if (!found) FAIL(found.error().operator_detail);
  return std::move(*found);
}

/// Whether no child is left: neither running nor waiting to be buried.
inline bool no_children() {
  siginfo_t how{};
  return ::waitid(P_ALL, 0, &how, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD;
}

}  // namespace tenon::testing
