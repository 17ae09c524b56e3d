#pragma once

#include <boost/json/object.hpp>

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tenonctl {

/// `tenonctl rollout [start | pause | resume | abort]`: what it asks of tenond, and how the answer is shown.
class rollout_command {
 public:
  explicit rollout_command(CLI::App& app);

  /// What to ask, if the command was given.
  std::optional<boost::json::object> request() const;

 private:
  CLI::App* command_;
  CLI::App* start_;
  CLI::App* pause_;
  CLI::App* resume_;
  CLI::App* abort_;
  std::string plugin_;
  std::string canary_;
  std::vector<std::uint32_t> waves_;
  double watch_seconds_ = 30;
  std::uint64_t min_calls_ = 20;
  double max_fault_increase_ = 0.05;
  double max_slowdown_ = 2;
  bool pause_after_canary_ = false;
};

void print_rollouts(const boost::json::object& answer);

}  // namespace tenonctl
