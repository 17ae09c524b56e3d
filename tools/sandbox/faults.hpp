#pragma once

#include "sandbox/answer.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
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
  std::chrono::milliseconds latency{0};
  std::optional<http::response> response;  ///< instead of what the upstream would have answered; nothing is done
  dropped drop = dropped::no;
};

/// Reads {"match", "credential", "count", "latency_ms", "status", "body", "retry_after_s", "preset", "drop"}. A preset
/// is a whole answer in the upstream's own words: "rate_limited", "unavailable", "no_forecast_yet". Errors: 400 naming
/// the member that is wrong.
fault read_fault(const json::object& given);

class fault_list {
 public:
  void add(fault armed) { armed_.push_back(std::move(armed)); }
  void clear() { armed_.clear(); }

  /// The oldest fault that matches, counted down and dropped when it is used up.
  std::optional<fault> take(std::string_view route, std::string_view credential);

 private:
  std::vector<fault> armed_;
};

}  // namespace tenon::sandbox
