#pragma once

#include "runner.hpp"

#include <iosfwd>

namespace tenon::plugin_check {

/// For people: a line for each case, what to do about each failure, and the sum as the last line.
void print(std::ostream& out, const plugin_report& report);

/// For programs: {file, sha256, plugin, version, cases: [{name, group, result, reason, advice, figures}], passed,
/// failed, skipped}. `result` is "pass", "fail" or "skip".
boost::json::object in_json(const plugin_report& report);

/// The cases there are.
void list_cases(std::ostream& out);

}  // namespace tenon::plugin_check
