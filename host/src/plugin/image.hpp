#pragma once

#include "catalog/catalog.hpp"
#include "plugin/manifest.hpp"

#include <tenon/clock.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

class stored_file;

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
  std::shared_ptr<const stored_file> lease = nullptr;  ///< while it lives no host's trim() takes the stored copy
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
/// imports. Errors: the first check that fails, by name, with what was found, why it matters and which flag mends it;
/// of how it was built, every check that fails.
///
/// It keeps honest files from doing harm. Against a hostile one only pins and signatures protect: the import list is a
/// lint, not a boundary.
///
/// Threads     Any; pure. Cost        Some ten microseconds, most of them for the manifest's JSON.
result<manifest> check_candidate(const candidate& file, const plugin_policy& policy = {});

/// What one check of the gate says of a file.
struct gate_finding {
  std::string_view check;            ///< "geometry", "text relocations": the word in brackets of a refusal
  std::optional<std::string> wrong;  ///< empty: nothing; none: it cannot be asked, the file or its note is illegible
};

/// Every check of the gate, in its order, whatever the others say: for authors, who want to mend all at once.
std::vector<gate_finding> examine_candidate(const candidate& file, const plugin_policy& policy = {});

/// What status shows of a file that passed.
gate_report describe_candidate(const candidate& file);

/// How much of what nobody uses a store keeps.
struct store_limits {
  std::chrono::seconds retention{24 * 60 * 60};  ///< since it was last seen in use
  std::uint64_t max_bytes = 2ull << 30;          ///< above this the longest unused go earlier
};

/// What a trim left and took.
struct store_report {
  std::uint64_t files = 0, bytes = 0;  ///< copies that are there now, used or not
  std::uint64_t removed_files = 0, removed_bytes = 0;
};

/// The private directory of content-named copies: the only files that are ever mapped. Cores and profiles find their
/// symbols there, so a copy outlives its last user by a retention time.
///
/// Hosts may share a directory: each copy in use is locked (flock), and none is taken from under another process. What
/// a crashed host left behind is unlocked and goes with the rest.
///
/// Lifetime    Images keep their copies, the store or no store. Threads     Any, concurrently.
class plugin_store {
 public:
  /// Makes the directory (0700) if it is missing. Errors: cannot be made, not writable, not ours, open to others, on a
  /// file system that is mounted noexec.
  static result<std::shared_ptr<plugin_store>> open(std::filesystem::path directory);

  virtual ~plugin_store() = default;

  /// Writes the bytes of a candidate that passed the gate, which gave `checked`, under a content name (temporary file,
  /// fsync, rename), once per content. The image keeps the copy from being trimmed. Errors: a full disk, a vanished
  /// directory; nothing half-written stays, and what is loaded is not touched.
  virtual result<std::shared_ptr<const plugin_image>> put(const candidate& file, tenon::manifest checked) = 0;

  /// Checks with the default policy, then writes: for whoever has no configuration. Errors: those of check_candidate
  /// too.
  result<std::shared_ptr<const plugin_image>> put(const candidate& file);

  /// Removes copies, remembered findings and leftovers of crashes that nobody has used for the retention time, then,
  /// the longest unused first, what is above the size. Never a copy that an image of any live process keeps or that
  /// this one has mapped, nor anything younger than a minute: it may be about to be used. Files of other names are left
  /// alone. Ages are by modification time, which is when a copy was last seen in use. Errors: the directory vanished.
  ///
  /// Cost        A stat for each file, and a look at this process's mappings.
  virtual result<store_report> trim(const store_limits& limits, wall_time now) = 0;
};

}  // namespace tenon
