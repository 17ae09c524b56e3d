#pragma once

#include <tenon/error.hpp>
#include <tenon/unique_function.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

/// How calls of some tenants ended: what a rollout is judged by.
struct call_figures {
  std::uint64_t calls = 0;
  std::uint64_t faults = 0;         ///< ended with SERVICE_UNAVAILABLE, INTERNAL_ERROR or CONFIGURATION_ERROR
  std::chrono::nanoseconds time{};  ///< that they took, added up

  double fault_ratio() const noexcept {
    return calls == 0 ? 0 : static_cast<double>(faults) / static_cast<double>(calls);
  }
  std::chrono::nanoseconds mean_time() const noexcept {
    return calls == 0 ? time : time / static_cast<std::int64_t>(calls);
  }
};

/// Moves the tenants of a plugin to the bytes that lie in the plugin directory now, some at a time, and all of them
/// back if those that were moved fare worse than before.
struct rollout_request {
  std::string plugin = {};
  std::string canary = {};  ///< the tenant that goes first; empty: the one with the fewest calls
  std::vector<std::uint32_t> waves = {10, 50, 100};  ///< after the canary: how many per cent are moved by each, rising
  std::chrono::milliseconds watch{30'000};           ///< how long each wave is watched before the next
  std::uint64_t min_calls = 20;      ///< of a wave's tenants while it is watched; fewer: it pauses. 0: it goes on
  double max_fault_increase = 0.05;  ///< of the part of calls with a fault
  double max_slowdown = 2;           ///< of the mean time of a call; 0: any
  bool pause_after_canary = false;
};

struct rollout_status {
  enum class phase : std::uint8_t {
    moving,
    watching,
    paused,  ///< asked to, or too few calls to judge: resume or abort
    rolling_back,
    done,
    rolled_back,  ///< every tenant has what it had, and these bytes are not taken again until somebody asks for them
    stopped,      ///< in the middle, by the end of the host, or as a tenant could not be moved back
  };

  std::string plugin = {};
  std::string version = {};       ///< of the new bytes
  std::string content_hash = {};  ///< SHA-256, hex
  phase now = phase::moving;
  std::uint32_t wave = 0;   ///< 0: the canary
  std::uint32_t waves = 0;  ///< the canary's included
  std::vector<std::string> moved = {};
  std::vector<std::string> waiting = {};
  call_figures before = {};  ///< of the wave's tenants, since the host started until they were moved
  call_figures after = {};   ///< of the wave's tenants, since then
  std::string reason = {};   ///< why it paused, stopped or went back
};

std::string_view to_string(rollout_status::phase value) noexcept;

using rollout_handler = unique_function<void(result<void>)>;

}  // namespace tenon
