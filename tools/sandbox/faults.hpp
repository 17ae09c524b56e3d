#pragma once

#include "sandbox/answer.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

/// Faults that a test or an operator arms: the next matching requests are slow, refused or never answered.
namespace tenon::sandbox {

enum class dropped : std::uint8_t {
  no,
  before,  ///< never answered, nothing done
  after    ///< done, but never answered: the client cannot know
};

struct fault {
  std::string match;                      ///< a route's name, or "*"
  std::optional<std::string> credential;  ///< none: every one
  std::optional<std::uint64_t> left;      ///< how many requests more; none: until cleared
  double probability = 1;                 ///< of hitting a request that matches
  std::minstd_rand chance{};              ///< the same seed hits the same requests
  std::chrono::milliseconds latency{0};
  std::optional<http::response> response;  ///< instead of what the upstream would have answered; nothing is done
  dropped drop = dropped::no;
  bool reset = false;            ///< what is dropped has its connection reset, and is not left to wait
  http::disruption sent = {};    ///< how the answer goes out
  bool truncated = false;        ///< half of the body, with the right length
  bool expires_tokens = false;   ///< before anything else every access token is worth nothing any more
  std::chrono::seconds skew{0};  ///< how far the upstream's clock is ahead
  std::optional<std::chrono::milliseconds> commits_late;  ///< done so long after the connection was reset
};

/// Reads {"match", "credential", "count", "probability", "seed", "latency_ms", "status", "body", "retry_after_s",
/// "preset", "drop", "cut", "truncate", "drip_ms", "expire_tokens", "clock_skew_s", "late_commit_ms"}. A preset is a
/// whole answer in the upstream's own words: "rate_limited", "unavailable", "no_forecast_yet". Errors: 400 naming the
/// member that is wrong.
fault read_fault(const json::object& given);

class fault_list {
 public:
  void add(fault armed) { armed_.push_back(std::move(armed)); }
  void clear() { armed_.clear(); }

  /// {"faults": [{"match", "what", "left"}]}, for a person to read.
  json::object show() const;

  /// The oldest fault that matches and hits, counted down and dropped when it is used up.
  std::optional<fault> take(std::string_view route, std::string_view credential);

 private:
  std::vector<fault> armed_;
};

}  // namespace tenon::sandbox
