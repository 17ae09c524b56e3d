// Goal: every way of putting a plugin file somewhere is seen, once, when the file is whole and rests. Method: a watch
// on real directories with a settle time of a few milliseconds. That nothing was reported is known when a second watch,
// on a directory where something happened later, has reported more than once since.
#include "reload/directory_watch.hpp"

#include "await.hpp"

#include <boost/asio/thread_pool.hpp>

#include <doctest/doctest.h>

#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>

using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr auto never = 24h;
constexpr watch_pace by_events{.settle = 30ms, .slow_look = never};
constexpr watch_pace by_looking{.settle = 30ms, .slow_look = 40ms};

std::string unique_name() {
  static int count = 0;
  return "tenon-watch-" + std::to_string(getpid()) + "-" + std::to_string(count++);
}

/// plugins/ in a directory of its own, which is on the same file system.
struct place {
  place() : root(fs::temp_directory_path() / unique_name()), plugins(root / "plugins") {
    fs::create_directories(plugins);
  }
  place(const place&) = delete;
  place& operator=(const place&) = delete;
  ~place() { fs::remove_all(root); }

  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(root / name, std::ios::binary | std::ios::trunc) << text;
    return root / name;
  }

  const fs::path root;
  const fs::path plugins;
};

/// A started watch that counts its reports, with a thread to run it.
class watching {
 public:
  explicit watching(fs::path directory, const watch_pace& pace = by_events)
      : watch_(std::make_shared<directory_watch>(pool_.get_executor(), std::vector{std::move(directory)}, pace, logger_,
                                                 [this] { reports_.raise(); })) {
    watch_->start();
  }
  watching(const watching&) = delete;
  watching& operator=(const watching&) = delete;
  ~watching() {
    watch_->stop();
    pool_.join();
  }

  bool reports(int wanted) const { return reports_.reaches(wanted); }
  int count() const { return reports_.count(); }
  bool says(const std::string& text) const {
    const auto lines = log_->last_formatted();
    return std::ranges::any_of(lines, [&](const std::string& line) { return line.find(text) != line.npos; });
  }

 private:
  std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> log_ = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(64);
  std::shared_ptr<spdlog::logger> logger_ = std::make_shared<spdlog::logger>("test", log_);
  tally reports_;
  boost::asio::thread_pool pool_{1};
  std::shared_ptr<directory_watch> watch_;
};

/// Runs `what` on a thread whose system call fails, as the filter does for it and for who it starts.
template <class Function>
void on_a_thread_without(std::uint32_t system_call, std::uint32_t error_number, const Function& what) {
  std::jthread([&] {
    sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, system_call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error_number),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{.len = std::size(steps), .filter = steps};
    REQUIRE(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    REQUIRE(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
    what();
  });
}

/// Comes back when several settle times have passed for whoever watches at the same pace.
void let_things_settle() {
  const place elsewhere;
  const watching control(elsewhere.plugins);
  for (int round = 1; round <= 3; ++round) {
    elsewhere.write("plugins/control.so", std::string(static_cast<std::size_t>(round), 'x'));
    REQUIRE(control.reports(round));
  }
}

}  // namespace

TEST_CASE("what is there at the start is not reported, and a new file is, with its name") {
  const place files;
  files.write("plugins/gam.so", "one");
  const watching watch(files.plugins);
  let_things_settle();
  CHECK(watch.count() == 0);
  files.write("plugins/kevel.so", "two");
  CHECK(watch.reports(1));
  CHECK(watch.says("plugins: kevel.so added; looking"));
  let_things_settle();
  CHECK(watch.count() == 1);
}

