#include "storage/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <cerrno>

namespace tenon {
namespace {

error unavailable(std::string detail) {
  return make_error("SERVICE_UNAVAILABLE", "The service is not available at the moment.", std::move(detail));
}

}  // namespace

result<file_descriptor> lock_file(const std::filesystem::path& path) {
  file_descriptor held(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!held) {
    return unavailable(path.string() + ": cannot be opened: " + describe_errno(errno) +
                       "; see that the host's user may write there, or choose another state_dir");
  }
  if (::flock(held.get(), LOCK_EX | LOCK_NB) == 0) return held;
  const auto found = errno == EWOULDBLOCK ? std::string("that another process has") : describe_errno(errno);
  return unavailable(path.string() + ": expected to lock it, found " + found +
                     "; give each host a state_dir of its own, or end the other one");
}

}  // namespace tenon
