#include "plugin/ownership.hpp"

#include "plugin/file.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <vector>

#include <grp.h>
#include <pwd.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace tenon {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t account_bytes = 64u << 10;  // a group with thousands of members

std::optional<gid_t> group_called(const std::string& name) {
  std::vector<char> text(account_bytes);
  struct group entry {};
  struct group* found = nullptr;
  if (::getgrnam_r(name.c_str(), &entry, text.data(), text.size(), &found) != 0 || !found) return std::nullopt;
  return entry.gr_gid;
}

/// The group that is made with a user, has its name and no other member. Not root's: containers that run under any
/// user share it.
std::optional<gid_t> group_of_its_own(uid_t user) {
  std::vector<char> user_text(account_bytes), group_text(account_bytes);
  struct passwd account {};
  struct passwd* known = nullptr;
  if (::getpwuid_r(user, &account, user_text.data(), user_text.size(), &known) != 0 || !known) return std::nullopt;
  struct group entry {};
  struct group* found = nullptr;
  if (account.pw_gid == 0) return std::nullopt;
  if (::getgrgid_r(account.pw_gid, &entry, group_text.data(), group_text.size(), &found) != 0 || !found)
    return std::nullopt;
  if (std::string_view(entry.gr_name) != account.pw_name) return std::nullopt;
  for (char** member = entry.gr_mem; *member; ++member) {
    if (std::string_view(*member) != account.pw_name) return std::nullopt;
  }
  return account.pw_gid;
}

std::string octal(mode_t mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode & 07777));
  return text.data();
}

/// Owner and group; the same for files and directories.
std::string distrust_owner(const fs::path& path, const struct stat& found, const trusted_owners& trusted) {
  const bool by_group = trusted.group == found.st_gid;
  if (found.st_uid == 0 || found.st_uid == trusted.user || by_group) return {};
  return path.string() + ": expected it to belong to root, to the host's user (" + std::to_string(trusted.user) +
         ") or to the group of host.ops_group" + (trusted.group ? " (" + std::to_string(*trusted.group) + ")" : "") +
         ", found user " + std::to_string(found.st_uid) + " and group " + std::to_string(found.st_gid) +
         ": its owner could change what the host runs; chown root '" + path.string() + "'";
}

std::string distrust_writers(const fs::path& path, const struct stat& found, const trusted_owners& trusted) {
  if ((found.st_mode & S_IWOTH) != 0) {
    return path.string() + ": expected only root, the host's user and host.ops_group to write to it, found mode " +
           octal(found.st_mode) + ", writable by everybody; chmod o-w '" + path.string() + "'";
  }
  const bool known = trusted.group == found.st_gid || trusted.private_group == found.st_gid;
  if ((found.st_mode & S_IWGRP) == 0 || known) return {};
  return path.string() + ": expected only root, the host's user and host.ops_group to write to it, found mode " +
         octal(found.st_mode) + ", writable by group " + std::to_string(found.st_gid) + "; chmod g-w '" +
         path.string() + "', or name that group in host.ops_group";
}

/// The path that the kernel has for a descriptor, without links.
fs::path real_path(int fd) {
  std::error_code code;
  return fs::read_symlink("/proc/self/fd/" + std::to_string(fd), code);
}

bool beneath(const fs::path& path, const fs::path& directory) {
  const auto prefix = directory.native() + (directory == directory.root_path() ? "" : "/");
  return path == directory || path.native().starts_with(prefix);
}

}  // namespace

std::optional<trusted_owners> find_trusted(const std::string& ops_group) {
  trusted_owners made{.user = ::geteuid(), .group = {}, .private_group = {}};
  if (!ops_group.empty()) {
    made.group = group_called(ops_group);
    if (!made.group) return std::nullopt;
  }
  made.private_group = group_of_its_own(made.user);
  return made;
}

std::string distrust_file(const fs::path& path, const struct stat& found, const trusted_owners& trusted) {
  if (auto wrong = distrust_owner(path, found, trusted); !wrong.empty()) return wrong;
  if (auto wrong = distrust_writers(path, found, trusted); !wrong.empty()) return wrong;
  if ((found.st_mode & (S_ISUID | S_ISGID)) != 0) {
    return path.string() + ": expected an ordinary file, found mode " + octal(found.st_mode) +
           ", setuid or setgid: a library needs neither, and a program that was copied here by mistake has it; chmod "
           "ug-s '" +
           path.string() + "'";
  }
  const bool ours = found.st_uid == 0 || found.st_uid == trusted.user;
  const bool only_ours = ours && ((found.st_mode & S_IWGRP) == 0 || trusted.private_group == found.st_gid);
  if (found.st_nlink > 1 && !only_ours) {
    return path.string() + ": expected one name, or that only root and the host's user can write to it, found " +
           std::to_string(found.st_nlink) + " hard links and mode " + octal(found.st_mode) + " of user " +
           std::to_string(found.st_uid) +
           ": it could be changed where these rules do not hold; put a copy in its place: install -m 0644 FILE '" +
           path.string() + "'";
  }
  return {};
}

std::string distrust_directory(const fs::path& path, const struct stat& found, const trusted_owners& trusted,
                               bool read_only) {
  if (auto wrong = distrust_owner(path, found, trusted); !wrong.empty()) return wrong;
  return read_only ? std::string() : distrust_writers(path, found, trusted);
}

std::string distrust_parent(const fs::path& path, const struct stat& found) {
  if ((found.st_mode & S_IWOTH) == 0 || (found.st_mode & S_ISVTX) != 0) return {};
  return path.string() + ": expected a directory that not everybody can write to, or a sticky one, found mode " +
         octal(found.st_mode) + ": the plugin directory in it could be replaced; chmod o-w '" + path.string() +
         "', or chmod +t";
}

std::string distrust(int directory, int file, const fs::path& path, const trusted_owners& trusted) {
  struct stat found {};
  if (::fstat(file, &found) != 0) return path.string() + ": " + describe_errno(errno);
  if (auto wrong = distrust_file(path, found, trusted); !wrong.empty()) return wrong;
  const auto root = real_path(directory);
  const auto real = real_path(file);
  if (root.empty() || !beneath(real, root)) {
    return path.string() + ": cannot tell which directories lead to it (/proc/self/fd says " +
           (real.empty() ? "nothing" : real.string()) + "); mount /proc, and reload";
  }
  // Whoever cannot write to the directories checked so far cannot exchange the next one between look and use.
  for (auto at = real.parent_path();; at = at.parent_path()) {
    struct stat place {};
    struct statvfs mount {};
    if (::stat(at.c_str(), &place) != 0 || ::statvfs(at.c_str(), &mount) != 0) {
      return at.string() + ": " + describe_errno(errno) + "; reload to look again";
    }
    const bool read_only = (mount.f_flag & ST_RDONLY) != 0;
    auto wrong = beneath(at, root) ? distrust_directory(at, place, trusted, read_only)
                 : read_only       ? std::string()
                                   : distrust_parent(at, place);
    if (!wrong.empty()) return wrong;
    if (at == at.root_path()) return {};
  }
}

}  // namespace tenon
