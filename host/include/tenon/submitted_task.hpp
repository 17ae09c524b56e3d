#pragma once

#include <tenon/clock.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace tenon {

/// A task that a plugin submitted (task/1): what is needed to go on with it, and how it ended. A value.
struct submitted_task {
  enum class state : std::uint8_t { submitted = 0, completed = 1, failed = 2 };

  std::string id = {};  ///< for the buyer; cannot be guessed
  std::string tenant = {};
  std::string task = {};  ///< AdCP tool name
  std::string account_id = {};
  std::string principal = {};
  std::string trace_id = {};
  std::string idempotency_key = {};
  std::string request = {};   ///< JSON
  std::string resume = {};    ///< the plugin's own bytes
  std::uint32_t attempt = 0;  ///< how often it was gone on with
  wall_time due{};            ///< when it is gone on with, if it is submitted
  state now = state::submitted;
  std::string message = {};  ///< for the buyer: what it waits for
  std::string trouble = {};  ///< for the operator: why the last attempt did not end it, or why it failed
  std::string outcome = {};  ///< completed: the response; failed: the error as AdCP has it; JSON
  wall_time created{};
  wall_time updated{};
};

std::string_view to_string(submitted_task::state value) noexcept;

}  // namespace tenon