TEST_CASE("every way of replacing, adding or removing a file is reported") {
  const place files;
  const auto plugin = files.write("plugins/gam.so", "one");
  const auto other = files.write("other", "other");
  const watching watch(files.plugins);
  std::string seen = "gam.so replaced";
  bool in_two_steps = false;
  SUBCASE("a copy over it") { fs::copy_file(other, plugin, fs::copy_options::overwrite_existing); }
  SUBCASE("a rename from elsewhere") { fs::rename(other, plugin); }
  SUBCASE("a temporary file beside it that is renamed, as rsync does") {
    files.write("plugins/.gam.so.Ab12Cd", "two");
    fs::rename(files.plugins / ".gam.so.Ab12Cd", plugin);
  }
  SUBCASE("unlinked and created, as install does") {
    in_two_steps = true;
    fs::remove(plugin);
    files.write("plugins/gam.so", "two");
  }
  SUBCASE("unlinked and linked to another file") {
    in_two_steps = true;
    fs::remove(plugin);
    fs::create_hard_link(other, plugin);
  }
  SUBCASE("a symbolic link renamed over it") {
    fs::create_symlink(other, files.plugins / "next");
    fs::rename(files.plugins / "next", plugin);
  }
  SUBCASE("as many bytes, and the old time of modification") {
    let_things_settle();  // the file system's clock moves in steps of some milliseconds
    const auto time = fs::last_write_time(plugin);
    files.write("plugins/gam.so", "two");
    fs::last_write_time(plugin, time);
  }
  SUBCASE("cut short by its path, which nobody closes") { fs::resize_file(plugin, 1); }
  SUBCASE("other rights") { fs::permissions(plugin, fs::perms::owner_read); }
  SUBCASE("a hard link of a new name") {
    fs::create_hard_link(other, files.plugins / "kevel.so");
    seen = "kevel.so added";
  }
  SUBCASE("a signature") {
    files.write("plugins/gam.so.sig", "signed");
    seen = "gam.so.sig added";
  }
  SUBCASE("deleted") {
    fs::remove(plugin);
    seen = "gam.so gone";
  }
  SUBCASE("renamed away") {
    fs::rename(plugin, files.root / "gam.so");
    seen = "gam.so gone";
  }
  CHECK(watch.reports(1));
  // When this thread is held up in between for as long as what is there has to rest, both steps are reported.
  if (in_two_steps && watch.says("plugins: gam.so gone; looking")) seen = "gam.so added";
  CHECK(eventually([&] { return watch.says("plugins: " + seen + "; looking"); }));
}

TEST_CASE("a directory of links through ..data is taken with one rename, as a Kubernetes volume is") {
  const place files;
  fs::create_directories(files.plugins / "..1");
  fs::create_directories(files.plugins / "..2");
  files.write("plugins/..1/gam.so", "one");
  files.write("plugins/..2/gam.so", "two");
  fs::create_directory_symlink("..1", files.plugins / "..data");
  fs::create_symlink("..data/gam.so", files.plugins / "gam.so");
  const watching watch(files.plugins);
  let_things_settle();
  CHECK(watch.count() == 0);
  fs::create_directory_symlink("..2", files.plugins / "..data_tmp");
  fs::rename(files.plugins / "..data_tmp", files.plugins / "..data");
  CHECK(watch.reports(1));
  CHECK(watch.says("gam.so replaced"));
}

TEST_CASE("a file is reported when its writer closes it, however long he pauses, and nothing else is before") {
  const place files;
  const watching watch(files.plugins);
  std::string added = "gam.so added";
  SUBCASE("between two pieces") {
    std::ofstream slow(files.plugins / "gam.so", std::ios::binary);
    for (int piece = 0; piece < 3; ++piece) {
      slow << "piece" << std::flush;
      let_things_settle();
      CHECK(watch.count() == 0);
    }
  }
  SUBCASE("before the first byte") {
    std::ofstream slow(files.plugins / "gam.so", std::ios::binary);
    let_things_settle();
    CHECK(watch.count() == 0);
    slow << "all";
  }
  SUBCASE("while it is renamed into place") {
    std::ofstream slow(files.plugins / "gam.partial", std::ios::binary);
    slow << "half" << std::flush;
    let_things_settle();
    fs::rename(files.plugins / "gam.partial", files.plugins / "gam.so");
    let_things_settle();
    CHECK(watch.count() == 0);
    slow << "half";
  }
  SUBCASE("while a neighbour is added") {
    std::ofstream slow(files.plugins / "gam.so", std::ios::binary);
    slow << "half" << std::flush;
    files.write("plugins/kevel.so", "whole");
    let_things_settle();
    CHECK(watch.count() == 0);
    added = "gam.so added, kevel.so added";
  }
  CHECK(watch.reports(1));
  CHECK(watch.says("plugins: " + added + "; looking"));
  let_things_settle();
  CHECK(watch.count() == 1);
}

TEST_CASE("who only reads a file keeps nobody waiting, nor does a link to an empty one") {
  const place files;
  files.write("plugins/gam.so", "one");
  fs::create_hard_link(files.write("empty", ""), files.plugins / "empty.so");
  const watching watch(files.plugins);
  let_things_settle();
  const std::ifstream reader(files.plugins / "gam.so");
  std::ifstream(files.plugins / "gam.so").get();
  files.write("plugins/gam.so", "two");
  const std::ifstream another(files.plugins / "gam.so");
  fs::create_hard_link(files.root / "empty", files.plugins / "kevel.so");
  CHECK(watch.reports(1));
  CHECK(eventually([&] { return watch.says("kevel.so added"); }));
}

