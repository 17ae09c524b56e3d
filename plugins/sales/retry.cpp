#include "retry.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace tenon::sales {
namespace {

constexpr int most_attempts = 4;
constexpr std::chrono::seconds longest_wait{16};
constexpr std::chrono::seconds handshake_patience{2};
constexpr std::chrono::seconds longest_exchange{30};
constexpr std::chrono::milliseconds least_exchange{500};
constexpr std::chrono::seconds longest_turn{60};  // that a call without a deadline waits for

// "Sun, 06 Nov 1994 08:49:37 GMT", the only form a server may send today.
std::optional<instant> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  auto const month = std::find(months.begin(), months.end(), text.substr(8, 3));
  if (month == months.end()) {
    return std::nullopt;
  }
  auto const number = std::to_string(100 + (month - months.begin()) + 1).substr(1);
  return parse_instant(std::string(text.substr(12, 4)) + "-" + number + "-" + std::string(text.substr(5, 2)) + "T" +
                       std::string(text.substr(17, 8)) + "Z");
}

// A success that is no JSON object, by its two ends: it broke off, or somebody else answered.
bool is_torn(sdk::http_response const& response) {
  auto const& body = response.body();
  auto const first = body.find_first_not_of(" \t\r\n");
  auto const last = body.find_last_not_of(" \t\r\n");
  return response.status() < 300 && (first == std::string::npos || body[first] != '{' || body[last] != '}');
}

}  // namespace

std::optional<std::chrono::seconds> parse_retry_after(std::string_view text, instant now) {
  std::int64_t seconds = 0;
  auto const read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (!text.empty() && read.ec == std::errc{} && read.ptr == text.data() + text.size()) {
    return seconds >= 0 ? std::optional{std::chrono::seconds{std::min<std::int64_t>(seconds, 86400)}} : std::nullopt;
  }
  auto const date = parse_http_date(text);
  return date && *date >= now ? std::optional{*date - now} : std::nullopt;
}

std::chrono::milliseconds backoff(int attempt, double chance) {
  constexpr std::chrono::milliseconds base{250};
  constexpr std::chrono::milliseconds cap{5000};
  auto const bound = std::min(cap, base * (std::int64_t{1} << std::clamp(attempt, 0, 10)));
  return std::chrono::milliseconds{static_cast<std::int64_t>(static_cast<double>(bound.count()) * chance)};
}

bool may_repeat(sdk::http_response const& response, bool reads) {
  if (!response.arrived()) {
    return reads || response.phase() == sdk::http_phase::not_sent;
  }
  return response.status() == 429 || (reads && (response.status() >= 500 || is_torn(response)));
}

bool may_have_taken_effect(sdk::http_response const& response) {
  if (!response.arrived()) {
    return response.phase() != sdk::http_phase::not_sent;
  }
  return response.status() >= 500;
}

deadline handshake_deadline(sdk::platform_context const& context) {
  return context.time().steady() + handshake_patience;
}

std::chrono::milliseconds patient_http::pause_after(sdk::http_response const& response, int attempt) const {
  auto const now = std::chrono::floor<std::chrono::seconds>(context_.time().wall());
  if (auto const asked = parse_retry_after(response.header("retry-after"), now)) {
    return std::min<std::chrono::seconds>(*asked, longest_wait);
  }
  auto const bytes = context_.crypto().random(2);
  auto const drawn = static_cast<unsigned char>(bytes[0]) * 256 + static_cast<unsigned char>(bytes[1]);
  return backoff(attempt, drawn / 65536.0);
}

std::chrono::nanoseconds patient_http::time_left(deadline until) const {
  return until ? std::chrono::nanoseconds(*until - context_.time().steady()) : std::chrono::nanoseconds::max();
}

sdk::task<sdk::http_response> patient_http::send(sdk::http_request request, deadline until) const {
  auto const reads = request.method() == "GET";
  for (int attempt = 0;; ++attempt) {
    if (limit_) {
      auto account = *limit_;
      // A turn that leaves no time for the exchange helps nobody. The same time for all: by a part of what is left, who
      // comes later would have more patience.
      auto const patience = std::min<std::chrono::nanoseconds>(time_left(until) - least_exchange, longest_turn);
      co_await context_.limiter().turn(std::move(account), patience);
    }
    auto once = request;
    std::chrono::nanoseconds longest = longest_exchange;
    if (by_deadline_ == bounded::exchanges) {
      longest = std::clamp<std::chrono::nanoseconds>(time_left(until), std::chrono::milliseconds{1}, longest_exchange);
    }
    once.timeout(std::chrono::ceil<std::chrono::milliseconds>(longest));
    auto response = co_await context_.http().send(std::move(once));
    if (!may_repeat(response, reads)) {
      co_return response;
    }
    auto const pause = pause_after(response, attempt);
    auto const counts = limit_ && response.arrived() && response.status() == 429;
    if (counts) {
      context_.limiter().hold(limit_->account(), pause);
    }
    if (attempt + 1 == most_attempts || pause >= time_left(until)) {
      co_return response;
    }
    if (!counts) {
      co_await context_.timers().sleep(pause);
    }
  }
}

}  // namespace tenon::sales
