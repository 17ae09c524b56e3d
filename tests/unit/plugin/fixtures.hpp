#pragma once

#include "plugin/image.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::testing {

/// A directory of its own for one test, removed at the end.
class scratch_directory {
 public:
  scratch_directory() {
    auto pattern = (std::filesystem::temp_directory_path() / "tenon-plugin-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = std::filesystem::canonical(pattern);
  }
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;
  ~scratch_directory() {
    std::error_code ignored;
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const noexcept { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline candidate fixture(const std::string& name) {
  auto opened = open_candidate({FIXTURES}, name);
  if (!opened) FAIL(opened.error().operator_detail);
  return std::move(*opened);
}

/// The fixture's file as ops would drop it into a plugin directory: a new file, renamed into place.
inline void drop(const std::string& fixture_name, const std::filesystem::path& target) {
  const auto beside = target.string() + ".new";
  std::filesystem::copy_file(std::filesystem::path(FIXTURES) / (fixture_name + ".so"), beside);
  std::filesystem::rename(beside, target);
}

inline void write_file(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// The candidate with another manifest in the same note. The text must fit into the fixture's.
inline candidate with_manifest(candidate file, std::string_view json) {
  constexpr std::string_view owner{"\1\0\0\0tenon\0\0\0", 12};  // type and name
  const std::string_view all(reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size());
  const auto at = all.find(owner);
  REQUIRE(at != all.npos);
  std::uint32_t size = 0;
  std::memcpy(&size, file.bytes.data() + at - 4, sizeof size);
  auto* descriptor = file.bytes.data() + at + owner.size();
  REQUIRE(json.size() <= size - 16);
  const auto length = static_cast<std::uint32_t>(json.size());
  std::memcpy(descriptor + 12, &length, sizeof length);
  std::memcpy(descriptor + 16, json.data(), json.size());
  return file;
}

inline bool says(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace tenon::testing
