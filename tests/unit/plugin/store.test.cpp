// Goal: the store keeps each content once, privately and whole, or says why it cannot and leaves nothing behind.
// Method: real directories and, in children that may mount one, a tiny file system of their own; where that is not
// permitted a full disk is played by the file size limit alone. What root may always do is tried as nobody.
#include "fixtures.hpp"
#include "in_child.hpp"

#include "plugin/file.hpp"
#include "plugin/store_place.hpp"

#include <algorithm>
#include <csignal>
#include <thread>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace tenon;
using namespace tenon::testing;

namespace {

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

mode_t mode_of(const fs::path& path) {
  struct stat found {};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  return found.st_mode & 07777;
}

std::string refusal_of(plugin_store& store, const candidate& file) {
  const auto put = store.put(file);
  return put ? std::string() : put.error().operator_detail;
}

/// Files may not grow beyond this for as long as it lives.
class file_size_limit {
 public:
  explicit file_size_limit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit limit{bytes, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  file_size_limit(const file_size_limit&) = delete;
  file_size_limit& operator=(const file_size_limit&) = delete;
  ~file_size_limit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_DFL);
  }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("the store is a private directory of its own") {
  const scratch_directory place;
  REQUIRE(plugin_store::open(place / "a/b/store/").has_value());
  CHECK(mode_of(place / "a/b/store") == 0700);
  fs::permissions(place / "a/b/store", fs::perms(0755));
  const auto again = plugin_store::open(place / "a/b/store");
  REQUIRE(!again);
  CHECK(says(again.error().operator_detail, "chmod 0700 it"));
}

TEST_CASE("what cannot become a store is told") {
  const scratch_directory place;
  write_file(place / "file", "x");
  const auto on_file = plugin_store::open(place / "file");
  REQUIRE(!on_file);
  CHECK(says(on_file.error().operator_detail, "Not a directory (ENOTDIR)"));
  CHECK(!plugin_store::open(place / "file/below"));
  fs::create_directory(place / "$ORIGIN");
  CHECK(says(plugin_store::open(place / "$ORIGIN").error().operator_detail, "expands '$'"));
}

TEST_CASE("an image is stored under a name of its content, read-only") {
  const scratch_directory place;
  const auto store = plugin_store::open(place / "store");
  REQUIRE(store.has_value());
  const auto file = fixture("good");
  const auto image = (*store)->put(file);
  REQUIRE(image.has_value());
  CHECK((*image)->stored == place / ("store/good-1.0.0-" + file.content_hash.substr(0, 16) + ".so"));
  CHECK((*image)->content_hash == file.content_hash);
  CHECK((*image)->size == file.bytes.size());
  CHECK((*image)->manifest.id == "fixture");
  CHECK(mode_of((*image)->stored) == 0400);
  CHECK(fs::file_size((*image)->stored) == file.bytes.size());
  CHECK(names_in(place / "store").size() == 1);
}

TEST_CASE("the same content is written once, a damaged copy is written anew") {
  const scratch_directory place;
  const auto store = *plugin_store::open(place / "store");
  const auto file = fixture("good");
  const auto stored = (*store->put(file))->stored;
  const auto inode = [&] {
    struct stat found {};
    REQUIRE(::stat(stored.c_str(), &found) == 0);
    return found.st_ino;
  };
  const auto before = inode();
  REQUIRE(store->put(file).has_value());
  CHECK(inode() == before);

  fs::permissions(stored, fs::perms::owner_write, fs::perm_options::add);
  fs::resize_file(stored, 100);
  REQUIRE(store->put(file).has_value());
  CHECK(fs::file_size(stored) == file.bytes.size());
  CHECK(mode_of(stored) == 0400);
  CHECK(names_in(place / "store").size() == 1);
}

TEST_CASE("two builds of one version have two names") {
  const scratch_directory place;
  const auto store = *plugin_store::open(place / "store");
  auto file = fixture("good");
  const auto first = *store->put(file);
  file.bytes.push_back(std::byte{0});  // behind the section table: legal
  file.content_hash = sha256_hex(file.bytes);
  const auto second = *store->put(file);
  CHECK(first->stored != second->stored);
  CHECK(first->manifest.version == second->manifest.version);
}

TEST_CASE("a file that the gate refuses is not stored") {
  const scratch_directory place;
  const auto store = *plugin_store::open(place / "store");
  CHECK(says(refusal_of(*store, fixture("bad_no_note")), "no manifest note"));
  CHECK(names_in(place / "store").empty());
}

TEST_CASE("a full disk is told, leaves nothing behind, and is forgotten when there is room again") {
  const scratch_directory place;
  const auto store = *plugin_store::open(place / "store");
  const auto file = fixture("good");
  std::string found;
  {
    const file_size_limit limit(4096);
    found = refusal_of(*store, file);
  }
  CHECK_MESSAGE(says(found, "the store cannot be written: File too large (EFBIG)"), found);
  CHECK(names_in(place / "store").empty());
  CHECK(store->put(file).has_value());
}

TEST_CASE("a store that vanished is told") {
  const scratch_directory place;
  const auto store = *plugin_store::open(place / "store");
  fs::remove_all(place / "store");
  CHECK(says(refusal_of(*store, fixture("good")), "No such file or directory (ENOENT); the store directory vanished"));
}

TEST_CASE("a store without permission to write is told") {
  const scratch_directory place;
  give_to_nobody(place.path());
  const auto file = fixture("good");
  const auto found = as_nobody([&]() -> std::string {
    const auto store = plugin_store::open(place / "store");
    if (!store) return store.error().operator_detail;
    ::chmod((place / "store").c_str(), 0500);
    return refusal_of(**store, file) + '\n' + plugin_store::open(place / "store").error().operator_detail;
  });
  const std::string reason = "Permission denied (EACCES); the host's user must be able to write";
  CHECK_MESSAGE(says(found, "the store cannot make a file: " + reason), found);
  CHECK_MESSAGE(says(found, "\n" + (place / "store").string() + ": the store cannot be written: " + reason), found);
}

TEST_CASE("a store of somebody else is refused") {
  if (::geteuid() != 0) {
    MESSAGE("only root can make a directory of somebody else");
    return;
  }
  const scratch_directory place;
  fs::create_directory(place / "store");
  fs::permissions(place / "store", fs::perms(0700));
  REQUIRE(::chown((place / "store").c_str(), nobody, nobody) == 0);
  CHECK(says(plugin_store::open(place / "store").error().operator_detail,
             "expected the store to belong to user 0, found user 65534"));
}

TEST_CASE("a file system that code cannot be mapped from, or that cannot be written, is no place for a store") {
  CHECK(distrust_mount("/store", 0).empty());
  CHECK(
      says(distrust_mount("/store", ST_NOEXEC), "mounted noexec; choose another store_dir, or mount -o remount,exec"));
  CHECK(says(distrust_mount("/store", ST_RDONLY), "mounted read-only; choose another store_dir"));
}

TEST_CASE("on a mount without exec a store is refused when it is opened") {
  const scratch_directory place;
  const auto found = with_tmpfs(place.path(), "mode=0700", MS_NOEXEC, [&]() -> std::string {
    const auto store = plugin_store::open(place / "store");
    return store ? "opened" : store.error().operator_detail;
  });
  if (found == no_mount) {
    MESSAGE(found);
    return;
  }
  CHECK_MESSAGE(says(found, "found one that is mounted noexec"), found);
}

TEST_CASE("a disk that is really full is told, nothing half-written stays, and there is room again afterwards") {
  const scratch_directory place;
  const auto file = fixture("good");
  const auto found = with_tmpfs(place.path(), "mode=0700,size=8k", 0, [&]() -> std::string {
    const auto store = plugin_store::open(place / "store");
    if (!store) return store.error().operator_detail;
    auto said = refusal_of(**store, file);
    if (!names_in(place / "store").empty()) said += " (something stays)";
    if (::mount(nullptr, place.path().c_str(), nullptr, MS_REMOUNT, "size=8m") != 0) return "cannot grow";
    return said + '|' + refusal_of(**store, file);
  });
  if (found == no_mount) {
    MESSAGE(found);
    return;
  }
  CHECK_MESSAGE(says(found, "the store cannot be written: No space left on device (ENOSPC); make room there|"), found);
  CHECK_MESSAGE(found.ends_with('|'), found);
}

TEST_CASE("a store that became read-only is told, and its images stay where they are") {
  const scratch_directory place;
  const auto first = fixture("good");
  const auto second = fixture("good_2");
  const auto found = with_tmpfs(place.path(), "mode=0700", 0, [&]() -> std::string {
    const auto store = plugin_store::open(place / "store");
    if (!store) return store.error().operator_detail;
    const auto image = (*store)->put(first);
    if (!image) return image.error().operator_detail;
    if (::mount(nullptr, place.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, "mode=0700") != 0)
      return "cannot remount";
    const auto again = (*store)->put(first);
    return refusal_of(**store, second) + (again && fs::exists((*again)->stored) ? "|there" : "|gone");
  });
  if (found == no_mount) {
    MESSAGE(found);
    return;
  }
  CHECK_MESSAGE(says(found, "Read-only file system (EROFS); choose a store_dir on a writable file system|there"),
                found);
}

TEST_CASE("many threads store the same content, and one file is there") {
  const scratch_directory place;
  const auto store = *plugin_store::open(place / "store");
  const auto file = fixture("good");
  std::atomic<int> stored = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { stored += store->put(file) ? 1 : 0; });
  }
  CHECK(stored == 4);
  CHECK(names_in(place / "store").size() == 1);
}
