#include "plugin/image.hpp"
#include "plugin/refusal.hpp"
#include "plugin/store_place.hpp"
#include "plugin/store_trim.hpp"
#include "plugin/stored_file.hpp"

#include <cerrno>
#include <map>
#include <mutex>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon {
namespace {

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
  result<std::shared_ptr<const stored_file>> keep(const candidate& file, const std::filesystem::path& path) {
    // One writer at a time: a file that is being mapped is not replaced by its own twin.
    const std::scoped_lock lock(writing_);
    if (const auto place = open_private(directory_); !place) return place.error();
    auto& known = kept_[path];
    if (auto kept = known.lock(); kept && kept->content_hash() == file.content_hash && kept->stands())
      return kept;
    auto kept = stored_file::open(path, file.content_hash);
    if (!kept) {
      const auto written = write_stored(file.bytes, path, durable::yes);
      if (!written) return written.error();
      kept = stored_file::open(path, file.content_hash);
    }
    if (!kept) {
      return refusal(path.string() +
                     ": expected the copy that was just written, found another one or none; see that nobody else "
                     "changes the store, and reload");
    }
    known = kept;
    std::erase_if(kept_, [](const auto& each) { return each.second.expired(); });
    return kept;
  }

  std::filesystem::path directory_;
  std::mutex writing_;
  std::map<std::filesystem::path, std::weak_ptr<const stored_file>> kept_;  // all images of a copy share its lease
};

}  // namespace

result<std::shared_ptr<const plugin_image>> plugin_store::put(const candidate& file) {
  auto checked = check_candidate(file);
  if (!checked) return checked.error();
  return put(file, std::move(*checked));
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
