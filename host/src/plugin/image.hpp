#pragma once

#include "catalog/catalog.hpp"
#include "plugin/manifest.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace tenon {

/// What an operator wants to know of a file that passed the gate.
struct gate_report {
  std::uint64_t writable_bytes = 0;  ///< its variables, which all tenants share whose platforms share the library
  bool resident = false;             ///< linked with -z nodelete: it will stay mapped for good

  friend bool operator==(const gate_report&, const gate_report&) = default;
};

/// Bytes of a plugin that were read once, checked and hashed, and stand in the store. Immutable; shared by all
/// tenants pinned to it.
struct plugin_image {
  std::string name;              ///< what tenants call it: "gam" for gam.so
  std::filesystem::path source;  ///< where ops put it
  std::filesystem::path stored;  ///< the private copy: the only file that is ever mapped
  std::string content_hash;      ///< SHA-256, hex
  std::uint64_t size = 0;
  tenon::manifest manifest;
  gate_report gate;
};

/// A plugin file as ops dropped it, read into memory: not yet trusted.
struct candidate {
  std::string name;
  std::filesystem::path source;
  std::vector<std::byte> bytes;
  std::string content_hash;
};

/// Opens `name`.so in the first of `directories` that has it, once, beneath that directory (openat2 RESOLVE_BENEATH |
/// RESOLVE_NO_MAGICLINKS), reads it once and hashes it. The file and its directories must belong to root, the host's
/// user or `ops_group` (a group's name; empty: none), and nobody else may write to them; ownership.hpp has the rules.
/// Errors: not there (naming the directories and, by edit distance, what is there), a foreign owner, others may write,
/// setuid, not a regular file, unreadable, too large.
result<candidate> open_candidate(const std::vector<std::filesystem::path>& directories, const std::string& name,
                                 const std::string& ops_group = {});

/// The gate: the checks on the bytes before anything of them is mapped. ELF geometry (every header, segment and table
/// that the dynamic loader follows lies in the file), the note, compatibility, how it was linked, what it needs and
/// imports. Errors: the first check that fails, by name, with what was found, why it matters and which flag mends it.
///
/// It keeps honest files from doing harm. Against a hostile one only pins and signatures protect: the import list is a
/// lint, not a boundary.
///
/// Threads     Any; pure. Cost        Some ten microseconds, most of them for the manifest's JSON.
result<manifest> check_candidate(const candidate& file, const plugin_policy& policy = {});

/// What status shows of a file that passed.
gate_report describe_candidate(const candidate& file);

/// The private directory of content-named copies.
///
/// Threads     Any, concurrently.
class plugin_store {
 public:
  /// Makes the directory (0700) if it is missing. Errors: cannot be made, not writable, not ours.
  static result<std::shared_ptr<plugin_store>> open(std::filesystem::path directory);

  virtual ~plugin_store() = default;

  /// Writes the bytes of a candidate that passed the gate, which gave `checked`, under a content name (temporary file,
  /// fsync, rename), once per content. Errors: a full disk, a vanished directory; nothing half-written stays.
  virtual result<std::shared_ptr<const plugin_image>> put(const candidate& file, tenon::manifest checked) = 0;

  /// Checks with the default policy, then writes: for whoever has no configuration. Errors: those of check_candidate too.
  result<std::shared_ptr<const plugin_image>> put(const candidate& file);
};

/// A second private copy of a stored image under a name and inode of its own: the dynamic loader answers with the old
/// code for a path or an inode that is still mapped. The caller removes it. Errors: those of writing, or the stored
/// copy was changed.
result<std::filesystem::path> copy_stored(const plugin_image& image);

}  // namespace tenon
