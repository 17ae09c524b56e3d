#include "plugin/store_trim.hpp"

#include "plugin/crash_finding.hpp"
#include "plugin/loading_mark.hpp"
#include "plugin/store_place.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon {
namespace {

// Between the making of a file and the first sign of its use lies less than this.
constexpr std::chrono::seconds youngest{60};

struct entry {
  std::string name;
  std::uint64_t bytes = 0;
  wall_time used;  ///< when it was last seen in use
};

/// What is in a store. Files of other names are nobody's business.
struct inventory {
  std::vector<entry> copies;
  std::vector<entry> findings;  ///< what canaries found, and marks of loading: HASH.canary, HASH.loading.PID.X
  std::vector<entry> scraps;    ///< temporary files
};

/// Files of the directory that this process has mapped, zombies included. None: the kernel does not tell.
std::optional<std::set<std::string, std::less<>>> mapped_beneath(const std::filesystem::path& directory,
                                                                 const std::filesystem::path& maps) {
  std::set<std::string, std::less<>> names;
  const auto prefix = directory.native() + '/';
  std::ifstream shown(maps);
  bool any = false;
  for (std::string line; std::getline(shown, line); any = true) {
    const auto at = line.find(prefix);
    if (at != line.npos) names.insert(line.substr(at + prefix.size()));
  }
  if (!any) return std::nullopt;
  return names;
}

wall_time time_of(const timespec& moment) {
  return wall_time(std::chrono::duration_cast<wall_time::duration>(std::chrono::seconds(moment.tv_sec) +
                                                                   std::chrono::nanoseconds(moment.tv_nsec)));
}

/// The mark that a file was in use now.
void mark_used(int directory, const std::string& name, wall_time now) {
  const auto since = now.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const timespec moment{.tv_sec = seconds.count(), .tv_nsec = std::chrono::nanoseconds(since - seconds).count()};
  const timespec both[2] = {moment, moment};
  ::utimensat(directory, name.c_str(), both, AT_SYMLINK_NOFOLLOW);
}

result<inventory> look(const std::filesystem::path& directory, int place) {
  inventory made;
  std::error_code code;
  for (std::filesystem::directory_iterator at(directory, code), end; !code && at != end; at.increment(code)) {
    const auto name = at->path().filename().string();
    if (name.ends_with(crash_suffix)) continue;  // stays until it is forgiven; its tenant's name may look like anything
    struct stat found {};
    if (::fstatat(place, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(found.st_mode)) continue;
    entry seen{.name = name, .bytes = static_cast<std::uint64_t>(found.st_size), .used = time_of(found.st_mtim)};
    if (name.starts_with(incoming) || name.find(".canary.") != name.npos)
      made.scraps.push_back(std::move(seen));
    else if (name.ends_with(".canary") || name.find(mark_infix) != name.npos)
      made.findings.push_back(std::move(seen));
    else if (name.ends_with(".so"))
      made.copies.push_back(std::move(seen));
  }
  if (code) return store_error(directory, "be read", code.value());
  return made;
}

class trimming {
 public:
  trimming(int place, const store_limits& limits, wall_time now) : place_(place), limits_(limits), now_(now) {}

  store_report run(inventory found, const std::set<std::string, std::less<>>& mapped) {
    for (const auto& scrap : found.scraps) {
      if (is_older(scrap, limits_.retention)) remove(scrap);
    }
    trim_copies(std::move(found.copies), mapped);
    for (const auto& finding : found.findings) {
      if (is_older(finding, limits_.retention) && !is_wanted(finding)) remove(finding);
    }
    return report_;
  }

 private:
  bool is_older(const entry& file, std::chrono::seconds age) const {
    return now_ - file.used >= std::max(age, youngest);
  }

  void trim_copies(std::vector<entry> copies, const std::set<std::string, std::less<>>& mapped) {
    for (const auto& copy : copies) report_.bytes += copy.bytes;
    std::ranges::sort(copies, {}, &entry::used);
    for (const auto& copy : copies) {
      if (mapped.contains(copy.name)) {
        mark_used(place_, copy.name, now_);
      } else if (is_older(copy, limits_.retention) || (report_.bytes > limits_.max_bytes && is_older(copy, youngest))) {
        if (remove(copy)) {
          report_.bytes -= copy.bytes;
          continue;
        }
      }
      ++report_.files;
      left_.push_back(copy.name);
    }
  }

  /// A finding is asked for again as long as there is a copy of its content, whose name has the hash's beginning.
  bool is_wanted(const entry& finding) const {
    const auto mark = "-" + finding.name.substr(0, 16);
    return std::ranges::any_of(left_, [&](const std::string& name) { return name.find(mark) != name.npos; });
  }

  /// False if it is in use.
  bool remove(const entry& file) {
    const file_descriptor opened(::openat(place_, file.name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!opened || !lock_file(opened.get(), lock_kind::exclusive)) return false;
    if (::unlinkat(place_, file.name.c_str(), 0) != 0) return false;
    ++report_.removed_files;
    report_.removed_bytes += file.bytes;
    return true;
  }

  const int place_;
  const store_limits limits_;
  const wall_time now_;
  store_report report_;
  std::vector<std::string> left_;
};

}  // namespace

result<store_report> trim_store(const std::filesystem::path& directory, const store_limits& limits, wall_time now,
                                const std::filesystem::path& maps) {
  const auto place = open_private(directory);
  if (!place) return place.error();
  const auto mapped = mapped_beneath(directory, maps);
  if (!mapped) {
    return account_misconfigured(
        directory.string() + ": expected " + maps.string() +
        " to show which copies are mapped, found nothing in it, so none is removed; mount /proc");
  }
  auto found = look(directory, place->get());
  if (!found) return found.error();
  return trimming(place->get(), limits, now).run(std::move(*found), *mapped);
}

}  // namespace tenon
