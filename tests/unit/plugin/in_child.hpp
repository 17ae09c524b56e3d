#pragma once

#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <string>

#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tenon::testing {

inline constexpr uid_t nobody = 65534;

/// Runs `ask` in a child process of its own and gives what it says. It must leave doctest alone. The child ends without
/// destructors.
inline std::string in_child(const std::function<std::string()>& ask) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const auto said = ask();
    const auto written = ::write(ends[1], said.data(), said.size());
    ::_exit(written == static_cast<ssize_t>(said.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  std::string said;
  char part[512];
  for (ssize_t count = 0; (count = ::read(ends[0], part, sizeof part)) > 0;)
    said.append(part, static_cast<std::size_t>(count));
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  return said;
}

/// For what root is never refused: runs it as a user who is.
inline std::string as_nobody(const std::function<std::string()>& ask) {
  return in_child([&]() -> std::string {
    const bool dropped =
        ::geteuid() != 0 || (::setgroups(0, nullptr) == 0 && ::setresgid(nobody, nobody, nobody) == 0 &&
                             ::setresuid(nobody, nobody, nobody) == 0);
    return dropped ? ask() : "cannot become nobody";
  });
}

/// Gives a directory of root's to nobody, for as_nobody().
inline void give_to_nobody(const std::string& path) {
  if (::geteuid() == 0) REQUIRE(::chown(path.c_str(), nobody, nobody) == 0);
}

/// What a child says that cannot have a file system of its own.
inline constexpr const char* no_mount = "this machine lets nobody mount";

/// Keeps the user's ids, which files need to have an owner there.
inline bool enter_user_namespace() {
  const auto user = std::to_string(::geteuid()), group = std::to_string(::getegid());
  if (::unshare(CLONE_NEWNS | CLONE_NEWUSER) != 0) return false;
  const auto write = [](const char* file, const std::string& text) {
    return static_cast<bool>(std::ofstream(file) << text << std::flush);
  };
  return write("/proc/self/setgroups", "deny") && write("/proc/self/uid_map", user + ' ' + user + " 1") &&
         write("/proc/self/gid_map", group + ' ' + group + " 1");
}

/// Runs `ask` in a child that sees a new tmpfs at `place`, mounted with these options. no_mount if it may not.
inline std::string with_tmpfs(const std::string& place, const char* options, unsigned long flags,
                              const std::function<std::string()>& ask) {
  return in_child([&]() -> std::string {
    const bool apart = ::geteuid() == 0 ? ::unshare(CLONE_NEWNS) == 0 : enter_user_namespace();
    if (!apart || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", place.c_str(), "tmpfs", flags, options) != 0)
      return no_mount;
    return ask();
  });
}

}  // namespace tenon::testing
