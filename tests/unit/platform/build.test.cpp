// Goal: a build ends in a platform or in one error that says what happened, and nothing half-built stays. Method: the
// scripted plugin.
#include "platform_world.hpp"

#include "print_result.hpp"

#include <doctest/doctest.h>

using namespace tenon;
using namespace tenon::testing;

TEST_CASE("a plugin that is ready at once becomes a platform, and is destroyed on the loader thread when that goes") {
  platform_world world;
  std::thread::id destroyed_on;
  world.plugin.on_create = [&](tenon_instance& at, tenon_token ready, const tenon_create& with) {
    world.plugin.note("tenant " + std::string(view(with.tenant)));
    world.plugin.note("settings " + std::string(view(with.settings)));
    world.plugin.note("specialisms " + std::string(view(with.specialisms)));
    return complete(at, ready, {});
  };
  world.plugin.on_destroy = [&](tenon_instance&) { destroyed_on = std::this_thread::get_id(); };
  world.settings = {{"network", "1"}};
  auto platform = world.build();
  CHECK(world.plugin.live == 1);
  CHECK(platform->image().name == "scripted");
  CHECK(platform->timing().create.count() > 0);
  platform.reset();
  REQUIRE(world.all_retired());
  CHECK(destroyed_on == world.code->thread());
  CHECK(world.plugin.live == 0);
  CHECK(world.code->open() == 0);
  CHECK(world.plugin.notes() == std::vector<std::string>{"tenant acme", "settings {\"network\":\"1\"}",
                                                         "specialisms [\"sales-guaranteed\"]", "destroy"});
}

TEST_CASE("two builds have two instance numbers") {
  platform_world world;
  const auto first = world.build();
  const auto second = world.build();
  CHECK(first->instance() != second->instance());
}

TEST_CASE("a plugin may take its time to be ready") {
  platform_world world;
  struct handshake {
    tenon_instance* at;
    tenon_token ready;
  };
  world.plugin.on_create = [](tenon_instance& at, tenon_token ready, const tenon_create&) {
    tenon_op op = 0;
    return timers().start(
        at.ctx, 1'000'000,
        [](void* user, tenon_op, tenon_status) noexcept {
          const std::unique_ptr<handshake> held(static_cast<handshake*>(user));
          complete(*held->at, held->ready, {});
        },
        new handshake{&at, ready}, &op);
  };
  CHECK(world.build());
}

TEST_CASE("the error that a plugin completes its creation with is the build's error") {
  platform_world world;
  world.plugin.on_create = [](tenon_instance& at, tenon_token ready, const tenon_create&) {
    return fail(at, ready, TENON_E_IO, "The ad server is down.");
  };
  const auto built = world.try_build();
  REQUIRE_FALSE(built);
  CHECK(built.error().code == "SERVICE_UNAVAILABLE");
  CHECK(built.error().message == "The ad server is down.");
  REQUIRE(world.all_retired());
  CHECK(world.plugin.live == 0);
  CHECK(world.code->open() == 0);
}

TEST_CASE("a refused creation is answered by the host, and nothing is destroyed that was not made") {
  platform_world world;
  world.plugin.on_create = [](tenon_instance&, tenon_token, const tenon_create&) { return TENON_E_FAILED; };
  const auto built = world.try_build();
  REQUIRE_FALSE(built);
  CHECK(built.error().code == "CONFIGURATION_ERROR");
  CHECK(built.error().operator_detail.find("TENON_E_FAILED") != std::string::npos);
  REQUIRE(world.all_retired());
  CHECK(world.plugin.notes().empty());
}

TEST_CASE("success without an instance is INTERNAL_ERROR, whether the token was completed or not") {
  platform_world world;
  world.plugin.null_instance = true;
  for (const bool completes : {true, false}) {
    world.plugin.on_create = [completes](tenon_instance& at, tenon_token ready, const tenon_create&) {
      return completes ? complete(at, ready, {}) : TENON_OK;
    };
    const auto built = world.try_build();
    REQUIRE_FALSE(built);
    CHECK(built.error().code == "INTERNAL_ERROR");
    CHECK(built.error().recover == recovery::terminal);
  }
}

TEST_CASE("a refused library is the build's error") {
  platform_world world;
  world.code->refuse_with(make_error("CONFIGURATION_ERROR", "no", "wrong ABI"));
  const auto built = world.try_build();
  REQUIRE_FALSE(built);
  CHECK(built.error().operator_detail == "wrong ABI");
}

