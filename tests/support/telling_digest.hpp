#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tenon::test {

/// 32 bytes that tell every text from every other one: a buyer's second request from the first.
inline std::string telling_digest(std::string_view text) {
  std::uint64_t state = 14695981039346656037U;
  std::string digest;
  for (int round = 0; round < 4; ++round) {
    for (char const each : text) {
      state = (state ^ static_cast<unsigned char>(each)) * 1099511628211U;
    }
    state += 1;
    for (int byte = 0; byte < 8; ++byte) {
      digest += static_cast<char>(state >> (8U * static_cast<unsigned>(byte)));
    }
  }
  return digest;
}

}  // namespace tenon::test
