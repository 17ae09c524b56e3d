#include "reload/directory_watch.hpp"

#include <boost/asio/post.hpp>

#include <spdlog/spdlog.h>

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace tenon {
namespace {

// Without IN_EXCL_UNLINK who still writes to a file that was replaced would seem to write to its successor.
constexpr std::uint32_t wanted_events = IN_CREATE | IN_OPEN | IN_MODIFY | IN_CLOSE_NOWRITE | IN_CLOSE_WRITE |
                                        IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF |
                                        IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;

std::string text_of(int error_number) { return std::generic_category().message(error_number); }

}  // namespace

directory_watch::directory_watch(const boost::asio::any_io_executor& executor,
                                 std::vector<std::filesystem::path> directories, watch_pace pace,
                                 std::shared_ptr<spdlog::logger> logger, std::function<void()> on_settled)
    : directories_(std::move(directories)),
      pace_(pace),
      logger_(std::move(logger)),
      on_settled_(std::move(on_settled)),
      strand_(boost::asio::make_strand(executor)),
      queue_(strand_),
      timer_(strand_),
      watches_(directories_.size()) {
  open_queue();
  watch_directories();
  reported_ = list_plugins(directories_);
}

void directory_watch::open_queue() {
  const int descriptor = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  auto why = descriptor < 0 ? text_of(errno) : std::string();
  if (descriptor >= 0) {
    boost::system::error_code failed;
    queue_.assign(descriptor, failed);
    if (!failed) return;
    ::close(descriptor);
    why = failed.message();
  }
  logger_->warn(
      "plugins: expected an inotify instance to watch plugin_dirs with, found none to be had ({}); raise "
      "fs.inotify.max_user_instances or the limit of open files and restart; until then the files are looked at every "
      "{} ms",
      why, pace_.slow_look.count());
}

void directory_watch::start() {
  boost::asio::post(strand_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->stopped_) return;
    self->wait_for_events();
    self->notice();
  });
}

bool directory_watch::goes_by(const std::vector<std::filesystem::path>& directories, const watch_pace& pace) const {
  return directories == directories_ && pace == pace_;
}

void directory_watch::stop() {
  if (stopped_.exchange(true)) return;
  boost::asio::post(strand_, [self = shared_from_this()] {
    self->timer_.cancel();
    boost::system::error_code ignored;
    if (self->queue_.is_open()) self->queue_.close(ignored);
  });
}

/// Watches what stands at the directories' paths now, which may be something else than before.
void directory_watch::watch_directories() {
  for (std::size_t index = 0; index < directories_.size(); ++index) {
    auto& each = watches_[index];
    const auto& path = directories_[index];
    struct stat is {};
    const bool there = ::stat(path.c_str(), &is) == 0 && S_ISDIR(is.st_mode);
    if (there && each.watch >= 0 && each.device == is.st_dev && each.inode == is.st_ino) continue;
    unwatch(each);
    if (!there || !queue_.is_open()) continue;
    each.watch = ::inotify_add_watch(queue_.native_handle(), path.c_str(), wanted_events);
    if (each.watch >= 0) {
      each = {.watch = each.watch, .device = is.st_dev, .inode = is.st_ino};
    } else if (!std::exchange(each.told, true)) {
      const int why = errno;
      logger_->warn(
          "plugins: expected to watch {}, found that it cannot be ({}); {}; until then it is looked at every {} ms",
          path.string(), text_of(why),
          why == ENOSPC ? "raise fs.inotify.max_user_watches" : "let the host's user read it", pace_.slow_look.count());
    }
  }
}

void directory_watch::unwatch(watched& directory) {
  const int watch = std::exchange(directory.watch, -1);
  if (watch < 0 || std::ranges::find(watches_, watch, &watched::watch) != watches_.end()) return;  // listed twice
  if (queue_.is_open()) ::inotify_rm_watch(queue_.native_handle(), watch);  // fails if the directory has gone: well
  std::erase_if(uses_, [watch](const auto& each) { return each.first.first == watch; });
}

void directory_watch::wait_for_events() {
  if (!queue_.is_open()) return;
  queue_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [weak = weak_from_this()](const boost::system::error_code& failed) {
                      const auto self = weak.lock();
                      if (failed || !self || self->stopped_) return;
                      if (self->take_events()) self->notice();
                      self->wait_for_events();
                    });
}