TEST_CASE("settings that do not fit the schema are refused before any code is loaded, with every finding") {
  platform_world world;
  world.image->manifest.settings_schema = {{"type", "object"},
                                           {"properties", {{"a", {{"type", "string"}}}, {"b", {{"type", "integer"}}}}},
                                           {"required", {"a", "b"}}};
  world.settings = {{"a", 1}, {"b", "x"}};
  const auto built = world.try_build();
  REQUIRE_FALSE(built);
  CHECK(built.error().code == "CONFIGURATION_ERROR");
  CHECK(built.error().operator_detail.find("settings.a") != std::string::npos);
  CHECK(built.error().operator_detail.find("settings.b") != std::string::npos);
  CHECK(world.code->closed() == 0);
}

TEST_CASE("what the tenant's settings leave out, the schema's defaults fill in") {
  platform_world world;
  world.plugin.on_create = [&](tenon_instance& at, tenon_token ready, const tenon_create& with) {
    world.plugin.note(std::string(view(with.settings)));
    return complete(at, ready, {});
  };
  world.image->manifest.settings_schema = {
      {"type", "object"},
      {"properties",
       {{"said", {{"type", "integer"}, {"default", 1}}}, {"left_out", {{"type", "integer"}, {"default", 2}}}}}};
  world.settings = {{"said", 7}};
  CHECK(world.build());
  CHECK(world.plugin.notes().at(0) == R"({"said":7,"left_out":2})");
}

TEST_CASE("secrets that cannot be read in time end the build with the timeout") {
  platform_world world;
  world.environment->build_timeout = std::chrono::milliseconds(20);
  const auto disk = std::make_shared<latch>();  // the reader may look at it when the test is over
  world.read_secrets = [disk]() -> result<std::shared_ptr<const secret_texts>> {
    disk->wait();
    return std::make_shared<const secret_texts>(std::map<std::string, std::string>());
  };
  const auto built = world.try_build();
  REQUIRE_FALSE(built);
  CHECK(built.error().code == "SERVICE_UNAVAILABLE");
  CHECK(built.error().operator_detail.find("secrets") != std::string::npos);
  disk->open();
  REQUIRE(world.all_retired());
  CHECK(world.plugin.notes().empty());
}

TEST_CASE("a creation that is never ready ends with the timeout, and the half-built platform is destroyed") {
  platform_world world;
  world.environment->build_timeout = std::chrono::seconds(1);  // enough for all before it
  std::atomic<tenon_token> open = 0;
  std::atomic<tenon_token> cancelled = 0;
  world.plugin.on_create = [&](tenon_instance&, tenon_token ready, const tenon_create&) {
    open = ready;
    return TENON_OK;
  };
  world.plugin.on_cancel = [&](tenon_instance&, tenon_token token) { cancelled = token; };
  const auto built = world.try_build();
  REQUIRE_FALSE(built);
  CHECK(built.error().code == "SERVICE_UNAVAILABLE");
  CHECK(built.error().operator_detail.find("create()") != std::string::npos);
  REQUIRE(world.all_retired());
  CHECK(cancelled == open);
  CHECK(world.plugin.live == 0);
  CHECK(world.code->open() == 0);
}

TEST_CASE("a load that takes too long ends with the timeout, and its library is given back") {
  platform_world world;
  world.environment->build_timeout = std::chrono::milliseconds(20);
  world.code->hold();
  const auto built = world.try_build();
  REQUIRE_FALSE(built);
  CHECK(built.error().operator_detail.find("loaded") != std::string::npos);
  world.code->release();
  world.code->stop();
  CHECK(world.plugin.live == 0);
}

TEST_CASE("a build that is not wanted any more ends at once") {
  platform_world world;
  tally creating;
  world.plugin.on_create = [&](tenon_instance&, tenon_token, const tenon_create&) {
    creating.raise();
    return TENON_OK;
  };
  std::stop_source stop;
  auto coming = world.start_build(stop.get_token());
  REQUIRE(creating.reaches(1));
  stop.request_stop();
  const auto built = await(std::move(coming));
  REQUIRE_FALSE(built);
  CHECK(built.error().code == "SERVICE_UNAVAILABLE");
  REQUIRE(world.all_retired());
  CHECK(world.plugin.live == 0);
}
