#pragma once

#include <string_view>

namespace tenon::plugin_check {

/// The argument that makes this program the child of another of its kind.
inline constexpr std::string_view child_argument = "--run-one-case";

/// Hears from the parent which case to run, runs it, says what became of it. The exit status.
int run_child();

}  // namespace tenon::plugin_check
