#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

/// What tells two states of a file apart without reading it. Times are in nanoseconds.
struct file_stamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified = 0;
  std::int64_t changed = 0;  ///< of the inode, which owner and mode belong to; nobody can set it back

  friend bool operator==(const file_stamp&, const file_stamp&) = default;
};

/// The plugin files and signatures of some directories at one moment, by path. A value.
using plugin_listing = std::map<std::filesystem::path, file_stamp>;

/// Whether a file of this name is a plugin or a signature: NAME.so or NAME.so.sig.
bool is_plugin_file(std::string_view name) noexcept;

/// Follows symbolic links. What is not there or cannot be looked at is not listed, directories included.
///
/// Cost: blocks on the file system; one stat for each plugin file, nothing is opened but the directories.
plugin_listing list_plugins(const std::vector<std::filesystem::path>& directories);

/// "gam.so replaced, harbor.so added, kevel.so gone"; empty if nothing differs.
std::string describe_difference(const plugin_listing& before, const plugin_listing& after);

}  // namespace tenon
