// Goal: whatever threads load, drop and refuse at once, each gets the code it asked for, what is mapped is what was
// verified, and at the end all of it is provably gone. Method: fixtures through the real store and loader, seeds that a
// failure names; mapped bytes are read from this process's memory and held against those that were hashed.
#include "loading_world.hpp"

#include "plugin/file.hpp"

#include <random>
#include <set>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <link.h>

namespace fs = std::filesystem;
using namespace tenon;
using namespace tenon::testing;

namespace {

using random_numbers = std::minstd_rand;

result<std::shared_ptr<library>> load_for(loader& code, std::shared_ptr<const plugin_image> image, std::string tenant) {
  std::promise<result<std::shared_ptr<library>>> promise;
  auto future = promise.get_future();
  code.load(std::move(image), std::move(tenant), [&](auto loaded) { promise.set_value(std::move(loaded)); });
  return future.get();
}

std::set<std::string> files_of(const fs::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.insert(entry.path().filename().string());
  return names;
}

/// One thread: holds up to three libraries of any image, for any tenant.
int load_and_drop(loading_world& world, const std::vector<std::shared_ptr<const plugin_image>>& images,
                  random_numbers random) {
  int wrong = 0;
  std::vector<std::shared_ptr<library>> held(3);
  for (int round = 0; round < 60; ++round) {
    const auto& image = images[random() % images.size()];
    const auto tenant = random() % 3 == 0 ? std::string("acme") : std::string();
    auto loaded = load_for(*world.code, image, tenant);
    const bool refuses = image->name == "bad_init";
    if (loaded.has_value() == refuses) ++wrong;
    if (!loaded) continue;
    if (version_of(**loaded) != image->manifest.version) ++wrong;
    held[random() % held.size()] = std::move(*loaded);
  }
  return wrong;
}

/// What the loader mapped from the file and never writes to, read from memory, with the file's bytes at its place.
bool mapped_as_verified(const library& loaded, const std::vector<std::byte>& verified) {
  struct search {
    const void* entry;
    const std::vector<std::byte>& verified;
    file_descriptor memory{::open("/proc/self/mem", O_RDONLY | O_CLOEXEC)};
    std::size_t compared = 0;
    bool equal = true;

    void compare(const dl_phdr_info& object) {
      for (unsigned i = 0; i < object.dlpi_phnum; ++i) {
        const auto& segment = object.dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
        std::vector<std::byte> there(segment.p_filesz);
        const auto at = static_cast<off_t>(object.dlpi_addr + segment.p_vaddr);
        const auto got = ::pread(memory.get(), there.data(), there.size(), at);
        equal =
            equal && got == static_cast<ssize_t>(there.size()) &&
            segment.p_offset + segment.p_filesz <= verified.size() &&
            std::equal(there.begin(), there.end(), verified.begin() + static_cast<std::ptrdiff_t>(segment.p_offset));
        compared += there.size();
      }
    }
  };
  search found{.entry = &loaded.entry(), .verified = verified};
  ::dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* to) {
        auto& into = *static_cast<search*>(to);
        const auto entry = reinterpret_cast<std::uintptr_t>(into.entry);
        for (unsigned i = 0; i < object->dlpi_phnum; ++i) {
          const auto begin = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr;
          if (object->dlpi_phdr[i].p_type != PT_LOAD || entry < begin || entry - begin >= object->dlpi_phdr[i].p_memsz)
            continue;
          into.compare(*object);
          return 1;
        }
        return 0;
      },
      &found);
  return found.equal && found.compared > 0;
}

}  // namespace

TEST_CASE("four threads load, refuse and drop shared and isolated code of three files, and nothing of it remains") {
  for (const random_numbers::result_type seed : {5u, 23u, 2025u}) {
    CAPTURE(seed);
    loading_world world;
    const std::vector images{world.image("good"), world.image("good_2"), world.image("bad_init")};
    const auto stored = files_of(world.place / "store");
    std::atomic<int> wrong = 0;
    {
      std::vector<std::jthread> threads;
      for (unsigned lane = 1; lane <= 4; ++lane) {
        threads.emplace_back([&, lane] { wrong += load_and_drop(world, images, random_numbers(seed * 10 + lane)); });
      }
    }
    world.settle();
    CHECK(wrong == 0);
    CHECK(world.code->status().empty());
    for (const auto& image : images) CHECK_FALSE(is_mapped(image->stored));
    // Further copies are not in use any more, though they stay a while for whoever reads a core.
    const store_limits at_once{.retention = std::chrono::hours(0), .max_bytes = 1ull << 30};
    REQUIRE(world.store->trim(at_once, std::chrono::system_clock::now() + std::chrono::minutes(1)).has_value());
    const auto left = files_of(world.place / "store");
    for (const auto& name : left) CHECK_MESSAGE(stored.contains(name), name);
    CHECK(world.code->stop().empty());
  }
}

TEST_CASE("a file that is swapped thousands of times while it is checked is never mapped with other bytes") {
  loading_world world;
  const auto directory = world.place / "plugins";
  fs::create_directory(directory);
  const auto target = directory / "swapped.so";
  drop("good", target);
  const std::vector known{fixture("good").content_hash, fixture("good_2").content_hash};
  std::atomic<bool> enough = false;
  std::atomic<int> swaps = 0;
  std::jthread swapper([&] {
    const auto second = world.place / "second.so";
    fs::copy_file(fs::path(FIXTURES) / "good_2.so", second);
    const auto first = world.place / "first.so";
    fs::copy_file(fs::path(FIXTURES) / "good.so", first);
    const auto beside = directory / "swapped.new";
    while (!enough) {
      fs::copy_file(swaps % 2 == 0 ? second : first, beside, fs::copy_options::overwrite_existing);
      fs::rename(beside, target);
      ++swaps;
    }
  });
  int wrong = 0, refused = 0;
  std::set<std::string> seen;
  for (int round = 0; round < 2000 || swaps < 2000 || seen.size() < 2; ++round) {
    REQUIRE(round < 200'000);
    const auto opened = open_candidate({directory}, "swapped");
    const auto image = opened ? world.store->put(*opened) : opened.error();
    if (!image) {
      ++refused;
      continue;
    }
    seen.insert((*image)->content_hash);
    if (std::ranges::find(known, (*image)->content_hash) == known.end()) ++wrong;
    if (round % 10 != 0) continue;
    const auto loaded = world.load(*image);
    REQUIRE(loaded.has_value());
    if (version_of(**loaded) != (*image)->manifest.version || !mapped_as_verified(**loaded, opened->bytes)) ++wrong;
  }
  enough = true;
  MESSAGE(swaps.load() << " swaps, " << refused << " candidates refused");
  CHECK(wrong == 0);
}
