#include "audit/audit_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

namespace tenon::tenond {
namespace {

error refusal(const std::filesystem::path& file, const std::string& found) {
  return make_error("CONFIGURATION_ERROR", "The server is not configured correctly.",
                    "server.audit_log: expected to append to " + file.string() + ", found " + found);
}

/// Whether its last line has no end: who wrote it found the disk full, say.
bool ends_half_way(int file) {
  struct stat status {};
  char last = '\n';
  return ::fstat(file, &status) == 0 && status.st_size > 0 && ::pread(file, &last, 1, status.st_size - 1) == 1 &&
         last != '\n';
}

}  // namespace

result<void> audit_log::open(const std::filesystem::path& file) {
  file_descriptor opened;
  if (!file.empty()) {
    // O_NONBLOCK: whatever it is, opening it waits for nobody.
    constexpr int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    opened = file_descriptor(::open(file.c_str(), flags, S_IRUSR | S_IWUSR));
    if (!opened) {
      return refusal(file, describe_errno(errno) + "; make its directory, writable for the user that tenond runs as");
    }
    struct stat status {};
    if (::fstat(opened.get(), &status) != 0 || !S_ISREG(status.st_mode))
      return refusal(file, "something that is no regular file; choose another path");
  }
  summarise();  // where it was counted
  const std::lock_guard lock(file_mutex_);
  // Looked at while no line is on its way: a file grows page by page, so one that is being written seems torn.
  torn_ = opened && ends_half_way(opened.get());
  on_ = static_cast<bool>(opened);
  file_ = std::move(opened);
  path_ = file;
  return {};
}

void audit_log::write(const audit_entry& entry) {
  if (!is_on()) return;
  put(audit_line(entry, time_.wall_now()));
}

void audit_log::write_bounded(const audit_entry& entry) {
  if (!is_on()) return;
  const auto now = time_.steady_now();
  {
    const std::lock_guard lock(counted_mutex_);
    auto& of = counted_.try_emplace(kind(entry.outcome, entry.principal), counted{token_bucket(usual_bounds, now)})
                   .first->second;
    if (!of.lines.take(now)) {
      if (of.left_out++ == 0) of.since = time_.wall_now();
      return;
    }
  }
  write(entry);
}

std::vector<audit_summary> audit_log::take_counted() {
  std::vector<audit_summary> all;
  const std::lock_guard lock(counted_mutex_);
  for (auto& [of, what] : counted_) {
    if (what.left_out == 0) continue;
    all.push_back({.outcome = of.first, .principal = of.second, .count = what.left_out, .since = what.since});
    what.left_out = 0;
  }
  return all;
}

void audit_log::summarise() {
  for (const auto& each : take_counted()) {
    if (!put(audit_line(each, time_.wall_now()))) {
      put_back(each);
      continue;
    }
    const std::lock_guard lock(file_mutex_);
    figures_.summarised += each.count;
  }
}

/// What could not be told is told by the next summary.
void audit_log::put_back(const audit_summary& untold) {
  const std::lock_guard lock(counted_mutex_);
  auto& of = counted_.at(kind(untold.outcome, untold.principal));
  of.left_out += untold.count;
  of.since = untold.since;
}

bool audit_log::put(std::string line) {
  bool written = false;
  const auto news = append(line, written);
  if (!news.empty()) trouble_(news);
  return written;
}

/// What there is to tell of it, if anything.
std::string audit_log::append(std::string& line, bool& written) {
  const std::lock_guard lock(file_mutex_);
  if (!file_) return {};
  if (torn_) line.insert(line.begin(), '\n');
  std::size_t done = 0;
  int failed = 0;
  while (done < line.size() && failed == 0) {
    const auto wrote = ::write(file_.get(), line.data() + done, line.size() - done);
    if (wrote > 0)
      done += static_cast<std::size_t>(wrote);
    else if (wrote == 0 || errno != EINTR)
      failed = wrote == 0 ? EIO : errno;
  }
  if (done > 0) torn_ = failed != 0 && line[done - 1] != '\n';
  if (failed != 0) {
    ++figures_.lost;
    if (failures_++ != 0) return {};
    return path_.string() + " cannot be written: " + describe_errno(failed) +
           "; make room for it or mend it: calls go on, and lines are lost until then";
  }
  ++figures_.written;
  written = true;
  if (failures_ == 0) return {};
  return path_.string() + " is written again; " + std::to_string(std::exchange(failures_, 0)) + " lines were lost";
}

audit_log::figures audit_log::now() const {
  const std::lock_guard lock(file_mutex_);
  auto made = figures_;
  made.file = path_;
  return made;
}

}  // namespace tenon::tenond
