#include "base/file_descriptor.hpp"

#include <unistd.h>
#include <cstring>

namespace tenon {

file_descriptor& file_descriptor::operator=(file_descriptor&& other) noexcept {
  if (this == &other) return *this;
  if (fd_ >= 0) ::close(fd_);
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

file_descriptor::~file_descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

std::string describe_errno(int number) {
  const char* name = ::strerrorname_np(number);
  const char* text = ::strerrordesc_np(number);
  return std::string(text ? text : "unknown error") + " (" + (name ? name : std::to_string(number)) + ")";
}

}  // namespace tenon
