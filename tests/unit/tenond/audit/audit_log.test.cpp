// Goal: a line is in the file when write() returns, or is counted as lost; a flood is counted; a file that was renamed
// is left alone. Method: real files; a full disk is a file size limit of a child process.
#include "audit/audit_log.hpp"

#include "manual_clock.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using namespace tenon;
using namespace tenon::tenond;
using tenon::testing::manual_clock;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

struct world {
  world() {
    std::string made = (fs::temp_directory_path() / "tenon-audit-XXXXXX").string();
    directory = ::mkdtemp(made.data());
  }
  ~world() { fs::remove_all(directory); }

  static std::vector<std::string> lines(const fs::path& file) {
    std::ifstream in(file);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  static audit_entry entry(const std::string& outcome, const std::string& principal = "buyer") {
    audit_entry made;
    made.outcome = outcome;
    made.principal = principal;
    return made;
  }

  fs::path directory;
  fs::path file() const { return directory / "audit.jsonl"; }
  manual_clock time;
  std::vector<std::string> troubles;
  audit_log log{time, [this](const std::string& news) { troubles.push_back(news); }};
};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("a log that is not opened writes nothing and costs nothing") {
  world w;
  CHECK_FALSE(w.log.is_on());
  w.log.write(world::entry("completed"));
  w.log.write_bounded(world::entry("unauthorized"));
  w.log.summarise();
  CHECK(w.log.now().written == 0);
  CHECK(fs::is_empty(w.directory));
}

TEST_CASE("a file is made for its owner alone, and appended to") {
  world w;
  REQUIRE(w.log.open(w.file()));
  w.log.write(world::entry("completed"));
  struct stat status {};
  REQUIRE(::stat(w.file().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  {
    audit_log second(w.time, [](const std::string&) {});
    REQUIRE(second.open(w.file()));
    second.write(world::entry("submitted"));
  }
  w.log.write(world::entry("replayed"));
  const auto lines = world::lines(w.file());
  REQUIRE(lines.size() == 3);
  CHECK(contains(lines[0], "completed"));
  CHECK(contains(lines[1], "submitted"));
  CHECK(contains(lines[2], "replayed"));
  CHECK(w.log.now().written == 2);
}

TEST_CASE("a path that cannot be opened is refused by name, and lines go where they went") {
  world w;
  REQUIRE(w.log.open(w.file()));
  const auto pipe = w.directory / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  for (const auto& wrong : {w.directory, pipe, w.directory / "none" / "audit.jsonl", fs::path("/dev/null")}) {
    const auto opened = w.log.open(wrong);
    REQUIRE_FALSE(opened);
    CHECK(contains(opened.error().operator_detail, "server.audit_log: expected to append to " + wrong.string()));
  }
  w.log.write(world::entry("completed"));
  CHECK(world::lines(w.file()).size() == 1);
}

TEST_CASE("a file that was renamed is left when it is opened anew, and an empty path ends it") {
  world w;
  REQUIRE(w.log.open(w.file()));
  w.log.write(world::entry("one"));
  fs::rename(w.file(), w.directory / "audit.1");
  w.log.write(world::entry("two"));
  REQUIRE(w.log.open(w.file()));
  w.log.write(world::entry("three"));
  CHECK(world::lines(w.directory / "audit.1").size() == 2);
  CHECK(world::lines(w.file()).size() == 1);
  REQUIRE(w.log.open({}));
  CHECK_FALSE(w.log.is_on());
  w.log.write(world::entry("four"));
  CHECK(world::lines(w.file()).size() == 1);
}

TEST_CASE("a flood is written up to its bounds and counted beyond, for each outcome and principal") {
  world w;
  REQUIRE(w.log.open(w.file()));
  const auto flood = [&w](const std::string& outcome, const std::string& principal, int count) {
    for (int i = 0; i < count; ++i) w.log.write_bounded(world::entry(outcome, principal));
  };
  const auto at_once = static_cast<std::size_t>(audit_log::usual_bounds.burst);
  flood("unauthorized", "", 1000);
  CHECK(world::lines(w.file()).size() == at_once);
  flood("rate_limited", "a", 1000);
  flood("rate_limited", "b", 5);
  CHECK(world::lines(w.file()).size() == 2 * at_once + 5);
  w.log.write(world::entry("completed"));
  w.time.advance(5s);
  flood("unauthorized", "", 2);  // one of them is due
  CHECK(world::lines(w.file()).size() == 2 * at_once + 7);

  w.log.summarise();
  const auto lines = world::lines(w.file());
  REQUIRE(lines.size() == 2 * at_once + 9);
  CHECK(contains(lines[lines.size() - 2], R"("principal":"a","outcome":"rate_limited","count":980)"));
  CHECK(contains(lines.back(), R"("outcome":"unauthorized","count":981,"since":"2023-11-14T23:13:20.000Z")"));
  CHECK(w.log.now().summarised == 980 + 981);
  w.log.summarise();
  CHECK(world::lines(w.file()).size() == lines.size());
}

TEST_CASE("what was counted is told in the file that it was counted for, and by a log that goes") {
  world w;
  {
    audit_log log(w.time, [](const std::string&) {});
    REQUIRE(log.open(w.file()));
    for (int i = 0; i < 30; ++i) log.write_bounded(world::entry("unauthorized", ""));
    REQUIRE(log.open(w.directory / "next"));
    CHECK(contains(world::lines(w.file()).back(), "\"count\":10"));
    CHECK(world::lines(w.directory / "next").empty());
    log.write_bounded(world::entry("unauthorized", ""));
  }
  CHECK(contains(world::lines(w.directory / "next").back(), "\"count\":1,"));
}

TEST_CASE("lines of many threads are whole") {
  world w;
  REQUIRE(w.log.open(w.file()));
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&w] {
        for (int i = 0; i < 250; ++i) w.log.write(world::entry(std::string(60, 'x')));
        for (int i = 0; i < 250; ++i) w.log.write_bounded(world::entry("unauthorized", ""));
      });
    }
    threads.emplace_back([&w] {
      for (int i = 0; i < 1000; ++i) CHECK(w.log.open(w.file()));
    });
  }
  w.log.summarise();
  const auto lines = world::lines(w.file());
  for (const auto& line : lines) CHECK((line.starts_with("{\"time\":") && line.ends_with("}")));
  CHECK(lines.size() == w.log.now().written);
  CHECK(w.log.now().summarised == 4 * 250 - 20);
}

