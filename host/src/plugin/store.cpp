#include "plugin/image.hpp"
#include "plugin/refusal.hpp"
#include "plugin/store_place.hpp"
#include "plugin/store_trim.hpp"

#include <cerrno>
#include <mutex>
#include <system_error>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon {
namespace {

/// A file that vanishes again unless it is kept.
class temporary_file {
 public:
  /// `pattern` ends with XXXXXX and `suffix`.
  explicit temporary_file(std::string pattern, std::string_view suffix = {})
      : path_(std::move(pattern)), fd_(::mkostemps(path_.data(), static_cast<int>(suffix.size()), O_CLOEXEC)) {}
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() {
    if (fd_ && !kept_) ::unlink(path_.c_str());
  }

  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
  int fd() const noexcept { return fd_.get(); }

  /// Stays under the name it was made with.
  std::filesystem::path keep() noexcept {
    kept_ = true;
    return path_;
  }

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

/// A stored copy in use: locked, and when that is over, marked with the time.
class file_lease {
 public:
  explicit file_lease(file_descriptor locked) : locked_(std::move(locked)) {}
  file_lease(const file_lease&) = delete;
  file_lease& operator=(const file_lease&) = delete;
  ~file_lease() { ::futimens(locked_.get(), nullptr); }

 private:
  file_descriptor locked_;
};

class directory_store final : public plugin_store {
 public:
  explicit directory_store(std::filesystem::path directory) : directory_(std::move(directory)) {}

  result<std::shared_ptr<const plugin_image>> put(const candidate& file, tenon::manifest checked) override {
    auto image = std::make_shared<plugin_image>();
    image->name = file.name;
    image->source = file.source;
    image->stored = directory_ / (file.name + "-" + checked.version + "-" + file.content_hash.substr(0, 16) + ".so");
    image->content_hash = file.content_hash;
    image->size = file.bytes.size();
    image->manifest = std::move(checked);
    image->gate = describe_candidate(file);
    auto kept = keep(file, image->stored);
    if (!kept) return kept.error();
    image->lease = std::move(*kept);
    return std::shared_ptr<const plugin_image>(std::move(image));
  }

  result<store_report> trim(const store_limits& limits, wall_time now) override {
    const std::scoped_lock lock(writing_);
    return trim_store(directory_, limits, now);
  }

 private:
  /// Sees to it that the file is there and stays.
  result<std::shared_ptr<const void>> keep(const candidate& file, const std::filesystem::path& path) {
    // One writer at a time: a file that is being mapped is not replaced by its own twin.
    const std::scoped_lock lock(writing_);
    const auto place = open_private(directory_);
    if (!place) return place.error();
    if (auto kept = lease_on(path, file.content_hash)) return {boost::system::in_place_value, std::move(kept)};
    const auto written = write(file, path, *place);
    if (!written) return written.error();
    if (auto kept = lease_on(path, file.content_hash)) return {boost::system::in_place_value, std::move(kept)};
    return refusal(path.string() +
                   ": expected the copy that was just written, found another one or none; see that "
                   "nobody else changes the store, and reload");
  }

  result<void> write(const candidate& file, const std::filesystem::path& path, const file_descriptor& place) const {
    temporary_file fresh((directory_ / std::string(incoming)).string() + "XXXXXX");
    if (!fresh) return store_error(directory_, "make a file", errno);
    if (!lock_file(fresh.fd(), lock_kind::shared)) return store_error(path, "be locked", errno);
    if (!write_all(fresh.fd(), file.bytes)) return store_error(path, "be written", errno);
    if (::fchmod(fresh.fd(), 0400) != 0 || ::fsync(fresh.fd()) != 0) return store_error(path, "be written", errno);
    if (!fresh.keep_as(path)) return store_error(path, "be written", errno);
    // The name must survive a power cut together with the bytes.
    if (::fsync(place.get()) != 0) return store_error(directory_, "be written", errno);
    return {};
  }

  /// A lease on the file if it is there with exactly these bytes: a damaged copy is written anew.
  static std::shared_ptr<const void> lease_on(const std::filesystem::path& path, const std::string& content_hash) {
    file_descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!opened || !lock_file(opened.get(), lock_kind::shared)) return nullptr;
    struct stat found {};
    // Another host may have removed it before we had the lock.
    if (::fstat(opened.get(), &found) != 0 || found.st_nlink == 0) return nullptr;
    const auto bytes = read_whole(opened.get(), path);
    if (!bytes || sha256_hex(*bytes) != content_hash) return nullptr;
    return std::make_shared<const file_lease>(std::move(opened));
  }

  std::filesystem::path directory_;
  std::mutex writing_;
};

}  // namespace

result<std::shared_ptr<const plugin_image>> plugin_store::put(const candidate& file) {
  auto checked = check_candidate(file);
  if (!checked) return checked.error();
  return put(file, std::move(*checked));
}

result<std::filesystem::path> copy_stored(const plugin_image& image) {
  const file_descriptor opened(::open(image.stored.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!opened) return store_error(image.stored, "be read", errno);
  const auto bytes = read_whole(opened.get(), image.stored);
  if (!bytes) return bytes.error();
  if (sha256_hex(*bytes) != image.content_hash) {
    return refusal(image.stored.string() + ": the stored copy was changed; reload to write it again");
  }
  auto pattern = image.stored;
  temporary_file fresh(pattern.replace_extension("-XXXXXX.so").string(), ".so");
  if (!fresh) return store_error(image.stored.parent_path(), "make a file", errno);
  if (!write_all(fresh.fd(), *bytes) || ::fchmod(fresh.fd(), 0400) != 0) {
    return store_error(image.stored.parent_path(), "be written", errno);
  }
  return {boost::system::in_place_value, fresh.keep()};
}

result<std::shared_ptr<plugin_store>> plugin_store::open(std::filesystem::path directory) {
  if (!directory.has_filename()) directory = directory.parent_path();  // "store/" is "store"
  std::error_code code;
  const auto parent = std::filesystem::absolute(directory, code).lexically_normal().parent_path();
  if (!code) std::filesystem::create_directories(parent, code);
  if (code) return store_error(directory, "be made", code.value());
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return store_error(directory, "be made", errno);
  // The kernel shows mapped files by their real path, and the proof of an unload compares with it.
  auto real = std::filesystem::canonical(directory, code);
  if (code) return store_error(directory, "be opened", code.value());
  if (real.native().find_first_of("$\n") != std::string::npos) {
    return refusal(real.string() + ": the dynamic loader expands '$' in a path; choose a store_dir without it");
  }
  const auto opened = open_private(real);
  if (!opened) return opened.error();
  struct statvfs mount {};
  if (::fstatvfs(opened->get(), &mount) != 0) return store_error(real, "be opened", errno);
  if (auto wrong = distrust_mount(real, mount.f_flag); !wrong.empty()) return refusal(std::move(wrong));
  if (::faccessat(opened->get(), ".", W_OK | X_OK, AT_EACCESS) != 0) return store_error(real, "be written", errno);
  return std::shared_ptr<plugin_store>(std::make_shared<directory_store>(std::move(real)));
}

}  // namespace tenon
