#include "key_files.hpp"

#include "plugin/file.hpp"
#include "plugin/signature.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace tenonctl {

std::string write_new(const std::filesystem::path& path, std::string_view text, mode_t mode) {
  const tenon::file_descriptor made(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!made && errno == EEXIST)
    return path.string() + ": expected no such file yet, found one; a key is not overwritten";
  if (!made) return path.string() + ": cannot be written: " + tenon::describe_errno(errno);
  ssize_t written = 1;
  while (!text.empty() && written > 0) {
    written = ::write(made.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR)
      written = 1;  // once more
    else if (written > 0)
      text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (written > 0 && ::fsync(made.get()) == 0) return {};
  auto wrong = path.string() + ": cannot be written: " + tenon::describe_errno(written == 0 ? ENOSPC : errno);
  ::unlink(path.c_str());
  return wrong;
}

std::string write_key_pair(const std::string& prefix) {
  const auto pair = tenon::make_key_pair();
  if (auto wrong = write_new(prefix + ".pem", pair.private_pem, 0600); !wrong.empty()) return wrong;
  auto wrong = write_new(prefix + ".pub.pem", pair.public_pem, 0644);
  if (!wrong.empty()) ::unlink((prefix + ".pem").c_str());
  return wrong;
}

std::string key_prefix(const std::filesystem::path& place, std::string_view name) {
  std::error_code unknown;
  return (std::filesystem::is_directory(place, unknown) ? place / name : place).string();
}

}  // namespace tenonctl
