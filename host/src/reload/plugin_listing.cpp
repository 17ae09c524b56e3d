#include "reload/plugin_listing.hpp"

#include <sys/stat.h>

#include <system_error>

namespace tenon {
namespace {

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

void add_to(std::string& text, const std::filesystem::path& file, std::string_view what) {
  if (!text.empty()) text += ", ";
  text += file.filename().string();
  text += what;
}

}  // namespace

bool is_plugin_file(std::string_view name) noexcept { return name.ends_with(".so") || name.ends_with(".so.sig"); }

plugin_listing list_plugins(const std::vector<std::filesystem::path>& directories) {
  plugin_listing found;
  for (const auto& directory : directories) {
    std::error_code failed;
    std::filesystem::directory_iterator at(directory, failed);
    for (; !failed && at != std::filesystem::directory_iterator(); at.increment(failed)) {
      struct stat is {};
      const auto& file = at->path();
      if (!is_plugin_file(file.filename().native()) || ::stat(file.c_str(), &is) != 0 || !S_ISREG(is.st_mode)) continue;
      found.emplace(file, file_stamp{.device = is.st_dev,
                                     .inode = is.st_ino,
                                     .size = static_cast<std::uint64_t>(is.st_size),
                                     .modified = nanoseconds(is.st_mtim),
                                     .changed = nanoseconds(is.st_ctim)});
    }
  }
  return found;
}

std::string describe_difference(const plugin_listing& before, const plugin_listing& after) {
  std::string text;
  for (const auto& [file, stamp] : after) {
    const auto old = before.find(file);
    if (old == before.end())
      add_to(text, file, " added");
    else if (old->second != stamp)
      add_to(text, file, " replaced");
  }
  for (const auto& [file, stamp] : before) {
    if (!after.contains(file)) add_to(text, file, " gone");
  }
  return text;
}

}  // namespace tenon
