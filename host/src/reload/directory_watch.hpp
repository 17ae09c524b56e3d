#pragma once

#include "reload/plugin_listing.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

struct inotify_event;

namespace spdlog {
class logger;
}

namespace tenon {

/// How long the files have to rest before they are reported, and how often they are looked at although nothing
/// happened.
struct watch_pace {
  std::chrono::milliseconds settle{500};
  std::chrono::milliseconds slow_look{10'000};

  friend bool operator==(const watch_pace&, const watch_pace&) = default;
};

/// Tells when plugin files or their signatures were added, replaced or taken away, whatever did it, once they rest.
///
/// inotify says when to look; what was seen decides. Two listings that lie `settle` apart have to be the same, and
/// other than the one that was reported last. So it takes once or twice `settle` until a change is reported, and other
/// files in the directory put nothing off.
///
/// While a file is being written nothing is reported, however long its writer pauses, since whoever is told looks at
/// all of them. Being written is what was modified, or created empty, and has neither been closed by a writer since,
/// nor replaced, nor deleted, while somebody has it open. Rationale: a read lease (F_SETLEASE) would ask the kernel
/// outright, but a writer who opens the file in the moment that the lease is held has the kernel send SIGIO, which ends
/// a process that does not expect it. The limits of this: a writer is not known who opened the file before the watch
/// began, or in the same instant as another, or who writes over NFS, through a hard link elsewhere or to the target of
/// a symbolic link; nor is the second of two writers once the first is done. Then resting alone decides, and what is
/// half a plugin is for the gate to refuse, as it is when a writer begins after the report.
///
/// What makes no event at all (NFS, targets of symbolic links, a directory that comes back or is a link put elsewhere)
/// is found by the slow look. So is everything where inotify cannot be had; the log says what to do about that. Rights
/// of the directories themselves are not looked at.
///
/// Lifetime    stop() before the executor's context is joined. Handlers keep nothing alive.
/// Threads     Any; `on_settled` is called on the executor, never twice at a time, and holds no lock. No thread is
/// kept. Cost        A listing of the directories, on the executor, for each look; an inotify instance and a watch for
/// each.
class directory_watch : public std::enable_shared_from_this<directory_watch> {
 public:
  /// Changes are those from here on, although nothing is reported before start().
  directory_watch(const boost::asio::any_io_executor& executor, std::vector<std::filesystem::path> directories,
                  watch_pace pace, std::shared_ptr<spdlog::logger> logger, std::function<void()> on_settled);

  void start();

  /// Whether this is how another one would be made.
  bool goes_by(const std::vector<std::filesystem::path>& directories, const watch_pace& pace) const;

  /// Nothing is reported from here on, but for a report that is being made.
  void stop();

 private:
  struct watched {
    int watch = -1;  ///< inotify's number; none: no events come
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    bool told = false;  ///< the log has why there is none
  };
  using entry_name = std::pair<int, std::string>;  ///< a watch, and a name in its directory
  struct use {
    int opened = 0;  ///< how often, readers included
    bool written = false;
  };

  void open_queue();
  void watch_directories();
  void unwatch(watched& directory);
  void wait_for_events();
  bool take_events();
  bool take(const inotify_event& event);
  void notice();
  void look();
  void wait(std::chrono::milliseconds time);
  bool created_empty(const entry_name& entry) const;
  std::filesystem::path being_written() const;
  std::filesystem::path path_of(const entry_name& entry) const;

  const std::vector<std::filesystem::path> directories_;
  const watch_pace pace_;
  const std::shared_ptr<spdlog::logger> logger_;
  const std::function<void()> on_settled_;
  std::atomic<bool> stopped_ = false;

  boost::asio::strand<boost::asio::any_io_executor> strand_;  // guards all below
  boost::asio::posix::stream_descriptor queue_;               // closed where inotify cannot be had
  boost::asio::steady_timer timer_;
  std::uint64_t turn_ = 0;          // of the wait that counts: one that has ended already cannot be cancelled
  std::vector<watched> watches_;    // one for each directory
  std::map<entry_name, use> uses_;  // of files that are open, so far as events tell
  std::uint32_t move_ = 0;          // cookie of the last move's first half
  use moved_;                       // of the file that it moved
  plugin_listing seen_;
  plugin_listing reported_;
  std::filesystem::path told_;  // the file that keeps the others waiting, as the log has it
  bool settling_ = false;
};

}  // namespace tenon
