#include "plugin/file.hpp"

#include "plugin/refusal.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <new>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tenon {
namespace {

/// Files are read and hashed in pieces: a kernel that lets a thread run until its next tick or system call would
/// otherwise keep the processor from a request for the milliseconds that a whole plugin takes.
constexpr std::size_t piece = 64u << 10;

std::string kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  return "something else";
}

bool same_state(const struct stat& left, const struct stat& right) {
  return left.st_size == right.st_size && left.st_mtim.tv_sec == right.st_mtim.tv_sec &&
         left.st_mtim.tv_nsec == right.st_mtim.tv_nsec;
}

error changed_meanwhile(const std::filesystem::path& path) {
  return refusal(path.string() + ": changed while it was read; write a new file beside it and rename that over it");
}

}  // namespace

file_descriptor open_beneath(int directory, const std::string& file) {
  struct open_how how {};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;  // a pipe must not make us wait for its writer
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  long fd = -1;
  do {
    fd = ::syscall(SYS_openat2, directory, file.c_str(), &how, sizeof how);
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));  // EAGAIN: a rename raced with the look-up
  return file_descriptor(static_cast<int>(fd));
}

std::string why_not_opened(const std::filesystem::path& path, int number) {
  if (number == EXDEV)
    return path.string() + ": a symbolic link leads out of the plugin directory; copy the file into it";
  if (number == ELOOP)
    return path.string() + ": too many symbolic links, or one that cannot be followed; copy the file";
  if (number == EACCES) return path.string() + ": " + describe_errno(number) + "; make it readable for the host's user";
  return path.string() + ": cannot be opened: " + describe_errno(number);
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  std::array<unsigned char, 32> digest{};
  const std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context(::EVP_MD_CTX_new(), &::EVP_MD_CTX_free);
  // The digest is built into OpenSSL 3: only the lack of memory makes this fail.
  bool done = context && ::EVP_DigestInit_ex(context.get(), ::EVP_sha256(), nullptr) == 1;
  for (auto left = bytes; done && !left.empty(); left = left.subspan(std::min(left.size(), piece))) {
    done = ::EVP_DigestUpdate(context.get(), left.data(), std::min(left.size(), piece)) == 1;
    if (left.size() > piece) ::sched_yield();
  }
  if (!done || ::EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1) throw std::bad_alloc();
  constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const unsigned value : digest) {
    hex += digits[value >> 4];
    hex += digits[value & 15u];
  }
  return hex;
}

result<std::vector<std::byte>> read_for_hash(int fd, const std::filesystem::path& path, std::uint64_t largest) {
  struct stat found {};
  if (::fstat(fd, &found) != 0) return refusal(path.string() + ": " + describe_errno(errno));
  if (!S_ISREG(found.st_mode)) {
    return refusal(path.string() + ": expected a regular file, found " + kind_of(found.st_mode));
  }
  const auto size = static_cast<std::uint64_t>(found.st_size);
  if (size > largest) {
    return refusal(path.string() + ": expected at most " + std::to_string(largest) + " bytes, found " +
                   std::to_string(size) + (largest == largest_plugin ? "; strip debug information from it" : ""));
  }
  std::vector<std::byte> bytes(size);
  std::uint64_t done = 0;
  while (done < size) {
    const auto count =
        ::pread(fd, bytes.data() + done, std::min<std::uint64_t>(size - done, piece), static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refusal(path.string() + ": cannot be read: " + describe_errno(errno));
    if (count == 0) return changed_meanwhile(path);
    done += static_cast<std::uint64_t>(count);
  }
  return bytes;
}

result<std::vector<std::byte>> read_whole(int fd, const std::filesystem::path& path, std::uint64_t largest) {
  struct stat before {};
  if (::fstat(fd, &before) != 0) return refusal(path.string() + ": " + describe_errno(errno));
  auto bytes = read_for_hash(fd, path, largest);
  struct stat after {};
  if (bytes && (::fstat(fd, &after) != 0 || !same_state(before, after))) return changed_meanwhile(path);
  return bytes;
}

}  // namespace tenon
