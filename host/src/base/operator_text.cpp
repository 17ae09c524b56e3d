#include "base/operator_text.hpp"

#include <array>
#include <chrono>
#include <ctime>

namespace tenon {

const std::string& operator_text(const error& value) noexcept {
  return value.operator_detail.empty() ? value.message : value.operator_detail;
}

std::string utc_text(wall_time when) {
  const auto seconds = std::chrono::system_clock::to_time_t(when);
  std::tm parts{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return "an unknown time";
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%FT%TZ", &parts)};
}

}  // namespace tenon