TEST_CASE(
    "a disk that is full is told once, lines are lost and counted, the next one is whole again, and no count is lost") {
  world w;
  const auto report = w.directory / "report";
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {  // alone, for the limit is the whole process's
    std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(w.log.open(w.file()));
    w.log.write(world::entry("before"));
    const auto size = fs::file_size(w.file());
    const auto limit = [](rlim_t bytes) {
      const rlimit to{.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
      return ::setrlimit(RLIMIT_FSIZE, &to) == 0;
    };
    bool good = limit(size + 10);
    for (int i = 0; i < 3; ++i) w.log.write(world::entry("lost"));
    good = good && w.troubles.size() == 1 && contains(w.troubles[0], "EFBIG") && w.log.now().lost == 3;
    for (int i = 0; i < 30; ++i) w.log.write_bounded(world::entry("unauthorized", ""));
    w.log.summarise();  // of ten, which it cannot tell
    good = good && w.log.now().lost == 24 && w.log.now().summarised == 0;
    good = good && limit(RLIM_INFINITY);
    w.log.write(world::entry("after"));
    w.log.summarise();
    good = good && w.troubles.size() == 2 && contains(w.troubles[1], "24 lines were lost");
    good = good && w.log.now().summarised == 10;
    std::ofstream(report) << (good ? "good" : "bad");
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(world::lines(report) == std::vector<std::string>{"good"});
  const auto lines = world::lines(w.file());
  REQUIRE(lines.size() == 4);  // the second is the piece that there was room for
  CHECK(contains(lines[0], "before"));
  CHECK(lines[1].size() == 10);
  CHECK(contains(lines[2], "after"));
  CHECK(contains(lines[3], "\"count\":10,"));
}

TEST_CASE("a line that ends half-way is not gone on with by the process after it") {
  world w;
  std::ofstream(w.file()) << "{\"time\":";
  REQUIRE(w.log.open(w.file()));
  w.log.write(world::entry("completed"));
  REQUIRE(w.log.open(w.file()));
  w.log.write(world::entry("completed"));
  const auto lines = world::lines(w.file());
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "{\"time\":");
  CHECK(lines[1].starts_with("{\"time\":\""));
}
