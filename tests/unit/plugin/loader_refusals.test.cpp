// Goal: code that disagrees with its note is closed again and refused with a reason, and code that cannot be unmapped
// is shown as a zombie with the reason. Method: one fixture a fault.
#include "loading_world.hpp"

#include <dlfcn.h>

#include <cstdlib>

using namespace tenon;
using namespace tenon::testing;

namespace {

/// Loads a fixture that must be refused; nothing of it stays mapped.
std::string refusal_of(const std::string& fixture_name) {
  loading_world world;
  const auto image = world.image(fixture_name);
  const auto loaded = world.load(image);
  REQUIRE(!loaded);
  CHECK(loaded.error().code == "CONFIGURATION_ERROR");
  CHECK_FALSE(is_mapped(image->stored));
  CHECK(world.code->status().empty());
  CHECK(deinits == 0);
  return loaded.error().operator_detail;
}

/// Loads and drops a fixture that stays mapped; the cause and the reason it is given.
std::string zombie_reason_of(const std::string& fixture_name) {
  loading_world world;
  const auto image = world.image(fixture_name);
  { const auto loaded = world.load_good(fixture_name); }
  world.settle();
  CHECK(deinits == 1);
  CHECK(is_mapped(image->stored));
  const auto status = world.code->status();
  REQUIRE(status.size() == 1);
  CHECK(status[0].state == "zombie");
  CHECK(world.code->closed() == 0);

  // The zombie's path is taken: the next generation gets one of its own and is not mistaken for it.
  auto again = world.load(image);
  REQUIRE(again.has_value());
  CHECK(inits == 2);
  CHECK(world.code->status().at(1).path != image->stored);
  return status[0].cause + ": " + status[0].reason;
}

/// Makes a zombie that somebody else's handle keeps, and lets it go: where it was mapped.
std::filesystem::path zombie_that_went(loading_world& world) {
  auto loaded = world.load_good();
  const auto path = loaded->image().stored;
  void* const held = ::dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD);
  REQUIRE(held != nullptr);
  loaded.reset();
  world.settle();
  REQUIRE(world.code->status().size() == 1);
  CHECK(world.code->status()[0].state == "zombie");
  CHECK(world.code->status()[0].cause == "unknown");
  ::dlclose(held);
  return path;
}

}  // namespace

TEST_CASE("an entry that differs from its note is refused") {
  CHECK(says(refusal_of("bad_magic"), "to begin with TENON_ENTRY_MAGIC, found 42"));
  CHECK(says(refusal_of("bad_entry_abi"), "its note states ABI 1.0, its entry 1.99"));
  CHECK(says(refusal_of("bad_id"), "its note states the id \"fixture\", its entry \"somebody-else\""));
  CHECK(says(refusal_of("bad_task_missing"), "its note lists the task \"get_products\", its entry does not"));
}

TEST_CASE("a plugin without an entry is refused") {
  CHECK(says(refusal_of("bad_no_entry"), "no exported symbol tenon_plugin_entry"));
}

TEST_CASE("an undefined symbol is refused when loading, with the dynamic loader's words") {
  CHECK(says(refusal_of("bad_undefined_symbol"), "undefined symbol: function_that_nobody_defines"));
}

TEST_CASE("a plugin that does not want to start is refused, and not de-initialised") {
  CHECK(says(refusal_of("bad_init"), "init() of fixture answered status 1, expected TENON_OK"));
}

TEST_CASE("a stored copy that was changed is not mapped: it is written anew, or refused if its bytes are nowhere") {
  loading_world world;
  const auto damaged = [&](const std::filesystem::path& source) {
    auto image = std::make_shared<plugin_image>(*world.image("good"));
    image->source = source;
    std::filesystem::permissions(image->stored, std::filesystem::perms::owner_all);
    std::filesystem::resize_file(image->stored, 4096);
    return image;
  };
  const auto refused = world.load(damaged(world.place / "elsewhere.so"));
  REQUIRE(!refused);
  CHECK(refused.error().code == "CONFIGURATION_ERROR");
  CHECK(says(refused.error().operator_detail, "the stored copy was changed: expected the bytes with SHA-256"));
  CHECK(inits == 0);
  const auto loaded = world.load(damaged(fixture("good").source));
  REQUIRE(loaded.has_value());
  CHECK(inits == 1);
}

TEST_CASE("a library linked with nodelete becomes a zombie") {
  CHECK(says(zombie_reason_of("bad_nodelete"), "nodelete: it is linked with -z nodelete; leave that flag out"));
}

TEST_CASE("a library with unique symbols becomes a zombie") {
  const auto reason = zombie_reason_of("bad_unique_symbol");
  CHECK_MESSAGE(says(reason, "unique: it has STB_GNU_UNIQUE symbols (shared_by_all_generations)"), reason);
}

TEST_CASE("a library with pending thread-local destructors becomes a zombie") {
  const auto reason = zombie_reason_of("bad_thread_local");
  CHECK_MESSAGE(says(reason, "tls-dtor: destructors of its thread_local variables are pending"), reason);
}

TEST_CASE("a library that another one is linked to becomes a zombie that names it") {
  loading_world world;
  auto loaded = world.load_good("with_soname");
  void* const user = ::dlopen(FIXTURES "/linked_to_plugin.so", RTLD_NOW | RTLD_LOCAL);
  REQUIRE(user != nullptr);
  loaded.reset();
  world.settle();
  const auto status = world.code->status();
  REQUIRE(status.size() == 1);
  CHECK(status[0].cause == "dependency");
  CHECK_MESSAGE(says(status[0].reason, "linked_to_plugin.so is linked to it"), status[0].reason);
  ::dlclose(user);
}

TEST_CASE("a zombie that is let go later is collected with the next library that closes") {
  loading_world world;
  const auto path = zombie_that_went(world);
  { const auto next = world.load_good("good_2"); }
  world.settle();
  CHECK(world.code->status().empty());
  CHECK(world.code->closed() == 2);
  CHECK_FALSE(is_mapped(path));
}

TEST_CASE("a zombie that went meanwhile is closed before its path is mapped again") {
  loading_world world;
  const auto path = zombie_that_went(world);
  REQUIRE_FALSE(is_mapped(path));
  const auto again = world.load_good();
  const auto status = world.code->status();
  REQUIRE(status.size() == 1);
  CHECK(status[0].path == path);
  CHECK(status[0].state == "loaded");
  CHECK(world.code->closed() == 1);
}

TEST_CASE("code that is refused once it is mapped, and does not go, is a zombie with its cause") {
  loading_world world;
  const auto image = world.image("brings_library_and_stays");
  const auto loaded = world.load(image);
  REQUIRE(!loaded);
  CHECK(says(loaded.error().operator_detail, "which nobody has checked"));
  REQUIRE(is_mapped(image->stored));
  const auto status = world.code->status();
  REQUIRE(status.size() == 1);
  CHECK(status[0].path == image->stored);
  CHECK(status[0].state == "zombie");
  CHECK(status[0].cause == "nodelete");
  CHECK(world.code->closed() == 0);
}

TEST_CASE("with TENON_KEEP_MAPPED=1 a closed library is de-initialised and stays mapped") {
  REQUIRE(::setenv("TENON_KEEP_MAPPED", "1", 1) == 0);
  loading_world world;
  ::unsetenv("TENON_KEEP_MAPPED");
  const auto image = world.image("good_2");
  for (int i = 1; i <= 3; ++i) {
    {
      const auto loaded = world.load_good("good_2");
    }
    world.settle();
    CHECK(deinits == i);
  }
  CHECK(is_mapped(image->stored));
  CHECK(world.code->status().empty());
}
