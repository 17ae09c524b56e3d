#pragma once

#include "plugin/manifest.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace tenon {

/// Bytes of a plugin that were read once, checked and hashed, and stand in the store. Immutable; shared by all
/// tenants pinned to it.
struct plugin_image {
  std::string name;              ///< what tenants call it: "gam" for gam.so
  std::filesystem::path source;  ///< where ops put it
  std::filesystem::path stored;  ///< the private copy: the only file that is ever mapped
  std::string content_hash;      ///< SHA-256, hex
  std::uint64_t size = 0;
  tenon::manifest manifest;
};

/// A plugin file as ops dropped it, read into memory: not yet trusted.
struct candidate {
  std::string name;
  std::filesystem::path source;
  std::vector<std::byte> bytes;
  std::string content_hash;
};

/// Opens `name`.so in the first of `directories` that has it, once, beneath that directory (openat2 RESOLVE_BENEATH |
/// RESOLVE_NO_MAGICLINKS), reads it once and hashes it. Errors: not there (naming the directories and, by edit
/// distance, what is there), not a regular file, unreadable, too large.
result<candidate> open_candidate(const std::vector<std::filesystem::path>& directories, const std::string& name);

/// The checks on the bytes before anything of them is mapped: ELF geometry (every header and segment inside the file,
/// machine, class, type), the note, compatibility. The full list is the gate's own; this is its seam.
result<manifest> check_candidate(const candidate& file);

/// The private directory of content-named copies.
///
/// Threads     Any, concurrently.
class plugin_store {
 public:
  /// Makes the directory (0700) if it is missing. Errors: cannot be made, not writable, not ours.
  static result<std::shared_ptr<plugin_store>> open(std::filesystem::path directory);

  virtual ~plugin_store() = default;

  /// Checks, then writes the bytes under a content name (temporary file, fsync, rename), once per content. Errors:
  /// those of check_candidate, a full disk, a vanished directory; nothing half-written stays.
  virtual result<std::shared_ptr<const plugin_image>> put(const candidate& file) = 0;
};

/// A second private copy of a stored image under a name and inode of its own: the dynamic loader answers with the old
/// code for a path or an inode that is still mapped. The caller removes it. Errors: those of writing, or the stored
/// copy was changed.
result<std::filesystem::path> copy_stored(const plugin_image& image);

}  // namespace tenon
