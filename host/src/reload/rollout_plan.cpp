#include "reload/rollout_plan.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <tuple>

namespace tenon {
namespace {

std::string per_cent(double part) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * part);
  return text;
}

std::string milliseconds(std::chrono::nanoseconds time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f ms", std::chrono::duration<double, std::milli>(time).count());
  return text;
}

}  // namespace

std::optional<std::string> check_rollout(const rollout_request& request) {
  const auto& waves = request.waves;
  const bool rising = std::ranges::adjacent_find(waves, std::greater_equal<>()) == waves.end();
  if (waves.empty() || !rising || waves.front() == 0 || waves.back() != 100)
    return "expected waves of rising percentages of which the last is 100, such as 10,50,100";
  if (!(request.max_fault_increase >= 0 && request.max_fault_increase <= 1))
    return "expected a fault increase from 0 to 1, found " + std::to_string(request.max_fault_increase);
  if (!(request.max_slowdown == 0 || request.max_slowdown >= 1))
    return "expected a slowdown of 0 (any) or at least 1, found " + std::to_string(request.max_slowdown);
  if (request.watch < std::chrono::milliseconds(0)) return std::string("expected a time to watch of at least 0");
  return std::nullopt;
}

std::vector<std::vector<std::string>> plan_waves(std::vector<rollout_candidate> tenants,
                                                 const rollout_request& request) {
  std::ranges::stable_sort(tenants, [&](const rollout_candidate& left, const rollout_candidate& right) {
    const auto rank = [&](const rollout_candidate& of) {
      return std::tuple(of.tenant != request.canary, !of.live, of.calls);
    };
    return rank(left) < rank(right);
  });
  std::vector<std::vector<std::string>> waves;
  std::size_t taken = 0;
  const auto take_until = [&](std::size_t count) {
    std::vector<std::string> wave;
    for (; taken < count; ++taken) wave.push_back(tenants[taken].tenant);
    if (!wave.empty()) waves.push_back(std::move(wave));
  };
  take_until(std::min<std::size_t>(tenants.size(), 1));
  for (const auto part : request.waves) take_until((tenants.size() * part + 99) / 100);
  return waves;
}

rollout_verdict judge(const call_figures& before, const call_figures& after, const rollout_request& limits) {
  using kind = rollout_verdict::kind;
  const bool enough = after.calls >= std::max<std::uint64_t>(limits.min_calls, 1);
  if (!enough) return {.what = limits.min_calls == 0 ? kind::good : kind::unknown};
  const auto allowed = before.fault_ratio() + limits.max_fault_increase;
  if (after.fault_ratio() > allowed) {
    return {.what = kind::bad,
            .reason = per_cent(after.fault_ratio()) + " of " + std::to_string(after.calls) +
                      " calls failed, before it were " + per_cent(before.fault_ratio()) + ", allowed are " +
                      per_cent(allowed)};
  }
  const bool comparable = before.calls >= std::max<std::uint64_t>(limits.min_calls, 1);
  if (limits.max_slowdown == 0 || !comparable) return {.what = kind::good};
  const double slowdown = static_cast<double>(after.mean_time().count()) /
                          static_cast<double>(std::max<std::int64_t>(before.mean_time().count(), 1));
  if (slowdown <= limits.max_slowdown) return {.what = kind::good};
  return {.what = kind::bad,
          .reason =
              "calls take " + milliseconds(after.mean_time()) + ", before it were " + milliseconds(before.mean_time())};
}

std::string_view to_string(rollout_status::phase value) noexcept {
  using phase = rollout_status::phase;
  switch (value) {
    case phase::moving: return "moving";
    case phase::watching: return "watching";
    case phase::paused: return "paused";
    case phase::rolling_back: return "rolling back";
    case phase::done: return "done";
    case phase::rolled_back: return "rolled back";
    case phase::stopped: return "stopped";
  }
  return "stopped";
}

}  // namespace tenon
