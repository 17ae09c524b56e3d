// Goal: a successor takes over what is left to it and is asked if it is well, and whatever the plugin does with that
// ends in time and harms nobody. Method: the scripted plugin.
#include "platform_world.hpp"

#include "print_result.hpp"

#include <doctest/doctest.h>

using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;

namespace {

/// What a platform leaves, as text; "nothing" if it leaves none.
std::string left_by(plugin_platform& old) {
  auto promise = std::make_shared<std::promise<std::string>>();
  auto coming = promise->get_future();
  old.hand_over([promise](const inheritance& left) { promise->set_value(left ? left->text() : "nothing"); });
  return await(std::move(coming));
}

}  // namespace

TEST_CASE("what one platform gives, create() of the next gets, and the first serves on") {
  platform_world world;
  world.task("get_products",
             [](tenon_instance& at, tenon_token token, const tenon_call&) { return complete(at, token, "{}"); });
  world.plugin.on_give = [](tenon_instance& at, tenon_token token) { return complete(at, token, "{\"token\":\"t\"}"); };
  std::vector<std::string> inherited;
  world.plugin.on_create = [&](tenon_instance& at, tenon_token ready, const tenon_create& with) {
    inherited.emplace_back(view(with.inherited));
    return complete(at, ready, {});
  };
  const auto first = world.build();
  world.inherit = [&](const std::string&, inheritance_handler inherits) { first->hand_over(std::move(inherits)); };
  const auto second = world.build();
  CHECK(inherited == std::vector<std::string>{"", "{\"token\":\"t\"}"});
  CHECK(world.call(*first, "get_products"));
  CHECK(world.call(*second, "get_products"));
}

TEST_CASE("a plugin that leaves nothing, refuses, fails, says too much or what is no object, leaves nothing") {
  platform_world world;
  SUBCASE("without the interface") {}
  SUBCASE("a refusal") {
    world.plugin.on_give = [](tenon_instance&, tenon_token) { return TENON_E_UNSUPPORTED; };
  }
  SUBCASE("a failure") {
    world.plugin.on_give = [](tenon_instance& at, tenon_token token) { return fail(at, token, TENON_E_FAILED, "no"); };
  }
  SUBCASE("too much") {
    world.plugin.on_give = [](tenon_instance& at, tenon_token token) {
      return complete(at, token, "{\"a\":\"" + std::string(TENON_HANDOVER_BYTES, 'x') + "\"}");
    };
  }
  SUBCASE("no object") {
    world.plugin.on_give = [](tenon_instance& at, tenon_token token) { return complete(at, token, "t"); };
  }
  SUBCASE("nothing in time") {
    world.environment->handover_timeout = 1ms;
    world.plugin.on_give = [](tenon_instance&, tenon_token) { return TENON_OK; };
  }
  const auto old = world.build();
  CHECK(left_by(*old) == "nothing");
  CHECK(world.log().find("xxxx") == std::string::npos);
}

TEST_CASE("the first answer to the question stands, and what comes too late is counted") {
  platform_world world;
  world.plugin.on_give = [](tenon_instance& at, tenon_token token) {
    complete(at, token, "{\"n\":1}");
    complete(at, token, "{\"n\":2}");
    return TENON_OK;
  };
  const auto old = world.build();
  CHECK(left_by(*old) == "{\"n\":1}");
  CHECK(old->counters().late_completions == 1);
}

TEST_CASE("a platform that is well becomes one, and is asked only if somebody wants to know") {
  platform_world world;
  int asked = 0;
  world.plugin.on_check = [&](tenon_instance& at, tenon_token token) {
    ++asked;
    return complete(at, token, {});
  };
  const auto cold = world.build();
  CHECK(asked == 0);
  world.check_health = true;
  const auto successor = world.build();
  CHECK(asked == 1);
}

TEST_CASE("a platform that is not well is none, and nothing of it stays") {
  platform_world world;
  world.check_health = true;
  SUBCASE("it says so") {
    world.plugin.on_check = [](tenon_instance& at, tenon_token token) { return fail(at, token, TENON_E_IO, "I ache"); };
    CHECK(world.try_build().error().message == "I ache");
  }
  SUBCASE("it refuses to say") {
    world.plugin.on_check = [](tenon_instance&, tenon_token) { return TENON_E_LIMIT; };
    CHECK(world.try_build().has_error());
  }
  SUBCASE("it does not say so in time") {
    world.environment->build_timeout = 2s;  // enough for all but the check
    world.plugin.on_check = [](tenon_instance&, tenon_token) { return TENON_OK; };
    CHECK(world.try_build().error().operator_detail.find("check of health") != std::string::npos);
  }
  REQUIRE(world.all_retired());
  CHECK(world.plugin.live == 0);
}

TEST_CASE("a build that is given up while it waits for what is left to it ends") {
  platform_world world;
  inheritance_handler late;
  std::promise<void> asked;
  world.inherit = [&](const std::string&, inheritance_handler inherits) {
    late = std::move(inherits);
    asked.set_value();
  };
  std::stop_source stop;
  auto building = world.start_build(stop.get_token());
  REQUIRE(asked.get_future().wait_for(60s) == std::future_status::ready);
  stop.request_stop();
  CHECK(await(std::move(building)).has_error());
  late(nullptr);
  CHECK(world.plugin.live == 0);
}
