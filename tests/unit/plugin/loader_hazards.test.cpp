// Goal: what makes other hosts run old code, foreign code or no code at all does nothing here: overlapping reloads
// without end, builds without a build-id, source files that are written over, libraries that come along. Method: the
// loader on real files, each hazard as it happens in the field; tests/plugins/README.md lists them.
#include "loading_world.hpp"

#include "plugin/file.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace tenon;
using namespace tenon::testing;

namespace {

/// Writes over a file as `dd conv=notrunc` does: the inode stays, the bytes change under whoever maps it.
void overwrite_in_place(const fs::path& path) {
  const file_descriptor opened(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(opened);
  const std::string noise(fs::file_size(path), '\x42');
  REQUIRE(::pwrite(opened.get(), noise.data(), noise.size(), 0) == static_cast<ssize_t>(noise.size()));
}

}  // namespace

TEST_CASE("ten thousand reloads that overlap neither fail nor leave anything mapped") {
  loading_world world;
  const std::shared_ptr<const plugin_image> images[] = {world.image("good"), world.image("good_2")};
  auto serving = world.load(images[0]).value();
  for (int reload = 1; reload <= 10'000; ++reload) {
    auto successor = world.load(images[reload % 2]);
    REQUIRE(successor.has_value());
    serving = std::move(*successor);
  }
  serving.reset();
  world.settle();
  CHECK(world.code->closed() == 10'001);
  CHECK(world.code->status().empty());
  for (const auto& image : images) CHECK_FALSE(is_mapped(image->stored));
}

TEST_CASE("a build without a build-id that replaces another one is new code, side by side with the old") {
  loading_world world;
  const auto source = world.place / "gam.so";
  const auto load_source = [&] { return *world.load(*world.store->put(*open_candidate({world.place.path()}, "gam"))); };
  drop("without_build_id", source);
  const auto old = load_source();
  drop("without_build_id_2", source);
  const auto fresh = load_source();
  CHECK(version_of(*old) == "1.0.0");
  CHECK(version_of(*fresh) == "2.0.0");
}

TEST_CASE("a source file that is written over, cut or removed while its code is mapped disturbs nobody") {
  loading_world world;
  const auto source = world.place / "gam.so";
  drop("good", source);
  auto loaded = *world.load(*world.store->put(*open_candidate({world.place.path()}, "gam")));
  overwrite_in_place(source);
  CHECK(version_of(*loaded) == "1.0.0");
  fs::resize_file(source, 100);
  CHECK(version_of(*loaded) == "1.0.0");
  fs::copy_file(fs::path(FIXTURES) / "good_2.so", source, fs::copy_options::overwrite_existing);
  CHECK(version_of(*loaded) == "1.0.0");
  fs::remove(source);
  CHECK(version_of(*loaded) == "1.0.0");
  loaded.reset();
  world.settle();
  CHECK(deinits == 1);
  CHECK(world.code->status().empty());
}

TEST_CASE("a library that a plugin brings along is refused, and goes with it") {
  loading_world world;
  const auto image = world.image("brings_library");  // past the gate, which would have told it
  const auto loaded = world.load(image);
  REQUIRE(!loaded);
  CHECK(says(loaded.error().operator_detail, "loading it brought "));
  CHECK(says(loaded.error().operator_detail, "libfixture_brought.so along, which nobody has checked"));
  CHECK_FALSE(is_mapped(image->stored));
  CHECK_FALSE(is_loaded(fs::path(FIXTURES) / "dependency/libfixture_brought.so"));
}

TEST_CASE("the stored file of a library that was unloaded can be read for as long as it is retained") {
  loading_world world;
  const auto file = fixture("good");
  auto image = *world.store->put(file);
  const auto stored = image->stored;
  auto loaded = *world.load(image);
  image.reset();
  loaded.reset();
  world.settle();
  REQUIRE_FALSE(is_mapped(stored));
  const store_limits limits{.retention = std::chrono::hours(1), .max_bytes = 1ull << 30};
  const auto trim_after = [&](std::chrono::minutes later) {
    REQUIRE(world.store->trim(limits, std::chrono::system_clock::now() + later).has_value());
  };
  trim_after(std::chrono::minutes(59));
  REQUIRE(fs::exists(stored));
  const file_descriptor opened(::open(stored.c_str(), O_RDONLY | O_CLOEXEC));
  CHECK(sha256_hex(*read_whole(opened.get(), stored)) == file.content_hash);  // what a core of it symbolises with
  trim_after(std::chrono::minutes(61));
  CHECK_FALSE(fs::exists(stored));
}
