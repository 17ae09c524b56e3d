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

namespace {

std::chrono::milliseconds milliseconds_of(const json::object& given, std::string_view name) {
  const auto value = integer_of(given, name);
  if (value < 0 || value > 600'000) refuse(std::string(name) + ": expected 0 to 600000");
  return std::chrono::milliseconds(value);
}

void read_drop(const json::object& given, fault& into) {
  const auto drop = text_of(given, "drop");
  into.reset = drop.starts_with("reset_");
  if (drop == "before" || drop == "reset_before")
    into.drop = dropped::before;
  else if (drop == "after" || drop == "reset_after")
    into.drop = dropped::after;
  else if (given.contains("drop"))
    refuse("drop: expected before, after, reset_before or reset_after");
  if (!given.contains("late_commit_ms")) return;
  into.commits_late = milliseconds_of(given, "late_commit_ms");
  into.drop = dropped::before;
  into.reset = true;
}

void read_sending(const json::object& given, fault& into) {
  into.latency = milliseconds_of(given, "latency_ms");
  into.sent.drip = milliseconds_of(given, "drip_ms");
  if (text_of(given, "cut") == "body")
    into.sent.reset = http::disruption::cut::in_body;
  else if (given.contains("cut"))
    refuse("cut: expected body");
  into.truncated = flag_of(given, "truncate");
}

void read_aim(const json::object& given, fault& into) {
  into.match = text_of(given, "match");
  if (into.match.empty()) refuse("match: expected a route such as \"POST /token\", or \"*\"");
  if (given.contains("credential")) into.credential = text_of(given, "credential");
  if (given.contains("count")) {
    const auto count = integer_of(given, "count");
    if (count < 1) refuse("count: expected at least 1");
    into.left = static_cast<std::uint64_t>(count);
  }
  into.probability = number_of(given, "probability", 1);
  if (into.probability < 0 || into.probability > 1) refuse("probability: expected 0 to 1");
  into.chance.seed(static_cast<std::uint32_t>(integer_of(given, "seed", 1)));
}

}  // namespace

fault read_fault(const json::object& given) {
  constexpr std::array<std::string_view, 17> known{
      "match",    "credential", "count",         "probability",  "seed",          "latency_ms",
      "status",   "body",       "retry_after_s", "preset",       "drop",          "cut",
      "truncate", "drip_ms",    "expire_tokens", "clock_skew_s", "late_commit_ms"};
  for (const auto& [key, value] : given)
    if (std::ranges::count(known, std::string_view(key)) == 0) refuse("unknown member of a fault: " + std::string(key));
  fault made;
  read_aim(given, made);
  read_drop(given, made);
  read_sending(given, made);
  made.response = canned_answer(given, made.match.find(" /kevel/") != std::string::npos);
  made.expires_tokens = flag_of(given, "expire_tokens");
  made.skew = std::chrono::seconds(integer_of(given, "clock_skew_s"));
  return made;
}

json::object fault_list::show() const {
  json::array all;
  for (const auto& each : armed_) {
    std::string what;
    const auto add = [&what](const std::string& part) { what += (what.empty() ? "" : ", ") + part; };
    if (each.response) add("answers " + std::to_string(each.response->status));
    if (each.commits_late)
      add("done " + std::to_string(each.commits_late->count()) + " ms after a reset");
    else if (each.drop != dropped::no) {
      add(std::string(each.reset ? "reset " : "no answer, ") + (each.drop == dropped::before ? "before" : "after") +
          " it is done");
    }
    if (each.latency.count() > 0) add(std::to_string(each.latency.count()) + " ms late");
    if (each.sent.reset == http::disruption::cut::in_body) add("reset in the body");
    if (each.sent.drip.count() > 0) add("in pieces");
    if (each.truncated) add("half of the body");
    if (each.expires_tokens) add("tokens expire");
    if (each.skew.count() != 0) add("clock " + std::to_string(each.skew.count()) + " s ahead");
    if (each.probability < 1) add("hits " + std::to_string(each.probability));
    json::object shown{{"match", each.match}, {"what", what}};
    if (each.left) shown["left"] = *each.left;
    all.push_back(std::move(shown));
  }
  return {{"faults", std::move(all)}};
}

std::optional<fault> fault_list::take(std::string_view route, std::string_view credential) {
  const auto hits = [&](fault& each) {
    if (each.match != "*" && each.match != route) return false;
    if (each.credential && *each.credential != credential) return false;
    constexpr double range = static_cast<double>(std::minstd_rand::max()) + 1;
    return each.probability >= 1 || static_cast<double>(each.chance()) / range < each.probability;
  };
  const auto at = std::ranges::find_if(armed_, hits);
  if (at == armed_.end()) return {};
  auto made = *at;
  if (at->left && --*at->left == 0) armed_.erase(at);
  return made;
}

}  // namespace tenon::sandbox
