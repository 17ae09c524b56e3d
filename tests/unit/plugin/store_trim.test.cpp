// Goal: the store forgets what nobody uses once its time has come, and nothing else: no copy that any live host keeps
// or has mapped, no file of somebody else's. Method: real directories, trimmed as of instants that the test chooses;
// another host is a child process that holds an image.
#include "plugin/store_trim.hpp"
#include "fixtures.hpp"
#include "in_child.hpp"

#include "plugin/file.hpp"

#include <algorithm>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace fs = std::filesystem;
using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;

namespace {

/// A store and its limits: an hour, and more than the tests put into it.
struct trimmed_world {
  scratch_directory place;
  std::shared_ptr<plugin_store> store = *plugin_store::open(place / "store");
  store_limits limits{.retention = 1h, .max_bytes = 1ull << 30};

  /// Another content each time.
  std::shared_ptr<const plugin_image> put(int content = 0) const {
    auto file = fixture("good");
    file.bytes.resize(file.bytes.size() + static_cast<std::size_t>(content));
    file.content_hash = sha256_hex(file.bytes);
    auto made = store->put(file);
    if (!made) FAIL(made.error().operator_detail);
    return *made;
  }

  store_report trim_after(std::chrono::seconds later) const {
    const auto trimmed = store->trim(limits, std::chrono::system_clock::now() + later);
    REQUIRE_MESSAGE(trimmed.has_value(), trimmed.error().operator_detail);
    return *trimmed;
  }

  fs::path add(const std::string& name, std::string_view text = "x") const {
    write_file(place / ("store/" + name), text);
    return place / ("store/" + name);
  }
};

/// As if it had last been used then.
void set_age(const fs::path& path, std::chrono::seconds age) {
  fs::last_write_time(path, fs::file_time_type::clock::now() - age);
}

}  // namespace

TEST_CASE("a copy stays while an image is there, and for the retention time afterwards") {
  const trimmed_world world;
  auto image = world.put();
  const auto stored = image->stored;
  CHECK(world.trim_after(48h).files == 1);
  CHECK(fs::exists(stored));
  image.reset();
  CHECK(world.trim_after(59min).removed_files == 0);
  CHECK(fs::exists(stored));
  const auto report = world.trim_after(61min);
  CHECK(report.removed_files == 1);
  CHECK(report.removed_bytes > 0);
  CHECK(report.files == 0);
  CHECK(report.bytes == 0);
  CHECK_FALSE(fs::exists(stored));
}

TEST_CASE("the retention time starts when the last image goes, not when the copy was written") {
  const trimmed_world world;
  auto image = world.put();
  const auto stored = image->stored;
  set_age(stored, 100h);
  image.reset();
  CHECK(world.trim_after(1min).removed_files == 0);
  CHECK(fs::exists(stored));
}

TEST_CASE("of two images of one content each keeps the copy") {
  const trimmed_world world;
  auto first = world.put();
  auto second = world.put();
  first.reset();
  CHECK(world.trim_after(48h).removed_files == 0);
  second.reset();
  CHECK(world.trim_after(48h).removed_files == 1);
}

TEST_CASE("above the size the longest unused go first, those in use never") {
  trimmed_world world;
  const auto used = world.put(1);
  const auto oldest = world.put(2)->stored;
  const auto middle = world.put(3)->stored;
  const auto newest = world.put(4)->stored;
  set_age(used->stored, 40min);
  set_age(oldest, 30min);
  set_age(middle, 20min);
  set_age(newest, 10min);
  world.limits.max_bytes = 2 * used->size + 100;
  const auto report = world.trim_after(0s);
  CHECK(report.removed_files == 2);
  CHECK(report.files == 2);
  CHECK(report.bytes <= world.limits.max_bytes);
  CHECK(fs::exists(used->stored));
  CHECK_FALSE(fs::exists(oldest));
  CHECK_FALSE(fs::exists(middle));
  CHECK(fs::exists(newest));
  world.limits.max_bytes = 1;
  CHECK(world.trim_after(0s).files == 1);
  CHECK(fs::exists(used->stored));
}

TEST_CASE("what is younger than a minute stays whatever the limits, for it may be about to be used") {
  trimmed_world world;
  world.limits = {.retention = 0s, .max_bytes = 1};
  const auto stored = world.put()->stored;
  CHECK(world.trim_after(0s).removed_files == 0);
  CHECK(fs::exists(stored));
  CHECK(world.trim_after(61s).removed_files == 1);
  CHECK_FALSE(fs::exists(stored));
}

TEST_CASE("a copy that is mapped stays although no image is left, and its time starts when it no longer is") {
  const trimmed_world world;
  const auto stored = world.put()->stored;
  const file_descriptor opened(::open(stored.c_str(), O_RDONLY | O_CLOEXEC));
  void* mapped = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, opened.get(), 0);
  REQUIRE(mapped != MAP_FAILED);
  CHECK(world.trim_after(48h).removed_files == 0);
  REQUIRE(::munmap(mapped, 4096) == 0);
  CHECK(world.trim_after(48h + 30min).removed_files == 0);
  CHECK(world.trim_after(48h + 61min).removed_files == 1);
}

