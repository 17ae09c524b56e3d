#include "rollout_command.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <cstdio>

namespace tenonctl {
namespace {

namespace json = boost::json;

std::string text(const json::object& object, const char* key) {
  const auto& value = object.at(key);
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

std::string figures(const json::object& of) {
  char line[96];
  std::snprintf(line, sizeof line, "%s calls, %s faults, %.2f ms", text(of, "calls").c_str(),
                text(of, "faults").c_str(), of.at("mean_ms").to_number<double>());
  return line;
}

}  // namespace

rollout_command::rollout_command(CLI::App& app) {
  command_ = app.add_subcommand("rollout", "how rollouts of plugins stand; with a subcommand: begin or steer one");
  command_->require_subcommand(0, 1);
  start_ = command_->add_subcommand("start",
                                    "move the tenants of a plugin to the file that lies in the plugin directory, in "
                                    "waves, and back if they fare worse");
  pause_ = command_->add_subcommand("pause", "move nobody for now");
  resume_ = command_->add_subcommand("resume", "go on with one that is paused");
  abort_ = command_->add_subcommand("abort", "move everybody back");
  for (auto* each : {start_, pause_, resume_, abort_})
    each->add_option("plugin", plugin_, "its name, the file without .so")->required();
  start_->add_option("--canary", canary_, "the tenant that goes first (the one with the fewest calls)");
  start_->add_option("--waves", waves_, "per cent of the tenants moved by each wave after it (10,50,100)")
      ->delimiter(',');
  start_->add_option("--watch-seconds", watch_seconds_, "how long a wave is watched before the next")
      ->check(CLI::Range(0.0, 86400.0))
      ->capture_default_str();
  start_
      ->add_option("--min-calls", min_calls_,
                   "fewer calls of a wave's tenants are too few to judge: it pauses; 0: it goes on")
      ->capture_default_str();
  start_->add_option("--max-fault-increase", max_fault_increase_, "how much more of the calls may fail than before")
      ->capture_default_str();
  start_->add_option("--max-slowdown", max_slowdown_, "how many times as long a call may take on average; 0: any")
      ->capture_default_str();
  start_->add_flag("--pause-after-canary", pause_after_canary_, "wait for resume or abort when the canary does well");
}

std::optional<boost::json::object> rollout_command::request() const {
  if (!command_->parsed()) return std::nullopt;
  json::object asked{{"command", "rollout"}};
  for (const auto* each : {start_, pause_, resume_, abort_}) {
    if (!each->parsed()) continue;
    asked["action"] = each->get_name();
    asked["plugin"] = plugin_;
  }
  if (!start_->parsed()) return asked;
  if (!canary_.empty()) asked["canary"] = canary_;
  if (!waves_.empty()) asked["waves"] = json::array(waves_.begin(), waves_.end());
  asked["watch_ms"] = static_cast<std::int64_t>(watch_seconds_ * 1000);
  asked["min_calls"] = min_calls_;
  asked["max_fault_increase"] = max_fault_increase_;
  asked["max_slowdown"] = max_slowdown_;
  asked["pause_after_canary"] = pause_after_canary_;
  return asked;
}

void print_rollouts(const boost::json::object& answer) {
  const auto* all = answer.if_contains("rollouts");
  if (all == nullptr) return;
  if (all->as_array().empty()) std::printf("no plugin has been rolled out\n");
  for (const auto& each : all->as_array()) {
    const auto& one = each.as_object();
    std::printf("%s %s (%s): %s, wave %lld of %s, %zu tenants moved, %zu waiting\n", text(one, "plugin").c_str(),
                text(one, "version").c_str(), text(one, "content_hash").substr(0, 12).c_str(),
                text(one, "phase").c_str(), static_cast<long long>(one.at("wave").to_number<std::int64_t>() + 1),
                text(one, "waves").c_str(), one.at("moved").as_array().size(), one.at("waiting").as_array().size());
    std::printf("  before  %s\n  after   %s\n", figures(one.at("before").as_object()).c_str(),
                figures(one.at("after").as_object()).c_str());
    if (!text(one, "reason").empty()) std::printf("  %s\n", text(one, "reason").c_str());
  }
}

}  // namespace tenonctl
