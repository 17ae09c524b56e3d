#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace tenon {

/// A name that lies where it is used, unless it is unusually long: comparing it reads no other memory. Immutable.
class inline_name {
 public:
  explicit inline_name(std::string_view name) : size_(static_cast<std::uint32_t>(name.size())) {
    if (size_ > room_.size()) beyond_ = std::make_unique<char[]>(size_);
    name.copy(beyond_ ? beyond_.get() : room_.data(), size_);
  }
  inline_name(const inline_name&) = delete;
  inline_name& operator=(const inline_name&) = delete;

  std::string_view text() const noexcept { return {beyond_ ? beyond_.get() : room_.data(), size_}; }

  /// As text() == other, without a call: two words that overlap, as a rule.
  [[gnu::always_inline]] bool equals(std::string_view other) const noexcept {
    if (other.size() != size_) return false;
    const char* const theirs = other.data();
    if (size_ >= 16 && size_ <= 32) [[likely]] {
      const char* const mine = room_.data();
      return same<16>(mine, theirs) && same<16>(mine + size_ - 16, theirs + size_ - 16);
    }
    const char* const mine = beyond_ ? beyond_.get() : room_.data();
    std::size_t at = 0;
    for (; at + 8 <= size_; at += 8) {
      if (!same<8>(mine + at, theirs + at)) return false;
    }
    for (; at < size_; ++at) {
      if (mine[at] != theirs[at]) return false;
    }
    return true;
  }

 private:
  template <std::size_t Bytes>
  static bool same(const char* left, const char* right) noexcept {
    return std::memcmp(left, right, Bytes) == 0;
  }

  // Four bytes for the size, so that a name of 20 bytes ends with the first cache line of a cache_entry; 36 for a UUID.
  std::uint32_t size_;
  std::array<char, 36> room_{};
  std::unique_ptr<char[]> beyond_;  ///< all of a longer name
};

}  // namespace tenon
