#pragma once

#include <unistd.h>
#include <filesystem>
#include <string>

namespace tenon::testing {

/// A place for state, not made yet; removed at the end.
class state_directory {
 public:
  state_directory() : root_(std::filesystem::temp_directory_path() / name()) {}
  state_directory(const state_directory&) = delete;
  state_directory& operator=(const state_directory&) = delete;
  ~state_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  const std::filesystem::path& root() const { return root_; }

 private:
  static std::string name() {
    static int count = 0;
    return "tenon-state-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
  }

  std::filesystem::path root_;
};

}  // namespace tenon::testing
