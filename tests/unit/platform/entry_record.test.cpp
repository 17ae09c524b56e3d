// Goal: what runs inside a plugin can be read when its process is gone, is right for every thread and every nesting,
// and harms nobody when it is not to be had. Method: the file of a live process, copied to where nobody has it locked,
// is that of a dead one; a signal is what the test writes into a slot.
#include "platform/entry_record.hpp"
#include "platform/ended_processes.hpp"
#include "plugin/crash_finding.hpp"

#include "fixtures.hpp"

#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <barrier>
#include <csignal>
#include <set>
#include <sstream>
#include <thread>

#include <sys/stat.h>

namespace fs = std::filesystem;
using namespace tenon;
using namespace tenon::testing;

namespace {

const std::string content = std::string(63, 'a') + '1';

entry_label label_of(const std::string& tenant, const std::string& content_hash = content) {
  plugin_image image;
  image.name = "gam";
  image.manifest.version = "1.2.0";
  image.content_hash = content_hash;
  return make_label(tenant, image);
}

/// A store of a process that lives, and one in which a process after it looks.
struct record_world {
  record_world() {
    for (const auto* name : {"store", "next"}) REQUIRE(plugin_store::open(place / name).has_value());
  }

  std::shared_ptr<entry_record> open() const { return entry_record::open(place / "store").value(); }

  std::vector<fs::path> records(const std::string& store) const {
    std::vector<fs::path> found;
    for (const auto& each : fs::directory_iterator(place / store)) {
      if (each.path().native().ends_with(entries_suffix)) found.push_back(each.path());
    }
    return found;
  }

  /// As if the process died now.
  void die() const {
    for (const auto& each : records("store")) fs::copy_file(each, place / "next" / each.filename());
  }

  std::string settle(const std::string& store = "next") const {
    std::ostringstream said;
    spdlog::logger log("test", std::make_shared<spdlog::sinks::ostream_sink_st>(said));
    log.set_pattern("%l %v");
    settle_ended_processes(place / store, log);
    return said.str();
  }

  std::string against(const std::string& tenant) const {
    return crash_findings::read(place / "next").against(tenant, content).value_or("");
  }

  struct : scratch_directory {
    fs::path operator/(const std::string& name) const { return path() / name; }
  } place;
};

}  // namespace

TEST_CASE("an entry that a signal ended is held against its bytes for its tenant, and its record is gone") {
  const record_world world;
  const auto record = world.open();
  const auto acme = label_of("acme");
  recorded_entry inside(record.get(), acme, "create_media_buy");
  auto* const slot = recorded_entry::innermost();
  REQUIRE(slot != nullptr);
  slot->address = 16;
  slot->died_at = 1769860800;
  slot->signal = SIGSEGV;
  world.die();
  const auto said = world.settle();
  CHECK_MESSAGE(says(said, "error tenant acme: process "), said);
  CHECK(says(said,
             "died with SIGSEGV at 0x10 inside gam 1.2.0 (aaaaaaaaaaaa), in create_media_buy, at "
             "2026-01-31T12:00:00Z"));
  CHECK(says(world.against("acme"), "died with SIGSEGV at 0x10"));
  CHECK(world.against("beta") == "");
  CHECK(world.records("next").empty());
  CHECK(world.settle() == "");
}

TEST_CASE("an entry that no signal ended is told and held against nobody, and one that returned is not even told") {
  const record_world world;
  const auto record = world.open();
  const auto acme = label_of("acme"), beta = label_of("beta");
  recorded_entry(record.get(), beta, "get_products").leave();
  const recorded_entry inside(record.get(), acme, "get_products");
  world.die();
  const auto said = world.settle();
  CHECK_MESSAGE(says(said, "warning tenant acme: process "), said);
  CHECK(says(said, "was inside gam 1.2.0 (aaaaaaaaaaaa), in get_products, when something else ended it; not held"));
  CHECK_FALSE(says(said, "beta"));
  CHECK(world.against("acme") == "");
  CHECK(world.records("next").empty());
}

TEST_CASE("entries nest: what ends the thread is the innermost, and the outer one is there again after it") {
  const record_world world;
  const auto record = world.open();
  const auto acme = label_of("acme"), beta = label_of("beta");
  const recorded_entry outer(record.get(), acme, "create_media_buy");
  auto* const outer_slot = recorded_entry::innermost();
  {
    const recorded_entry inner(record.get(), beta, "cancel()");
    REQUIRE(recorded_entry::innermost() != nullptr);
    CHECK(recorded_entry::innermost() != outer_slot);
    recorded_entry::innermost()->signal = SIGABRT;
    world.die();
  }
  CHECK(recorded_entry::innermost() == outer_slot);
  world.settle();
  CHECK(says(world.against("beta"), "died with SIGABRT inside gam 1.2.0 (aaaaaaaaaaaa), in cancel()"));
  CHECK(world.against("acme") == "");
}

