#include "webhooks/webhook_retry.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string_view>

namespace tenon::tenond {
namespace {

using std::chrono::nanoseconds;
using next = webhook_verdict::next;

bool is_passing(unsigned status) noexcept {
  return (status >= 500 && status <= 599) || status == 408 || status == 425 || status == 429;
}

bool is_worth_trying(const http_failure& failure) noexcept { return failure.what != http_failure::kind::invalid; }

std::string_view header(const http_exchange_response& in, std::string_view name) noexcept {
  for (const auto& [each, value] : in.headers) {
    if (each == name) return value;
  }
  return {};
}

/// Seconds, or a date as RFC 9110 has it; anything else says nothing.
nanoseconds asked_pause(std::string_view text, wall_time now, std::chrono::seconds longest) {
  std::uint32_t seconds = 0;
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, seconds);
  if (read.ptr == end && read.ec == std::errc()) return std::min(std::chrono::seconds(seconds), longest);
  if (read.ptr == end && read.ec == std::errc::result_out_of_range) return longest;
  std::tm parts{};
  const std::string date(text);
  const auto* const rest = ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (rest == nullptr || *rest != '\0') return nanoseconds(0);
  // In seconds: the year 9999 has no nanoseconds.
  const std::chrono::seconds until(::timegm(&parts));
  const auto since = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch());
  return std::clamp(until - since, std::chrono::seconds(0), longest);
}

nanoseconds own_pause(std::uint32_t tries, double random, const retry_rules& rules) {
  nanoseconds longest = rules.base;
  for (std::uint32_t each = 1; each < tries && longest < rules.cap; ++each) longest *= 2;
  longest = std::min<nanoseconds>(longest, rules.cap);
  return nanoseconds(static_cast<std::int64_t>(static_cast<double>(longest.count()) * random));
}

std::string describe(const http_result& outcome) {
  if (outcome) return "expected a status of 2xx, found " + std::to_string(outcome->status);
  return outcome.error().message;
}

}  // namespace

webhook_verdict judge(const http_result& outcome, std::uint32_t tries, nanoseconds age, wall_time now, double random,
                      const retry_rules& rules) {
  if (outcome && outcome->status >= 200 && outcome->status <= 299) return {};
  webhook_verdict made{.what = next::give_up, .trouble = describe(outcome)};
  if (!(outcome ? is_passing(outcome->status) : is_worth_trying(outcome.error()))) return made;
  made.pause = own_pause(tries, random, rules);
  if (outcome)
    made.pause = std::max(made.pause, asked_pause(header(*outcome, "retry-after"), now, rules.longest_asked));
  if (tries >= rules.most_tries) {
    made.trouble += "; tried " + std::to_string(tries) + " times";
  } else if (age + made.pause > rules.give_up_after) {
    made.trouble += "; tried for " + std::to_string(rules.give_up_after.count()) + " s";
  } else {
    made.what = next::again;
  }
  return made;
}

}  // namespace tenon::tenond
