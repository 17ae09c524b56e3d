// Goal: what is mapped are the bytes that were checked, hours later too: a stored file that was altered, exchanged or
// cut is recognised right before it is mapped, mended if the bytes still exist somewhere, and otherwise refused.
// Method: real files, changed in every way between the pin and the first load.
#include "fixtures.hpp"

#include "plugin/stored_file.hpp"

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;

namespace {

/// An image whose source is a file of the test's own.
struct stored_world {
  stored_world() {
    drop("good", place / "gam.so");
    image = *store->put(*open_candidate({place.path()}, "gam"));
  }

  result<file_to_map> take(const std::set<std::string>& mapped = {}) const {
    return take_file_to_map(*image, [&](const std::string& path) { return mapped.contains(path); });
  }

  std::string refusal() const {
    const auto taken = take();
    return taken ? std::string() : taken.error().operator_detail;
  }

  scratch_directory place;
  std::shared_ptr<plugin_store> store = *plugin_store::open(place / "store");
  std::shared_ptr<const plugin_image> image;
};

std::string hash_of(const fs::path& path) {
  const file_descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(opened);
  return sha256_hex(*read_whole(opened.get(), path));
}

/// Writes one byte and makes the times look as they did.
void flip_byte(const fs::path& path) {
  struct stat before {};
  REQUIRE(::stat(path.c_str(), &before) == 0);
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  const file_descriptor opened(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(opened);
  char byte = 0;
  REQUIRE(::pread(opened.get(), &byte, 1, 5000) == 1);
  byte = static_cast<char>(byte ^ 1);
  REQUIRE(::pwrite(opened.get(), &byte, 1, 5000) == 1);
  const timespec times[2] = {before.st_atim, before.st_mtim};
  REQUIRE(::futimens(opened.get(), times) == 0);
  REQUIRE(::chmod(path.c_str(), 0400) == 0);
}

void exchange(const fs::path& path) {
  const auto beside = path.parent_path() / "beside";
  fs::copy_file(path, beside);
  flip_byte(beside);
  fs::rename(beside, path);
}

void cut(const fs::path& path) {
  fs::permissions(path, fs::perms::owner_write, fs::perm_options::add);
  fs::resize_file(path, 4096);
}

void remove_file(const fs::path& path) { fs::remove(path); }

constexpr void (*damages[])(const fs::path&) = {flip_byte, exchange, cut, remove_file};

}  // namespace

TEST_CASE("an untouched copy is what is mapped, under the lease of its image") {
  const stored_world world;
  const auto taken = world.take();
  REQUIRE(taken.has_value());
  CHECK(taken->file == world.image->lease);
  CHECK(taken->file->path() == world.image->stored);
  CHECK_FALSE(taken->restored);
}

TEST_CASE("a copy that was altered, exchanged, cut or removed since the pin is written anew from the source") {
  for (const auto damage : damages) {
    const stored_world world;
    damage(world.image->stored);
    CHECK_FALSE(world.image->lease->stands());
    const auto taken = world.take();
    REQUIRE(taken.has_value());
    CHECK(taken->restored);
    CHECK(taken->file->path() == world.image->stored);
    CHECK(hash_of(world.image->stored) == world.image->content_hash);
    CHECK_FALSE(world.take()->restored);
  }
}

TEST_CASE("bytes that exist nowhere any more are not mapped, and the next reload stores the plugin again") {
  stored_world world;
  drop("good_2", world.place / "gam.so");
  flip_byte(world.image->stored);
  const auto why = world.refusal();
  CHECK_MESSAGE(
      says(why, world.image->stored.string() + ": the stored copy was changed: expected the bytes with SHA-256 " +
                    world.image->content_hash),
      why);
  CHECK(says(why, "reload to check and store the plugin again"));
  world.image = *world.store->put(*open_candidate({world.place.path()}, "gam"));
  CHECK(world.refusal() == "");
}

TEST_CASE("a copy that was removed is written again from the file that its lease holds") {
  const stored_world world;
  fs::remove(world.place / "gam.so");
  fs::remove(world.image->stored);
  const auto taken = world.take();
  REQUIRE(taken.has_value());
  CHECK(hash_of(world.image->stored) == world.image->content_hash);
}

TEST_CASE("a touch that changes no byte costs a hash and nothing else") {
  const stored_world world;
  REQUIRE(::utimensat(AT_FDCWD, world.image->stored.c_str(), nullptr, 0) == 0);
  CHECK(world.image->lease->touched());
  CHECK(world.image->lease->stands());
  CHECK_FALSE(world.image->lease->touched());
  CHECK_FALSE(world.take()->restored);
}

TEST_CASE("a change that comes right after the write does not look like the write") {
  for (int run = 0; run < 20; ++run) {
    const stored_world world;
    flip_byte(world.image->stored);  // perhaps in the same tick of the clock
    CHECK_FALSE(world.image->lease->stands());
  }
}

TEST_CASE("a copy that is mapped leaves its name; further copies have inodes of their own and are used again") {
  const stored_world world;
  const auto first = world.image->stored.string();
  auto second = *world.take({first});
  CHECK(second.file->path().string() == first.substr(0, first.size() - 3) + ".2.so");
  CHECK_FALSE(second.restored);
  CHECK_FALSE(fs::equivalent(second.file->path(), first));
  CHECK(hash_of(second.file->path()) == world.image->content_hash);
  struct stat found {};
  REQUIRE(::stat(second.file->path().c_str(), &found) == 0);
  CHECK((found.st_mode & 07777) == 0400);
  const auto third = *world.take({first, second.file->path().string()});
  CHECK(says(third.file->path().string(), ".3.so"));
  struct stat again {};
  const auto reused = *world.take({first});
  REQUIRE(::stat(reused.file->path().c_str(), &again) == 0);
  CHECK(again.st_ino == found.st_ino);
}

TEST_CASE("a further copy stays while it is used and for the retention time afterwards") {
  const stored_world world;
  const store_limits limits{.retention = 1h, .max_bytes = 1ull << 30};
  const auto trim_after = [&](std::chrono::seconds later) {
    return world.store->trim(limits, std::chrono::system_clock::now() + later)->removed_files;
  };
  auto second = world.take({world.image->stored.string()})->file;
  const auto path = second->path();
  CHECK(trim_after(48h) == 0);
  second.reset();
  CHECK(trim_after(59min) == 0);
  CHECK(fs::exists(path));
  CHECK(trim_after(61min) == 1);
  CHECK_FALSE(fs::exists(path));
}

TEST_CASE("a mark of use set while a stored file is read is no change of its bytes") {
  const stored_world world;
  const auto path = world.image->stored;
  const file_descriptor marked(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(marked);
  std::atomic<bool> over = false;
  std::thread marker([&] {
    while (!over) ::futimens(marked.get(), nullptr);
  });
  int refused = 0;
  for (int i = 0; i < 2000 && refused == 0; ++i) {
    if (!world.image->lease->bytes() || !world.take()) ++refused;
  }
  over = true;
  marker.join();
  CHECK(refused == 0);
}
