#include "plugin/stored_file.hpp"

#include "plugin/refusal.hpp"
#include "plugin/store_place.hpp"

#include <cerrno>
#include <chrono>
#include <ctime>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

namespace tenon {
namespace {

/// A file that vanishes again unless it is kept.
class temporary_file {
 public:
  /// `pattern` ends with XXXXXX.
  explicit temporary_file(std::string pattern)
      : path_(std::move(pattern)), fd_(::mkostemp(path_.data(), O_CLOEXEC)) {}
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() {
    if (fd_ && !kept_) ::unlink(path_.c_str());
  }

  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
  int fd() const noexcept { return fd_.get(); }

  /// Moves it to its name at once and for good. False: errno says why.
  bool keep_as(const std::filesystem::path& path) {
    kept_ = ::rename(path_.c_str(), path.c_str()) == 0;
    return kept_;
  }

 private:
  std::string path_;
  file_descriptor fd_;
  bool kept_ = false;
};

/// True if all went in; otherwise errno says why.
bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

timespec coarse_time() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now;
}

bool later(const timespec& left, const timespec& right) {
  return left.tv_sec != right.tv_sec ? left.tv_sec > right.tv_sec : left.tv_nsec > right.tv_nsec;
}

/// Changes of files are stamped with the coarse clock, which ticks every few milliseconds: two in one tick look alike.
void pass_tick() {
  constexpr int longest_ms = 20;
  const auto began = coarse_time();
  for (int waited = 0; waited < longest_ms && !later(coarse_time(), began); ++waited)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

bool same_file(const struct stat& left, const struct stat& right) {
  return left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

bool untouched(const struct stat& left, const struct stat& right) {
  return same_file(left, right) && left.st_size == right.st_size && left.st_ctim.tv_sec == right.st_ctim.tv_sec &&
         left.st_ctim.tv_nsec == right.st_ctim.tv_nsec;
}

std::filesystem::path copy_name(const plugin_image& image, int number) {
  if (number == 1) return image.stored;
  auto path = image.stored;
  return path.replace_extension("." + std::to_string(number) + ".so");
}

/// The bytes of an image from wherever they still are. What has the hash went through every check.
result<std::vector<std::byte>> bytes_of(const plugin_image& image) {
  if (image.lease) {
    if (auto kept = image.lease->bytes()) return kept;
  }
  for (const auto& path : {image.stored, image.source}) {
    const file_descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!opened) continue;
    auto bytes = read_for_hash(opened.get(), path);
    if (bytes && sha256_hex(*bytes) == image.content_hash) return bytes;
  }
  return refusal(image.stored.string() + ": the stored copy was changed: expected the bytes with SHA-256 " +
                 image.content_hash + ", which were checked, found others there and at " + image.source.string() +
                 "; they are not loaded. See who writes to the store, and reload to check and store the plugin again");
}

}  // namespace

stored_file::stored_file(std::filesystem::path path, std::string content_hash, file_descriptor locked)
    : path_(std::move(path)), content_hash_(std::move(content_hash)), locked_(std::move(locked)) {}

stored_file::~stored_file() { ::futimens(locked_.get(), nullptr); }

std::shared_ptr<const stored_file> stored_file::open(const std::filesystem::path& path,
                                                     const std::string& content_hash) {
  file_descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!opened || !lock_file(opened.get(), lock_kind::shared)) return nullptr;
  struct stat found {};
  // Another host may have removed it before we had the lock.
  if (::fstat(opened.get(), &found) != 0 || found.st_nlink == 0) return nullptr;
  // Not make_shared: the constructor is private.
  std::shared_ptr<const stored_file> made(new stored_file(path, content_hash, std::move(opened)));
  return made->verify() ? made : nullptr;
}

result<std::vector<std::byte>> stored_file::bytes() const {
  auto read = read_for_hash(locked_.get(), path_);
  if (read && sha256_hex(*read) != content_hash_) return refusal(path_.string() + ": the stored copy was changed");
  return read;
}

/// With the lock held, or before anybody else knows of it.
bool stored_file::verify() const {
  if (::fstat(locked_.get(), &verified_) != 0) return false;
  trusted_ = later(coarse_time(), verified_.st_ctim);
  return bytes().has_value();
}

bool stored_file::touched() const {
  struct stat named {};
  const std::scoped_lock lock(mutex_);
  return ::lstat(path_.c_str(), &named) != 0 || !untouched(named, verified_);
}

bool stored_file::stands() const {
  struct stat named {};
  const std::scoped_lock lock(mutex_);
  if (::lstat(path_.c_str(), &named) != 0 || !same_file(named, verified_)) return false;
  return (trusted_ && untouched(named, verified_)) || verify();
}

result<void> write_stored(std::span<const std::byte> bytes, const std::filesystem::path& path,
                          durable kept) {
  const auto directory = path.parent_path();
  const auto place = open_private(directory);
  if (!place) return place.error();
  temporary_file fresh((directory / std::string(incoming)).string() + "XXXXXX");
  if (!fresh) return store_error(directory, "make a file", errno);
  if (!lock_file(fresh.fd(), lock_kind::shared)) return store_error(path, "be locked", errno);
  if (!write_all(fresh.fd(), bytes)) return store_error(path, "be written", errno);
  if (::fchmod(fresh.fd(), 0400) != 0) return store_error(path, "be written", errno);
  if (kept == durable::yes && ::fsync(fresh.fd()) != 0) return store_error(path, "be written", errno);
  if (!fresh.keep_as(path)) return store_error(path, "be written", errno);
  if (kept == durable::no) return {};
  // The name must survive a power cut together with the bytes.
  if (::fsync(place->get()) != 0) return store_error(directory, "be written", errno);
  pass_tick();
  return {};
}

result<file_to_map> take_file_to_map(const plugin_image& image,
                                     const std::function<bool(const std::string& path)>& mapped) {
  int number = 1;
  while (mapped(copy_name(image, number).native())) ++number;
  const auto path = copy_name(image, number);
  file_to_map made;
  if (number == 1 && image.lease && image.lease->stands()) {
    made.file = image.lease;
    return made;
  }
  made.file = stored_file::open(path, image.content_hash);
  if (made.file) return made;
  made.restored = number == 1;
  const auto bytes = bytes_of(image);
  if (!bytes) return bytes.error();
  // Not durable: what a power cut leaves of it is recognised and written anew.
  const auto written = write_stored(*bytes, path, durable::no);
  if (!written) return written.error();
  made.file = stored_file::open(path, image.content_hash);
  if (made.file) return made;
  return refusal(path.string() +
                 ": expected the copy that was just written, found another one or none; see that nobody else changes "
                 "the store, and reload");
}

}  // namespace tenon
