#include "plugin/store_place.hpp"

#include "plugin/refusal.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon {
namespace {

std::string what_to_do(int number) {
  switch (number) {
    case ENOSPC:
    case EDQUOT: return "; make room there";
    case EFBIG: return "; raise the file size limit of the host's process";
    case EACCES:
    case EPERM: return "; the host's user must be able to write there";
    case EROFS: return "; choose a store_dir on a writable file system";
    case ENOENT: return "; the store directory vanished, make it again and reload";
    case ENOTDIR: return "; a file stands there or on the way: move it away, or choose another store_dir";
    case ELOOP: return "; choose a store_dir that is a directory itself, not a link to one";
    case EIO: return "; see what the system's log says of that disk, or choose another store_dir";
    case ENOLCK:
    case EOPNOTSUPP: return "; choose a store_dir on a local file system, which has locks";
    default: return "; choose another store_dir if that stays so";
  }
}

}  // namespace

error store_error(const std::filesystem::path& path, std::string_view action, int number) {
  return refusal(path.string() + ": the store cannot " + std::string(action) + ": " + describe_errno(number) +
                 what_to_do(number));
}

result<file_descriptor> open_private(const std::filesystem::path& directory) {
  file_descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!opened) return store_error(directory, "be opened", errno);
  struct stat found {};
  if (::fstat(opened.get(), &found) != 0) return store_error(directory, "be opened", errno);
  if (found.st_uid != ::geteuid()) {
    return refusal(directory.string() + ": expected the store to belong to user " + std::to_string(::geteuid()) +
                   ", found user " + std::to_string(found.st_uid) + "; choose another store_dir");
  }
  if ((found.st_mode & 0077) != 0) {
    return refusal(directory.string() + ": expected the store to be closed to others (mode 0700); chmod 0700 it");
  }
  return opened;
}

std::string distrust_mount(const std::filesystem::path& directory, unsigned long flags) {
  if ((flags & ST_NOEXEC) != 0) {
    return directory.string() +
           ": expected a store on a file system that code may be mapped from, found one that is mounted noexec; choose "
           "another store_dir, or mount -o remount,exec that file system";
  }
  if ((flags & ST_RDONLY) != 0) {
    return directory.string() +
           ": expected a store on a writable file system, found one that is mounted read-only; choose another "
           "store_dir";
  }
  return {};
}

bool is_beginning_of_hash(std::string_view text) noexcept {
  return text.find_first_not_of("0123456789abcdef") == text.npos;
}

result<void> check_hash_beginning(const std::string& content_hash) {
  constexpr std::size_t shortest = 12;
  if (content_hash.size() >= shortest && is_beginning_of_hash(content_hash)) return {};
  return refusal(content_hash + ": expected the SHA-256 of a plugin, in lower case, or its first " +
                 std::to_string(shortest) + " digits or more");
}

bool lock_file(int fd, lock_kind kind) noexcept {
  int done = -1;
  do {
    done = ::flock(fd, kind == lock_kind::shared ? LOCK_SH : LOCK_EX | LOCK_NB);
  } while (done != 0 && errno == EINTR);
  return done == 0;
}

}  // namespace tenon
