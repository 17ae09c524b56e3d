#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <sys/stat.h>

namespace tenon {

/// Who may write what the host loads: root, the host's own user, and the members of one group.
struct trusted_owners {
  uid_t user = 0;
  std::optional<gid_t> group;          ///< host.ops_group
  std::optional<gid_t> private_group;  ///< the host's user's own group, which nobody else is in
};

/// Looks the group up. Empty name: none. Nothing: no such group.
std::optional<trusted_owners> find_trusted(const std::string& ops_group);

// The rules, on what stat() says. Each answers what was expected, what was found and the command that mends it; nothing
// if all is well. Pure.

/// A plugin file: owned by root, the host's user or the group; writable by nobody else; not setuid or setgid. With
/// other hard links only if nobody but root and the host's user can write to it: the rules of the directory say
/// nothing about a name elsewhere.
std::string distrust_file(const std::filesystem::path& path, const struct stat& found, const trusted_owners& trusted);

/// The plugin directory and those beneath it: as a file, but for the links. One on a read-only mount may be writable:
/// Kubernetes mounts volumes that way.
std::string distrust_directory(const std::filesystem::path& path, const struct stat& found,
                               const trusted_owners& trusted, bool read_only);

/// A directory above the plugin directory: not writable by everybody, unless it is sticky, as /tmp is. Who else may
/// write there is the administrator's layout, and what is moved into place still has to have a trusted owner.
std::string distrust_parent(const std::filesystem::path& path, const struct stat& found);

/// Checks an open file and the directories that hold it, up to the root. `directory` and `file` are descriptors of the
/// plugin directory and of the plugin in it; `path` is for messages.
std::string distrust(int directory, int file, const std::filesystem::path& path, const trusted_owners& trusted);

}  // namespace tenon