TEST_CASE("leftovers of a crash are collected after the retention time, files of others never") {
  const trimmed_world world;
  const auto unused = world.add("good-1.0.0-0123456789abcdef-Ab12Cd.so");
  const auto scrap = world.add(".incoming-Ab12Cd");
  const auto half_finding = world.add("0123456789abcdef.canary.Ab12Cd");
  const auto foreign = world.add("core.1234");
  fs::create_directory(world.place / "store/folder.so");
  fs::create_symlink(foreign, world.place / "store/link.so");
  CHECK(world.trim_after(59min).removed_files == 0);
  CHECK(world.trim_after(61min).removed_files == 3);
  CHECK_FALSE(fs::exists(unused));
  CHECK_FALSE(fs::exists(scrap));
  CHECK_FALSE(fs::exists(half_finding));
  CHECK(fs::exists(foreign));
  CHECK(fs::exists(world.place / "store/folder.so"));
  CHECK(fs::exists(world.place / "store/link.so"));
}

TEST_CASE("what the canary found and who died stays as long as a copy of its content does") {
  const trimmed_world world;
  auto image = world.put();
  const auto finding = world.add(image->content_hash + ".canary");
  const auto mark = world.add(image->content_hash + ".loading.1.Ab12Cd");
  const auto orphan = world.add(std::string(64, 'a') + ".canary");
  CHECK(world.trim_after(48h).removed_files == 1);
  CHECK(fs::exists(finding));
  CHECK(fs::exists(mark));
  CHECK_FALSE(fs::exists(orphan));
  image.reset();
  CHECK(world.trim_after(48h).removed_files == 3);
  CHECK_FALSE(fs::exists(finding));
  CHECK_FALSE(fs::exists(mark));
}

TEST_CASE("a clock that was set back takes nothing") {
  trimmed_world world;
  world.limits = {.retention = 0s, .max_bytes = 1};
  const auto stored = world.put()->stored;
  CHECK(world.trim_after(-1000h).removed_files == 0);
  CHECK(fs::exists(stored));
}

TEST_CASE("another host's copy stays as long as that host lives, however it ends") {
  const trimmed_world world;
  int release[2], ready[2];
  REQUIRE(::pipe(release) == 0);
  REQUIRE(::pipe(ready) == 0);
  const auto other = ::fork();
  REQUIRE(other >= 0);
  if (other == 0) {
    ::close(release[1]);
    const auto store = plugin_store::open(world.place / "store");
    const auto image = store ? (*store)->put(fixture("good")) : store.error();
    char done = image ? 'y' : 'n';
    if (::write(ready[1], &done, 1) != 1) ::_exit(1);
    if (::read(release[0], &done, 1) < 0) ::_exit(1);  // until the test closes its end
    ::_exit(0);                                        // a crash: no destructor runs
  }
  char said = 0;
  REQUIRE(::read(ready[0], &said, 1) == 1);
  CHECK(said == 'y');
  CHECK(world.trim_after(48h).removed_files == 0);
  for (const int end : {release[0], release[1], ready[0], ready[1]}) ::close(end);
  REQUIRE(::waitpid(other, nullptr, 0) == other);
  CHECK(world.trim_after(48h).removed_files == 1);
}

TEST_CASE("two stores of one directory share a copy, and neither takes it from the other") {
  const trimmed_world world;
  const auto second = *plugin_store::open(world.place / "store");
  auto image = world.put();
  auto twin = *second->put(fixture("good"));
  CHECK(twin->stored == image->stored);
  image.reset();
  CHECK(world.trim_after(48h).removed_files == 0);
  twin.reset();
  CHECK(world.trim_after(48h).removed_files == 1);
}

TEST_CASE("a store that vanished cannot be trimmed, and says so") {
  const trimmed_world world;
  fs::remove_all(world.place / "store");
  const auto trimmed = world.store->trim(world.limits, std::chrono::system_clock::now());
  REQUIRE(!trimmed);
  CHECK(says(trimmed.error().operator_detail, "the store directory vanished"));
}

TEST_CASE("where the kernel does not show what is mapped, no copy is removed, and that is said") {
  const trimmed_world world;
  const auto stored = world.put()->stored;
  const auto later = std::chrono::system_clock::now() + 48h;
  for (const fs::path maps : {"/nowhere/maps", "/dev/null"}) {
    const auto trimmed = trim_store(world.place / "store", world.limits, later, maps);
    REQUIRE(!trimmed);
    CHECK(says(trimmed.error().operator_detail, "none is removed; mount /proc"));
    CHECK(fs::exists(stored));
  }
}
