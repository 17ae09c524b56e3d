#pragma once

#include <string>
#include <utility>

namespace tenon {

/// Owns a file descriptor. Move-only; -1 is none.
class file_descriptor {
 public:
  file_descriptor() = default;
  explicit file_descriptor(int owned) noexcept : fd_(owned) {}
  file_descriptor(file_descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  file_descriptor& operator=(file_descriptor&& other) noexcept;
  ~file_descriptor();

  explicit operator bool() const noexcept { return fd_ >= 0; }
  int get() const noexcept { return fd_; }

 private:
  int fd_ = -1;
};

/// "No space left on device (ENOSPC)".
std::string describe_errno(int number);

}  // namespace tenon
