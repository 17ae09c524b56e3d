#include "plugin/loading_mark.hpp"

#include "base/operator_text.hpp"
#include "plugin/crash_finding.hpp"
#include "plugin/refusal.hpp"
#include "plugin/store_place.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_mark = 4096;

/// Another one each time the machine starts.
std::string machine_run() {
  std::string line;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), line);
  return line;
}

/// One mark, whose writer is dead.
struct left_mark {
  std::string process, time, plugin;
};

/// Nothing if its writer lives, or died before it had written anything, or the machine was started since.
std::optional<left_mark> read_mark(const fs::path& path, const std::string& run) {
  const file_descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat found {};
  if (!opened || ::fstat(opened.get(), &found) != 0 || found.st_uid != ::geteuid()) return std::nullopt;
  if (!lock_file(opened.get(), lock_kind::exclusive)) return std::nullopt;
  const auto bytes = read_whole(opened.get(), path, longest_mark);
  if (!bytes || bytes->empty()) return std::nullopt;
  std::istringstream text(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()));
  left_mark mark;
  std::string written_in;
  std::getline(text, written_in);
  std::getline(text, mark.process);
  std::getline(text, mark.time);
  std::getline(text, mark.plugin);
  if (mark.plugin.empty() || (!run.empty() && written_in != run)) return std::nullopt;
  return mark;
}

/// Files of the store whose name begins with this.
std::vector<fs::path> files_of(const fs::path& store, const std::string& beginning) {
  std::vector<fs::path> found;
  std::error_code code;
  for (fs::directory_iterator at(store, code), end; !code && at != end; at.increment(code)) {
    if (at->path().filename().native().starts_with(beginning)) found.push_back(at->path());
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

loading_mark::loading_mark(fs::path path, file_descriptor locked)
    : path_(std::move(path)), locked_(std::move(locked)) {}

loading_mark::~loading_mark() { ::unlink(path_.c_str()); }

std::unique_ptr<loading_mark> loading_mark::set(const plugin_image& image) {
  const auto process = std::to_string(::getpid());
  auto name =
      (image.stored.parent_path() / (image.content_hash + std::string(mark_infix))).string() + process + ".XXXXXX";
  file_descriptor opened(::mkostemp(name.data(), O_CLOEXEC));
  if (!opened) return nullptr;
  // Whoever reads it before it is locked finds it empty, which says nothing.
  const bool locked = lock_file(opened.get(), lock_kind::exclusive);
  const auto fd = opened.get();
  std::unique_ptr<loading_mark> made(new loading_mark(name, std::move(opened)));
  const auto text = machine_run() + '\n' + process + '\n' + utc_text(std::chrono::system_clock::now()) + '\n' +
                    image.source.string() + '\n';
  if (!locked || ::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) return nullptr;
  return made;
}

std::optional<std::string> died_loading(const fs::path& store, const std::string& content_hash) {
  const auto run = machine_run();
  for (const auto& path : files_of(store, content_hash + std::string(mark_infix))) {
    const auto mark = read_mark(path, run);
    if (!mark) continue;
    return "process " + mark->process + " ended while it ran these bytes for the first time (loaded " + mark->time +
           " from " + mark->plugin +
           "; in a static constructor, init() or the first create()), and this one would end with them; drop a build "
           "that does not crash, or to try them again: tenonctl plugin forget " +
           content_hash.substr(0, 16) + " --store " + store.string() + ", or delete " + path.string();
  }
  return std::nullopt;
}

result<std::size_t> forget_findings(const fs::path& store, const std::string& content_hash) {
  if (const auto checked = check_hash_beginning(content_hash); !checked) return checked.error();
  if (const auto place = open_private(store); !place) return place.error();
  std::size_t removed = 0;
  for (const auto& path : files_of(store, content_hash)) {
    const auto name = path.filename().native();
    if (name.ends_with(crash_suffix)) continue;  // held against one tenant, whose name may look like anything
    const bool finding = name.ends_with(".canary");
    if (!finding && name.find(mark_infix) == name.npos) continue;
    const file_descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    const bool alive = !opened || !lock_file(opened.get(), lock_kind::exclusive);
    if (!alive && ::unlink(path.c_str()) == 0) ++removed;
  }
  return {boost::system::in_place_value, removed};
}

}  // namespace tenon
