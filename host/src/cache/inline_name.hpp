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
  explicit inline_name(std::string_view name) : size_(name.size()) {
    if (size_ > room_.size()) beyond_ = std::make_unique<char[]>(size_);
    std::memcpy(beyond_ ? beyond_.get() : room_.data(), name.data(), size_);
  }
  inline_name(const inline_name&) = delete;
  inline_name& operator=(const inline_name&) = delete;

  std::string_view text() const noexcept { return {beyond_ ? beyond_.get() : room_.data(), size_}; }

  /// As text() == other, without the call that names of usual lengths do not need: two words that overlap.
  bool equals(std::string_view other) const noexcept {
    if (other.size() != size_) return false;
    const char* const mine = room_.data();
    const char* const theirs = other.data();
    if (size_ >= 16 && size_ <= 32) [[likely]]
      return same<16>(mine, theirs) && same<16>(mine + size_ - 16, theirs + size_ - 16);
    if (size_ >= 8 && size_ < 16) return same<8>(mine, theirs) && same<8>(mine + size_ - 8, theirs + size_ - 8);
    return text() == other;
  }

 private:
  template <std::size_t Bytes>
  static bool same(const char* left, const char* right) noexcept {
    return std::memcmp(left, right, Bytes) == 0;
  }

  std::size_t size_;
  std::array<char, 32> room_{};
  std::unique_ptr<char[]> beyond_;  ///< all of a longer name
};

}  // namespace tenon
