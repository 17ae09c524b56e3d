#include "sandbox/quotas.hpp"

#include "sandbox/answer.hpp"

#include <algorithm>
#include <array>

namespace tenon::sandbox {
namespace {

constexpr double most = 1'000'000;

double read_amount(const json::object& given, std::string_view name, double missing) {
  const auto amount = number_of(given, name, missing);
  if (amount >= 0 && amount <= most) return amount;
  throw refused(json_answer(400, json::object{{"error", std::string(name) + ": expected 0 to 1000000"}}));
}

}  // namespace

void quota::set(double per_second, double burst) {
  per_second_ = per_second;
  burst_ = std::max(burst, 1.0);
  accounts_.clear();
}

bool quota::take(const std::string& account, steady_time now) {
  if (per_second_ <= 0) return true;
  const auto [at, fresh] = accounts_.try_emplace(account, bucket{burst_, now});
  auto& held = at->second;
  const std::chrono::duration<double> passed = now - held.since;
  held.tokens = std::min(burst_, held.tokens + passed.count() * per_second_);
  held.since = now;
  if (held.tokens < 1) return false;
  held.tokens -= 1;
  return true;
}

void read_limits(const json::object& given, quotas& into) {
  constexpr std::array<std::string_view, 4> known{"gam_per_second", "gam_burst", "kevel_per_second", "kevel_burst"};
  for (const auto& [key, value] : given) {
    if (std::ranges::count(known, std::string_view(key)) == 0)
      throw refused(json_answer(400, json::object{{"error", "unknown member of limits: " + std::string(key)}}));
  }
  const auto read = [&](const char* rate, const char* burst, quota& of) {
    if (!given.contains(rate)) return;
    const auto per_second = read_amount(given, rate, 0);
    of.set(per_second, read_amount(given, burst, per_second));
  };
  read("gam_per_second", "gam_burst", into.gam);
  read("kevel_per_second", "kevel_burst", into.kevel);
}

}  // namespace tenon::sandbox
