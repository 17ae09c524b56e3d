#pragma once

#include "check_case.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace tenon::plugin_check {

struct check_request {
  workbench bench;                ///< without the copies
  std::vector<std::string> only;  ///< "group", "name" or "group.name"; empty: all. Needed cases run too, unreported
  std::chrono::milliseconds limit{10'000};  ///< for a case; those that repeat get more for each cycle
};

struct case_report {
  std::string group, name, question;
  outcome reached;
  std::chrono::milliseconds took{};
};

struct plugin_report {
  std::string file, sha256, plugin, version;  ///< plugin and version: of the manifest, if it can be read
  std::vector<case_report> cases;

  std::size_t count(verdict which) const;
};

/// Runs the cases, each in a child. Errors: the file cannot be read, no private copies can be made of it, no child can
/// be started.
result<plugin_report> run_cases(check_request request);

}  // namespace tenon::plugin_check
