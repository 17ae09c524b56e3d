// Goal: a library is mapped while it is referenced and provably gone afterwards, whatever the order and the thread.
// Method: fixture plugins that report init and deinit; every claim about memory is read from the dynamic loader and
// /proc/self/maps.
#include "loading_world.hpp"

#include <algorithm>
#include <thread>

namespace fs = std::filesystem;
using namespace tenon;
using namespace tenon::testing;

TEST_CASE("a library is loaded from the store, initialised, and says what it is") {
  loading_world world;
  const auto image = world.image("good");
  CHECK_FALSE(is_mapped(image->stored));
  const auto loaded = world.load(image);
  REQUIRE(loaded.has_value());
  CHECK(is_mapped(image->stored));
  CHECK(inits == 1);
  CHECK((*loaded)->image().content_hash == image->content_hash);
  CHECK((*loaded)->entry().magic == TENON_ENTRY_MAGIC);
  CHECK(version_of(**loaded) == "1.0.0");
  const auto status = world.code->status();
  REQUIRE(status.size() == 1);
  CHECK(status[0].plugin == "good");
  CHECK(status[0].version == "1.0.0");
  CHECK(status[0].path == image->stored);
  CHECK(status[0].state == "loaded");
  CHECK(status[0].platforms == 1);
  CHECK(world.code->last_timing().map.count() > 0);
  CHECK(world.code->last_timing().handshake.count() > 0);
}

TEST_CASE("one image is one library, however often it is loaded") {
  loading_world world;
  const auto first = world.load_good();
  const auto second = world.load_good();
  CHECK(first == second);
  CHECK(inits == 1);
  CHECK(world.code->status().at(0).platforms == 2);
}

TEST_CASE("the last reference to go de-initialises and unmaps, and not the one before") {
  loading_world world;
  auto first = world.load_good();
  auto second = first;
  const auto path = first->image().stored;
  first.reset();
  world.settle();
  CHECK(is_mapped(path));
  CHECK(deinits == 0);
  second.reset();
  world.settle();
  CHECK_FALSE(is_mapped(path));
  CHECK(deinits == 1);
  CHECK(world.code->closed() == 1);
  CHECK(world.code->status().empty());
}

TEST_CASE("between the last reference and the unload a library is draining") {
  loading_world world;
  auto loaded = world.load_good();
  std::promise<void> entered, leave;
  world.code->post([&entered, may_leave = leave.get_future().share()] {
    entered.set_value();
    may_leave.wait();
  });
  entered.get_future().wait();
  loaded.reset();
  CHECK(world.code->status().at(0).state == "draining");
  CHECK(world.code->status().at(0).platforms == 0);
  leave.set_value();
  world.settle();
  CHECK(world.code->status().empty());
}

TEST_CASE("a load that comes between the last reference and the unload gets the code anew") {
  loading_world world;
  auto old = world.load_good();
  const auto image = world.image("good");
  std::promise<void> entered, leave;
  world.code->post([&entered, may_leave = leave.get_future().share()] {
    entered.set_value();
    may_leave.wait();
  });
  entered.get_future().wait();
  old.reset();
  std::promise<result<std::shared_ptr<library>>> promise;
  auto future = promise.get_future();
  world.code->load(image, [&](result<std::shared_ptr<library>> loaded) { promise.set_value(std::move(loaded)); });
  leave.set_value();
  auto fresh = future.get();
  REQUIRE(fresh.has_value());
  CHECK(inits == 2);
  CHECK(deinits == 1);
  const auto path = world.code->status().at(0).path;
  fresh->reset();
  world.settle();
  CHECK_FALSE(is_mapped(path));
  CHECK(fs::exists(path));  // for cores and profiles, until the store is trimmed
}

TEST_CASE("code that is mapped already is had without the loader's thread") {
  loading_world world;
  const auto old = world.load_good();
  std::promise<void> entered, leave;
  world.code->post([&entered, may_leave = leave.get_future().share()] {
    entered.set_value();
    may_leave.wait();
  });
  entered.get_future().wait();
  const auto again = world.load(world.image("good"));
  leave.set_value();
  REQUIRE(again.has_value());
  CHECK(*again == old);
  CHECK(inits == 1);
}

TEST_CASE("a stranded library that outlives the loader keeps the cause it was given first") {
  loading_world world;
  auto stuck = world.load_good();
  world.code->strand(stuck, "a thread is inside");
  world.code->stop();
  stuck.reset();
  REQUIRE(world.code->status().size() == 1);
  CHECK(world.code->status().at(0).cause == "thread");
  CHECK(world.code->status().at(0).reason == "a thread is inside");
}

TEST_CASE("what the kernel does not show is not proven to be gone") {
  const fs::path never_loaded = "/nowhere/plugin.so";
  CHECK_FALSE(is_mapped(never_loaded));
  CHECK(is_mapped(never_loaded, "/nowhere/maps"));
  CHECK(is_mapped(never_loaded, "/dev/null"));
}

TEST_CASE("two versions live side by side and each runs its own code") {
  loading_world world;
  const auto first = world.load_good("good");
  const auto second = world.load_good("good_2");
  CHECK(version_of(*first) == "1.0.0");
  CHECK(version_of(*second) == "2.0.0");
  CHECK(world.code->status().size() == 2);
}