TEST_CASE("who still writes to a file that was replaced keeps nobody waiting") {
  const place files;
  const watching watch(files.plugins);
  std::ofstream old(files.plugins / "gam.so", std::ios::binary);
  old << "half" << std::flush;
  let_things_settle();
  CHECK(watch.count() == 0);
  fs::rename(files.write("other", "whole"), files.plugins / "gam.so");
  old << "half" << std::flush;
  CHECK(watch.reports(1));
  old << "half" << std::flush;
}

TEST_CASE("the log names the file that keeps the others waiting, once") {
  const place files;
  const watching watch(files.plugins, by_looking);
  std::ofstream slow(files.plugins / "gam.so", std::ios::binary);
  slow << "half" << std::flush;
  CHECK(eventually([&] { return watch.says("expected whoever writes " + (files.plugins / "gam.so").string()); }));
  CHECK(watch.count() == 0);
  slow.close();
  CHECK(watch.reports(1));
}

TEST_CASE("other files in the directory are no matter, and put nothing off") {
  const place files;
  const watching watch(files.plugins);
  files.write("plugins/README", "one");
  let_things_settle();
  CHECK(watch.count() == 0);
  files.write("plugins/gam.so", "one");
  int written = 0;
  CHECK(eventually([&] {
    files.write("plugins/busy.log", std::to_string(++written));
    return watch.count() == 1;
  }));
}

TEST_CASE("a directory that was removed and made again is watched again") {
  const place files;
  files.write("plugins/gam.so", "one");
  const watching watch(files.plugins, by_looking);
  fs::remove_all(files.plugins);
  CHECK(watch.reports(1));
  CHECK(watch.says("gam.so gone"));
  fs::create_directories(files.plugins);
  files.write("plugins/gam.so", "two");
  CHECK(eventually([&] { return watch.says("gam.so added"); }));
  files.write("plugins/kevel.so", "three");
  CHECK(eventually([&] { return watch.says("kevel.so added"); }));
}

TEST_CASE("a directory that is a link put elsewhere is looked at where it points") {
  const place files;
  fs::create_directories(files.root / "next");
  files.write("plugins/gam.so", "one");
  files.write("next/gam.so", "two");
  fs::create_directory_symlink("plugins", files.root / "current");
  const watching watch(files.root / "current", by_looking);
  fs::create_directory_symlink("next", files.root / "turned");
  fs::rename(files.root / "turned", files.root / "current");
  CHECK(watch.reports(1));
  CHECK(watch.says("gam.so replaced"));
}

TEST_CASE("what makes no event is found by the slow look") {
  const place files;
  const auto target = files.write("gam-1", "one");
  fs::create_symlink(target, files.plugins / "gam.so");
  const watching watch(files.plugins, by_looking);
  files.write("gam-1", "two!");
  CHECK(watch.reports(1));
}

TEST_CASE("without inotify the slow look finds everything, and the log says what to do") {
  const place files;
  std::optional<watching> watch;
  std::string advice;
  SUBCASE("no instance") {
    advice = "raise fs.inotify.max_user_instances";
    on_a_thread_without(SYS_inotify_init1, EMFILE, [&] { watch.emplace(files.plugins, by_looking); });
  }
  SUBCASE("no watch") {
    advice = "raise fs.inotify.max_user_watches";
    on_a_thread_without(SYS_inotify_add_watch, ENOSPC, [&] { watch.emplace(files.plugins, by_looking); });
  }
  CHECK(watch->says(advice));
  files.write("plugins/gam.so", "one");
  CHECK(watch->reports(1));
}

TEST_CASE("nothing is reported after stop(), which leaves nothing that a pool would wait for") {
  const place files;
  boost::asio::thread_pool pool(1);
  tally reports;
  const auto watch = std::make_shared<directory_watch>(
      pool.get_executor(), std::vector{files.plugins}, by_events,
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(8)),
      [&reports] { reports.raise(); });
  watch->start();
  files.write("plugins/gam.so", "one");
  watch->stop();
  watch->stop();
  pool.join();
  CHECK(reports.count() == 0);
}
