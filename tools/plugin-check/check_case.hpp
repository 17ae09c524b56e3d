#pragma once

#include "catalog/catalog.hpp"

#include <boost/json/object.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::plugin_check {

enum class verdict { pass, fail, skip };

/// What became of a case. A value.
struct outcome {
  verdict result = verdict::pass;
  std::string reason;           ///< why it failed or was skipped
  std::string advice;           ///< what to do about a failure
  boost::json::object figures;  ///< what was measured
};

outcome passed(boost::json::object figures = {});
outcome failed(std::string reason, std::string advice);
outcome skipped(std::string reason);

/// A message of the host's as an outcome: what stands behind its last semicolon is the advice. Nothing wrong: passed.
outcome as_told(std::string wrong);

/// Ends a case from wherever its verdict is known. Caught where the case was started.
struct verdict_reached {
  outcome reached;
};

/// What a case works with, in its own process.
struct workbench {
  std::filesystem::path file;                   ///< what the author named
  std::array<std::filesystem::path, 2> copies;  ///< private ones of the same bytes: only these are mapped
  plugin_policy policy;                         ///< what the operator would grant
  std::optional<boost::json::object> settings;  ///< the author's; else a sample that the schema accepts
  std::optional<boost::json::value> upstream;   ///< what the ad server answers to everything
  unsigned cycles = 1000;                       ///< loads and unloads; overlapped reloads are ten times as many
  std::uint64_t constructor_budget_ms = 250;
  std::function<void(std::string_view step)> announce;  ///< told before each entry into the plugin
};

/// One question to a plugin. Each is asked in a process of its own.
struct check_case {
  std::string_view group;
  std::string_view name;
  std::string_view question;            ///< what holds if it passes
  std::vector<std::string_view> needs;  ///< "group.name" of cases that must not have failed
  std::function<outcome(workbench&)> run;
  bool repeats = false;  ///< its time grows with the cycles

  std::string full_name() const { return std::string(group) + "." + std::string(name); }
};

// The groups, in the order in which they run: later ones rely on earlier ones.
std::vector<check_case> static_cases();
std::vector<check_case> abi_cases();
std::vector<check_case> contract_cases();
std::vector<check_case> speed_cases();
std::vector<check_case> lifecycle_cases();

/// All of them.
std::vector<check_case> all_cases();

/// Times that hold on a plain build are multiplied by this: sanitizers slow everything down.
unsigned sanitizer_factor();

}  // namespace tenon::plugin_check
