#pragma once

#include <tenon/error.hpp>

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tenon {

/// That a process died in the code of a plugin, while it worked for one tenant.
struct crash_finding {
  std::string content_hash;
  std::string tenant;
  std::string plugin, version;
  std::string entered;  ///< what the plugin was doing: a task, or "create()"
  std::string signal;   ///< "SIGSEGV at 0x10"
  std::string time;     ///< "2026-01-31T12:00:00Z"
  std::string process;
};

/// "process 12 died with SIGSEGV at 0x10 inside gam 1.2.0 (0123456789ab), in create_media_buy, at
/// 2026-01-31T12:00:00Z".
std::string describe(const crash_finding& found);

/// Writes it into the store, where it outlives the machine: HASH.TENANT.crash, a text for operators. A later crash of
/// the same bytes for the same tenant takes its place. Errors: those of the store; a name that is no file's.
result<void> keep_crash(const std::filesystem::path& store, const crash_finding& found);

/// The findings of a store, as they were when they were read: what is held against which bytes for which tenant. A
/// value.
class crash_findings {
 public:
  crash_findings() = default;

  /// A store that cannot be read has none. A finding that cannot be read still holds, by its file's name.
  static crash_findings read(const std::filesystem::path& store);

  void add(const crash_finding& found);

  /// Why these bytes must not run for this tenant, and what to do; or nothing.
  std::optional<std::string> against(const std::string& tenant, const std::string& content_hash) const;

 private:
  std::filesystem::path store_;
  std::map<std::pair<std::string, std::string>, std::string> described_;  ///< by content hash and tenant
};

/// Removes what is held against these bytes, for one tenant or (empty) for all: they are loaded again. `content_hash`
/// may be shortened to 12 digits or more. How many findings went. Errors: no such directory, one that others can write
/// to, too short a hash.
result<std::size_t> forgive_crashes(const std::filesystem::path& store, const std::string& content_hash,
                                    const std::string& tenant = {});

/// What the name of a finding ends with, and no other name of the store: findings stay until they are forgiven, for a
/// retention time would let a plugin end the host once in each.
inline constexpr std::string_view crash_suffix = ".crash";

}  // namespace tenon
