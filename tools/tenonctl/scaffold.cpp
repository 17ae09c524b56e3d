#include "scaffold.hpp"

#include "plugin/file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

namespace tenonctl {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view template_name = "example";

/// The text with the plugin's name in place of the template's; a host name such as ads.example stays.
std::string renamed(std::string_view text, std::string_view name) {
  std::string made;
  for (std::size_t at = 0; at < text.size();) {
    const auto found = std::min(text.find(template_name, at), text.size());
    made += text.substr(at, found - at);
    at = found;
    if (at == text.size()) break;
    const bool host_name = at > 0 && text[at - 1] == '.';
    made += host_name ? template_name : name;
    at += template_name.size();
  }
  return made;
}

std::string cannot(const fs::path& path, int number) {
  return path.string() + ": cannot be made: " + tenon::describe_errno(number);
}

/// Fills an empty directory. Why not, or nothing.
std::string fill(const fs::path& directory, const std::string& name) {
  for (const auto& [file_name, text] : template_files()) {
    const auto path = directory / renamed(file_name, name);
    std::ofstream file(path, std::ios::binary);
    file << renamed(text, name);
    file.close();
    if (!file) return cannot(path, errno);
  }
  const auto mask = ::umask(022);
  ::umask(mask);
  return ::chmod(directory.c_str(), 0777 & ~mask) == 0 ? std::string() : cannot(directory, errno);
}

}  // namespace

std::string why_not_a_name(std::string_view name) {
  constexpr std::size_t longest = 64;
  constexpr std::array<std::string_view, 6> of_cmake{"all", "clean", "help", "install", "package", "test"};
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto allowed = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; };
  if (name.empty() || name.size() > longest || !letter(name.front()) || !std::ranges::all_of(name, allowed)) {
    return "expected a name of lower-case letters, digits and _ that begins with a letter and is no longer than " +
           std::to_string(longest) + ", found \"" + std::string(name.substr(0, 2 * longest)) + "\"";
  }
  if (std::ranges::find(of_cmake, name) != of_cmake.end() || name.starts_with("tenon")) {
    return "expected a name that is free, found \"" + std::string(name) +
           "\", which CMake or tenon uses itself; choose another";
  }
  return {};
}

std::string scaffold(const std::string& name, const fs::path& target) {
  const auto absolute = fs::absolute(target);
  auto beside = (absolute.parent_path() / ("." + name + ".XXXXXX")).string();
  if (!::mkdtemp(beside.data())) {
    return target.string() + ": expected a directory " + absolute.parent_path().string() +
           " that can be written to, found: " + tenon::describe_errno(errno);
  }
  auto wrong = fill(beside, name);
  if (wrong.empty() && ::renameat2(AT_FDCWD, beside.c_str(), AT_FDCWD, absolute.c_str(), RENAME_NOREPLACE) != 0) {
    wrong = errno == EEXIST ? target.string() +
                                  ": expected no such file or directory yet, found one; choose another "
                                  "name or --dir"
                            : cannot(target, errno);
  }
  std::error_code code;
  if (!wrong.empty()) fs::remove_all(beside, code);
  return wrong;
}

}  // namespace tenonctl
