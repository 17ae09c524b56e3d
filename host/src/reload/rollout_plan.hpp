#pragma once

#include <tenon/rollout.hpp>

#include <optional>
#include <string>
#include <vector>

namespace tenon {

/// A tenant that is to be moved.
struct rollout_candidate {
  std::string tenant;
  bool live = false;        ///< it has a platform, which can show how the new code does
  std::uint64_t calls = 0;  ///< so far
};

/// What is wrong with a request, with what to do; nothing if it is in order.
std::optional<std::string> check_rollout(const rollout_request& request);

/// Who goes in which wave: the canary alone, then as many as each wave says, of all. Live tenants go first, as the
/// others prove nothing; of those the ones with the fewest calls, whom a mistake costs least. Waves without a tenant
/// are left out. Pure.
std::vector<std::vector<std::string>> plan_waves(std::vector<rollout_candidate> tenants,
                                                 const rollout_request& request);

/// What the figures of a wave say.
struct rollout_verdict {
  enum class kind : std::uint8_t { good, bad, unknown };
  kind what = kind::unknown;
  std::string reason = {};
};

/// Compares how calls end now with how they ended before. A tenant that was hardly called before is held to no fault at
/// all and to no time. Pure.
rollout_verdict judge(const call_figures& before, const call_figures& after, const rollout_request& limits);

}  // namespace tenon
