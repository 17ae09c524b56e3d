#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tenon {

/// A hash of names under a secret of this process. Tenants' names come from Host headers and paths: who does not know
/// the secret cannot choose names that collide.
///
/// Eight bytes at a time are folded by a 64 x 64 -> 128 bit multiplication, as in wyhash (W. Yi, "wyhash", public
/// domain): a third of the cost of SipHash, and no cryptographic promise. That is enough where answers do not depend on
/// the hash: equal hashes cost a comparison, nothing else.
///
/// Threads     Any, concurrently: immutable.
class keyed_hash {
 public:
  constexpr keyed_hash(std::uint64_t first, std::uint64_t second) noexcept : first_(first), second_(second | 1) {}

  [[gnu::always_inline]] std::uint64_t operator()(std::string_view name) const noexcept {
    const char* at = name.data();
    std::size_t left = name.size();
    std::uint64_t hash = first_ ^ (left * multiplier);
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    if (left > 16) [[likely]] {
      if (left > 32) [[unlikely]] {
        for (; left > 32; left -= 16, at += 16) hash = fold(word(at) ^ second_, word(at + 8) ^ hash);
      }
      hash = fold(word(at) ^ second_, word(at + 8) ^ hash);
      low = word(at + left - 16);  // the last 16 bytes, which overlap those before unless there are 32
      high = word(at + left - 8);
    } else if (left >= 8) {
      low = word(at);
      high = word(at + left - 8);
    } else if (left >= 4) {
      low = half(at);
      high = half(at + left - 4);
    } else if (left > 0) {
      const auto byte = [at](std::size_t index) {
        return static_cast<std::uint64_t>(static_cast<unsigned char>(at[index]));
      };
      low = byte(0) << 16 | byte(left / 2) << 8 | byte(left - 1);
    }
    return fold(fold(low ^ second_, high ^ hash) ^ first_, multiplier);
  }

 private:
  static constexpr std::uint64_t multiplier = 0x9E3779B97F4A7C15;  // 2^64 / golden ratio, odd

  static std::uint64_t word(const char* at) noexcept {
    std::uint64_t read = 0;
    std::memcpy(&read, at, sizeof read);
    return read;
  }

  static std::uint64_t half(const char* at) noexcept {
    std::uint32_t read = 0;
    std::memcpy(&read, at, sizeof read);
    return read;
  }

  static std::uint64_t fold(std::uint64_t left, std::uint64_t right) noexcept {
    __extension__ using wide = unsigned __int128;
    const wide product = static_cast<wide>(left) * right;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }

  std::uint64_t first_;
  std::uint64_t second_;
};

/// A hash under a secret from the kernel's random numbers: another one in every process, and for every call.
keyed_hash make_keyed_hash();

}  // namespace tenon
