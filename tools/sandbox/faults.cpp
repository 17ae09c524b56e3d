#include "sandbox/faults.hpp"

#include "sandbox/gam/error.hpp"

#include <algorithm>
#include <array>

namespace tenon::sandbox {
namespace {

[[noreturn]] void refuse(const std::string& text) { throw refused(json_answer(400, json::object{{"error", text}})); }

http::response preset_answer(std::string_view name, bool kevel) {
  const auto kevel_answer = [](unsigned status, std::string_view text) {
    return json_answer(status, json::object{{"message", text}});
  };
  if (name == "rate_limited")
    return kevel ? kevel_answer(429, "Too many requests")
                 : gam::failure(429, "RESOURCE_EXHAUSTED", "Quota exceeded for requests per second of this network.")
                       .answer();
  if (name == "unavailable")
    return kevel ? kevel_answer(503, "Service unavailable")
                 : gam::failure(503, "UNAVAILABLE", "The service is currently unavailable.").answer();
  if (name == "no_forecast_yet" && !kevel)
    return gam::broken_rule("ForecastError", "NO_FORECAST_YET", "The forecast of a new line item is not ready.")
        .answer();
  refuse("preset: expected rate_limited, unavailable or, for GAM, no_forecast_yet, found " + std::string(name));
}

std::optional<http::response> canned_answer(const json::object& given, bool kevel) {
  std::optional<http::response> made;
  if (given.contains("preset")) made = preset_answer(text_of(given, "preset"), kevel);
  if (given.contains("status")) {
    const auto status = integer_of(given, "status");
    if (status < 200 || status > 599) refuse("status: expected 200 to 599");
    const auto* body = given.if_contains("body");
    if (body && body->is_string())
      made = http::response{.status = static_cast<unsigned>(status),
                            .headers = {{"content-type", "text/html"}},
                            .body = std::string(body->get_string())};
    else
      made = json_answer(static_cast<unsigned>(status), body ? *body : json::value(json::object()));
  }
  if (made && given.contains("retry_after_s"))
    made->headers.emplace_back("retry-after", std::to_string(integer_of(given, "retry_after_s")));
  return made;
}

}  // namespace

fault read_fault(const json::object& given) {
  constexpr std::array known{
      std::string_view("match"),         std::string_view("credential"), std::string_view("count"),
      std::string_view("latency_ms"),    std::string_view("status"),     std::string_view("body"),
      std::string_view("retry_after_s"), std::string_view("preset"),     std::string_view("drop")};
  for (const auto& [key, value] : given)
    if (std::ranges::count(known, std::string_view(key)) == 0) refuse("unknown member of a fault: " + std::string(key));
  fault made;
  made.match = text_of(given, "match");
  if (made.match.empty()) refuse("match: expected a route such as \"POST /token\", or \"*\"");
  if (given.contains("credential")) made.credential = text_of(given, "credential");
  if (given.contains("count")) {
    const auto count = integer_of(given, "count");
    if (count < 1) refuse("count: expected at least 1");
    made.left = static_cast<std::uint64_t>(count);
  }
  const auto latency = integer_of(given, "latency_ms");
  if (latency < 0 || latency > 600'000) refuse("latency_ms: expected 0 to 600000");
  made.latency = std::chrono::milliseconds(latency);
  made.response = canned_answer(given, made.match.find(" /kevel/") != std::string::npos);
  const auto drop = text_of(given, "drop");
  if (drop == "before")
    made.drop = dropped::before;
  else if (drop == "after")
    made.drop = dropped::after;
  else if (given.contains("drop"))
    refuse("drop: expected before or after");
  return made;
}

std::optional<fault> fault_list::take(std::string_view route, std::string_view credential) {
  const auto at = std::ranges::find_if(armed_, [&](const fault& each) {
    return (each.match == "*" || each.match == route) && (!each.credential || *each.credential == credential);
  });
  if (at == armed_.end()) return {};
  auto made = *at;
  if (at->left && --*at->left == 0) armed_.erase(at);
  return made;
}

}  // namespace tenon::sandbox