TEST_CASE("an entry without a record or without a slot leaves no trace, and does not blame the entry around it") {
  const record_world world;
  const auto record = world.open();
  const auto acme = label_of("acme");
  std::vector<std::unique_ptr<recorded_entry>> nested;
  do {
    nested.push_back(std::make_unique<recorded_entry>(record.get(), acme, "get_products"));
  } while (recorded_entry::innermost() != nullptr && nested.size() <= entry_file::slot_count);
  CHECK(recorded_entry::innermost() == nullptr);
  nested.pop_back();
  auto* const last = recorded_entry::innermost();
  CHECK(last != nullptr);
  {
    const recorded_entry without(nullptr, acme, "get_products");
    CHECK(recorded_entry::innermost() == nullptr);
  }
  CHECK(recorded_entry::innermost() == last);
  while (!nested.empty()) nested.pop_back();
  CHECK(recorded_entry::innermost() == nullptr);
  const recorded_entry again(record.get(), acme, "get_products");
  CHECK(recorded_entry::innermost() != nullptr);
}

TEST_CASE("many threads each have a slot of their own, which says what they are in") {
  constexpr int threads = 64, rounds = 200;
  const record_world world;
  const auto record = world.open();
  std::barrier all_inside(threads + 1), copied(threads + 1);
  {
    std::vector<std::jthread> running;
    for (int number = 0; number < threads; ++number) {
      running.emplace_back([&, number] {
        const auto mine = label_of("tenant-" + std::to_string(number));
        const auto task = "task-" + std::to_string(number);
        for (int round = 0; round < rounds; ++round) recorded_entry(record.get(), mine, task.c_str()).leave();
        const recorded_entry inside(record.get(), mine, task.c_str());
        all_inside.arrive_and_wait();
        copied.arrive_and_wait();
      });
    }
    all_inside.arrive_and_wait();
    world.die();
    copied.arrive_and_wait();
  }
  const auto said = world.settle();
  for (int number = 0; number < threads; ++number) {
    const auto text = std::to_string(number);
    CHECK(says(said, "tenant tenant-" + text + ": process "));
    CHECK(says(said, "in task-" + text + ", when"));
  }
}

TEST_CASE("a slot that is used for another platform says nothing of the one before it") {
  const record_world world;
  const auto record = world.open();
  const auto longer = label_of("a-tenant-with-a-long-name"), shorter = label_of("b");
  recorded_entry(record.get(), longer, "a_task_with_a_long_name").leave();
  const recorded_entry inside(record.get(), shorter, "t");
  world.die();
  const auto said = world.settle();
  CHECK_MESSAGE(says(said, "tenant b: process "), said);
  CHECK(says(said, "in t, when"));
}

TEST_CASE("names that are too long are cut, and what a plugin calls its task breaks no line") {
  const record_world world;
  const auto record = world.open();
  const auto acme = label_of("acme");
  const auto task = "two\nlines" + std::string(500, 'x');
  const recorded_entry inside(record.get(), acme, task.c_str());
  recorded_entry::innermost()->signal = SIGILL;
  world.die();
  CHECK(says(world.settle(), "in two?linesxxx"));
  CHECK(says(world.against("acme"), "in two?linesxxx"));
}

TEST_CASE("a signal that the process survived is not held against the next entry") {
  const record_world world;
  const auto record = world.open();
  const auto acme = label_of("acme");
  {
    const recorded_entry survived(record.get(), acme, "get_products");
    recorded_entry::innermost()->signal = SIGFPE;
  }
  const recorded_entry inside(record.get(), acme, "get_products");
  world.die();
  world.settle();
  CHECK(world.against("acme") == "");
}

TEST_CASE("a record that is cut off, of another layout or of nonsense is removed with a line in the log") {
  const record_world world;
  const auto record = world.open();
  const auto acme = label_of("acme");
  const recorded_entry inside(record.get(), acme, "get_products");
  recorded_entry::innermost()->signal = SIGSEGV;
  const auto expect_ignored = [&](const std::string& what) {
    const auto said = world.settle();
    CHECK_MESSAGE(says(said, what), said);
    CHECK(world.records("next").empty());
    CHECK(world.against("acme") == "");
  };
  const std::string nothing_ours = "expected what a process left of its entries into plugins, found ";
  for (const std::uintmax_t size : {std::uintmax_t(0), std::uintmax_t(7), std::uintmax_t(sizeof(entry_file) - 1),
                                    std::uintmax_t(sizeof(entry_file) + 1)}) {
    world.die();
    fs::resize_file(world.records("next").at(0), size);
    expect_ignored(nothing_ours);
  }
  for (const std::streamoff damaged : {std::streamoff(0), std::streamoff(offsetof(entry_file, layout))}) {
    world.die();
    std::fstream file(world.records("next").at(0), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(damaged).put('?');
    file.close();
    expect_ignored(nothing_ours);
  }
  recorded_entry::innermost()->label.content_hash.fill('/');
  world.die();
  expect_ignored("expected the content hash and the tenant of an entry, found \"////");
}

TEST_CASE("the record of a process that lives is left alone, closed to others, and goes with it") {
  const record_world world;
  auto record = world.open();
  const auto acme = label_of("acme");
  {
    const recorded_entry inside(record.get(), acme, "get_products");
    CHECK(world.settle("store") == "");
  }
  REQUIRE(world.records("store").size() == 1);
  struct stat found {};
  REQUIRE(::stat(world.records("store")[0].c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  record.reset();
  CHECK(world.records("store").empty());
  CHECK_FALSE(entry_record::open(world.place / "elsewhere").has_value());
}
