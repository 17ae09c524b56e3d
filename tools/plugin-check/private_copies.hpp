#pragma once

#include <tenon/error.hpp>

#include <array>
#include <cstddef>
#include <filesystem>
#include <span>
#include <utility>

namespace tenon::plugin_check {

/// Two files of the same bytes in a directory of our own (0700, beneath TMPDIR or /tmp), gone with this.
class private_copies {
 public:
  /// Errors: the directory or a file cannot be written.
  static result<private_copies> make(std::span<const std::byte> bytes);

  private_copies(private_copies&& other) noexcept : paths_(std::move(other.paths_)) { other.paths_ = {}; }
  private_copies& operator=(private_copies&&) = delete;
  ~private_copies();

  const std::array<std::filesystem::path, 2>& paths() const noexcept { return paths_; }

 private:
  explicit private_copies(const std::filesystem::path& directory)
      : paths_{directory / "generation-1.so", directory / "generation-2.so"} {}

  std::array<std::filesystem::path, 2> paths_;
};

}  // namespace tenon::plugin_check