/// Takes what is in the queue. True if something may have changed.
bool directory_watch::take_events() {
  alignas(inotify_event) std::array<char, 16 * 1024> buffer;
  bool changed = false;
  while (queue_.is_open()) {
    const auto size = ::read(queue_.native_handle(), buffer.data(), buffer.size());
    if (size <= 0) break;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      const auto& event = *reinterpret_cast<const inotify_event*>(buffer.data() + at);
      changed = take(event) || changed;
      at += sizeof(inotify_event) + event.len;
    }
  }
  return changed;
}

/// Keeps account of what is being written. True if something may have changed.
bool directory_watch::take(const inotify_event& event) {
  const auto is = [&event](std::uint32_t any_of) { return (event.mask & any_of) != 0; };
  if (is(IN_Q_OVERFLOW)) uses_.clear();  // who was closed meanwhile would be waited for in vain
  if (is(IN_IGNORED)) {
    for (auto& each : watches_) {
      if (each.watch == event.wd) unwatch(each);
    }
  }
  if (event.len == 0 || is(IN_ISDIR)) return !is(IN_OPEN | IN_CLOSE_NOWRITE);  // those are our own looks
  const entry_name entry(event.wd, event.name);
  const auto found = uses_.find(entry);
  if (is(IN_OPEN)) {
    ++uses_[entry].opened;
    return false;
  }
  if (is(IN_ATTRIB)) return true;
  if (is(IN_MODIFY)) {
    if (found != uses_.end()) found->second.written = true;  // else by its path: truncate(2), utimensat(2)
    return true;
  }
  if (is(IN_CLOSE_WRITE | IN_CLOSE_NOWRITE)) {
    if (found == uses_.end()) return is(IN_CLOSE_WRITE);
    if (is(IN_CLOSE_WRITE)) found->second.written = false;
    const bool written = found->second.written;
    if (--found->second.opened <= 0) uses_.erase(found);
    return is(IN_CLOSE_WRITE) || written;
  }
  if (is(IN_MOVED_FROM)) {
    move_ = event.cookie;
    moved_ = found == uses_.end() ? use() : found->second;
  }
  if (found != uses_.end()) uses_.erase(found);
  if (is(IN_MOVED_TO) && move_ == event.cookie && moved_.opened > 0) uses_[entry] = moved_;
  if (is(IN_CREATE) && created_empty(entry)) uses_[entry].written = true;
  return true;
}

/// Something happened: the settle time runs, unless it does already.
void directory_watch::notice() {
  if (settling_) return;
  watch_directories();
  seen_ = list_plugins(directories_);
  settling_ = true;
  wait(pace_.settle);
}

void directory_watch::look() {
  take_events();  // who writes, as of now
  watch_directories();
  auto now = list_plugins(directories_);
  if (now != seen_) {
    seen_ = std::move(now);
    settling_ = true;
    return wait(pace_.settle);
  }
  const bool slow = !std::exchange(settling_, false);
  wait(pace_.slow_look);
  if (seen_ == reported_) return told_.clear();
  if (const auto file = being_written(); !file.empty()) {
    if (slow && file != told_) {
      logger_->warn(
          "plugins: expected whoever writes {} to close it, found it still open; nothing is taken from the directories "
          "until it is closed or replaced, or a reload is asked for",
          file.string());
      told_ = file;
    }
    return;
  }
  told_.clear();
  logger_->info("plugins: {}; looking", describe_difference(reported_, seen_));
  reported_ = seen_;
  on_settled_();
}

void directory_watch::wait(std::chrono::milliseconds time) {
  timer_.expires_after(time);
  timer_.async_wait([weak = weak_from_this(), turn = ++turn_](const boost::system::error_code& cancelled) {
    const auto self = cancelled ? nullptr : weak.lock();
    if (self && !self->stopped_ && turn == self->turn_) self->look();
  });
}

/// Whether a new name is a file that somebody has just opened to write, rather than a link to one that is there.
bool directory_watch::created_empty(const entry_name& entry) const {
  struct stat is {};
  return ::lstat(path_of(entry).c_str(), &is) == 0 && S_ISREG(is.st_mode) && is.st_size == 0 && is.st_nlink == 1;
}

/// A plugin file that is, or an empty path.
std::filesystem::path directory_watch::being_written() const {
  for (const auto& [entry, by] : uses_) {
    if (by.opened == 0 || !by.written) continue;
    auto file = path_of(entry);
    if (seen_.contains(file)) return file;
  }
  return {};
}

std::filesystem::path directory_watch::path_of(const entry_name& entry) const {
  const auto at = std::ranges::find(watches_, entry.first, &watched::watch);
  if (at == watches_.end()) return entry.second;
  return directories_[static_cast<std::size_t>(at - watches_.begin())] / entry.second;
}

}  // namespace tenon