TEST_CASE("a tenant that is isolated has a mapping of its own, with variables of its own") {
  loading_world world;
  const auto image = world.image("good");
  const auto load_for = [&](const std::string& tenant) {
    std::promise<result<std::shared_ptr<library>>> promise;
    auto future = promise.get_future();
    world.code->load(image, tenant, [&](auto loaded) { promise.set_value(std::move(loaded)); });
    return future.get().value();
  };
  const auto shared = load_for("");
  const auto acme = load_for("acme");
  const auto beta = load_for("beta");
  CHECK(load_for("acme") == acme);
  CHECK(&shared->entry() != &acme->entry());
  CHECK(&acme->entry() != &beta->entry());
  CHECK(inits == 3);
  const auto status = world.code->status();
  REQUIRE(status.size() == 3);
  CHECK(status[0].isolated_for.empty());
  CHECK(status[1].isolated_for == "acme");
  CHECK(status[2].isolated_for == "beta");
  CHECK(status[1].path != status[2].path);
}

TEST_CASE("a file replaced at its source path is new code, and the old one runs on") {
  loading_world world;
  const auto source = world.place / "gam.so";
  const auto load_source = [&] { return *world.load(*world.store->put(*open_candidate({world.place.path()}, "gam"))); };
  drop("good", source);
  const auto old = load_source();
  drop("good_2", source);
  const auto fresh = load_source();
  CHECK(version_of(*old) == "1.0.0");
  CHECK(version_of(*fresh) == "2.0.0");
  CHECK(fresh->image().source == source);
}

TEST_CASE("two hundred reloads leave nothing mapped and one file in the store") {
  loading_world world;
  const auto image = world.image("good");
  for (int i = 0; i < 200; ++i) {
    REQUIRE(world.load(image).has_value());  // the reference goes at once
  }
  world.settle();
  CHECK(inits == 200);
  CHECK(deinits == 200);
  CHECK(world.code->closed() == 200);
  CHECK_FALSE(is_mapped(image->stored));
  CHECK(std::distance(fs::directory_iterator(world.place / "store"), fs::directory_iterator()) == 1);
}

TEST_CASE("threads load and drop the same two images, and all ends are counted") {
  loading_world world;
  const auto one = world.image("good");
  const auto two = world.image("good_2");
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < 50; ++round) {
          const bool first = (i + round) % 2 == 0;
          auto loaded = world.load(first ? one : two);
          if (!loaded || version_of(**loaded) != (first ? "1.0.0" : "2.0.0")) ++wrong;
          if (round % 5 == 0) world.code->status();
        }
      });
    }
  }
  world.settle();
  CHECK(wrong == 0);
  CHECK(inits == deinits);
  CHECK(static_cast<int>(world.code->closed()) == inits);
  CHECK(world.code->status().empty());
}

TEST_CASE("work that is posted runs on the thread that loads, in order") {
  loading_world world;
  std::thread::id loads_on, posted_on;
  std::promise<void> done;
  world.code->load(world.image("good"), [&](const auto&) { loads_on = std::this_thread::get_id(); });
  world.code->post([&] {
    posted_on = std::this_thread::get_id();
    done.set_value();
  });
  done.get_future().get();
  CHECK(loads_on == posted_on);
  CHECK(loads_on != std::this_thread::get_id());
}

TEST_CASE("a stranded library stays mapped as a zombie, is not entered again, and a reload gets fresh code") {
  loading_world world;
  auto stuck = world.load_good();
  const auto path = stuck->image().stored;
  const auto image = world.image("good");
  world.code->strand(stuck, "a thread is stuck in call()");
  stuck.reset();
  world.settle();
  CHECK(is_mapped(path));
  CHECK(deinits == 0);
  auto status = world.code->status();
  REQUIRE(status.size() == 1);
  CHECK(status[0].state == "zombie");
  CHECK(status[0].reason == "a thread is stuck in call()");
  CHECK(world.code->closed() == 0);

  auto fresh = world.load(image);
  REQUIRE(fresh.has_value());
  CHECK(inits == 2);
  CHECK(world.code->status().size() == 2);
  CHECK(world.code->stop().size() == 2);
}

TEST_CASE("stop closes what is unreferenced, reports what is not, and refuses more") {
  loading_world world;
  auto kept = world.load_good("good");
  auto dropped = world.load_good("good_2");
  const auto gone = dropped->image().stored;
  dropped.reset();
  const auto left = world.code->stop();
  REQUIRE(left.size() == 1);
  CHECK(left[0].version == "1.0.0");
  CHECK(left[0].state == "loaded");
  CHECK_FALSE(is_mapped(gone));
  CHECK(world.code->stop().size() == 1);
  const auto refused = world.load(world.image("good_2"));
  REQUIRE(!refused);
  CHECK(refused.error().code == "SERVICE_UNAVAILABLE");

  const auto path = kept->image().stored;
  world.code.reset();
  CHECK(version_of(*kept) == "1.0.0");
  kept.reset();
  CHECK(is_mapped(path));  // nobody is there to unmap it in order
  CHECK(deinits == 1);
}

TEST_CASE("the last reference to the loader may go on its own thread, which then finishes its work") {
  loading_world world;
  auto loaded = world.load_good();
  std::promise<void> handed_over;
  auto* code = world.code.get();
  code->post([held = std::move(world.code), &handed_over]() mutable {
    handed_over.get_future().wait();
    held.reset();
  });
  loaded.reset();  // queued behind the end of the loader
  handed_over.set_value();
  deinits.wait(0);
  CHECK(deinits == 1);
}

TEST_CASE("plugins built with the SDK and by hand load and leave nothing") {
  loading_world world;
  for (const auto* name : {"echo", "echo_c", "echo_blocking"}) {
    CAPTURE(name);
    const auto opened = open_candidate({PLUGINS}, name);
    REQUIRE(opened.has_value());
    const auto image = world.store->put(*opened);
    if (!image) FAIL(image.error().operator_detail);
    for (int i = 0; i < 5; ++i) {
      const auto loaded = world.load(*image);
      if (!loaded) FAIL(loaded.error().operator_detail);
    }
    world.settle();
    CHECK_FALSE(is_mapped((*image)->stored));
  }
  CHECK(world.code->closed() == 15);
}
