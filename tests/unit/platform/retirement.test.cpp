// Goal: whatever a platform is doing when its last reference goes, its calls are answered, its operations completed,
// its instance destroyed and its library given back; only a thread that stays inside keeps it. Method: the scripted
// plugin caught in each of these states.
#include "platform_world.hpp"

#include "print_result.hpp"

#include <doctest/doctest.h>
#include <boost/asio/post.hpp>

using namespace tenon;
using namespace tenon::testing;

namespace {

/// Starts a timer that will not fire in time, and notes how it is completed.
tenon_status long_timer(script& plugin, tenon_instance& at) {
  tenon_op op = 0;
  return timers().start(
      at.ctx, 3'600'000'000'000,
      [](void* user, tenon_op, tenon_status status) noexcept {
        static_cast<script*>(user)->note("timer " + std::to_string(status));
      },
      &plugin, &op);
}

}  // namespace

TEST_CASE("open operations complete with CLOSING before destroy, and nothing new is accepted then") {
  platform_world world;
  world.plugin.on_create = [&](tenon_instance& at, tenon_token ready, const tenon_create&) {
    long_timer(world.plugin, at);
    return complete(at, ready, {});
  };
  world.plugin.on_destroy = [&](tenon_instance& at) {
    world.plugin.note("start " + std::to_string(long_timer(world.plugin, at)));
    logs().write(at.ctx, TENON_LOG_INFO, text("going"));
  };
  auto platform = world.build();
  CHECK(platform->counters().open_operations == 1);
  platform.reset();
  REQUIRE(world.all_retired());
  const auto closing = std::to_string(TENON_E_CLOSING);
  CHECK(world.plugin.notes() == std::vector<std::string>{"timer " + closing, "start " + closing, "destroy"});
  CHECK(world.log().find("going") != std::string::npos);
  CHECK(world.code->open() == 0);
}

TEST_CASE("a call that is running may finish while its platform retires") {
  platform_world world;
  world.environment->retire_grace = patience;
  latch hold;
  tally begun;
  world.task("work", [&](tenon_instance& at, tenon_token token, const tenon_call&) {
    begun.raise();
    hold.wait();
    complete(at, token, "{\"finished\":true}");
    return TENON_OK;
  });
  auto platform = world.build();
  auto coming = world.start(*platform, "work");
  REQUIRE(begun.reaches(1));
  platform.reset();
  CHECK(world.environment->retiring->open() != 0);
  hold.open();
  CHECK(await(std::move(coming))->body == "{\"finished\":true}");
  REQUIRE(world.all_retired());
  CHECK(world.plugin.live == 0);
}

TEST_CASE("a call that waits for an exchange is cancelled after the grace, and answers itself") {
  platform_world world;
  world.image->manifest.upstreams = {"https://api.example.com"};
  world.environment->retire_grace = std::chrono::milliseconds(0);
  world.environment->retire_hard = patience;
  struct pending {
    tenon_instance* at;
    tenon_token token;
  };
  world.task("get", [](tenon_instance& at, tenon_token token, const tenon_call&) {
    tenon_http_request request{};
    request.struct_size = sizeof request;
    request.method = text("GET");
    request.url = text("https://api.example.com/");
    tenon_op op = 0;
    return http().start(
        at.ctx, &request,
        [](void* user, tenon_op, const tenon_http_response* response) noexcept {
          const std::unique_ptr<pending> held(static_cast<pending*>(user));
          fail(*held->at, held->token, response->status, "The exchange ended.");
        },
        new pending{&at, token}, &op);
  });
  auto platform = world.build();
  auto coming = world.start(*platform, "get");
  REQUIRE(world.http->received(1));
  platform.reset();
  const auto answer = await(std::move(coming));
  CHECK(answer.error().message == "The exchange ended.");
  CHECK(answer.error().operator_detail.find("TENON_E_CANCELLED") != std::string::npos);
  REQUIRE(world.all_retired());
  CHECK(world.code->open() == 0);
}

TEST_CASE("a call that never completes is asked to end, then answered by the host, and its library is given back") {
  platform_world world;
  world.environment->retire_hard = std::chrono::seconds(1);  // enough to ask it
  std::atomic<int> cancels = 0;
  tally begun;
  world.task("never", [&](tenon_instance&, tenon_token, const tenon_call&) {
    begun.raise();
    return TENON_OK;
  });
  world.plugin.on_cancel = [&](tenon_instance&, tenon_token) { ++cancels; };
  auto platform = world.build();
  auto coming = world.start(*platform, "never");
  REQUIRE(begun.reaches(1));
  platform.reset();
  CHECK(await(std::move(coming)).error().code == "SERVICE_UNAVAILABLE");
  REQUIRE(world.all_retired());
  CHECK(cancels == 1);
  CHECK(world.plugin.live == 0);
  CHECK(world.code->open() == 0);
  CHECK(world.code->stranded().empty());
}

TEST_CASE("a thread that stays inside makes the library a zombie; when it comes back the instance is destroyed") {
  platform_world world;
  world.environment->retire_stuck = std::chrono::milliseconds(10);
  latch hold;
  tally begun;
  world.task("stuck", [&](tenon_instance& at, tenon_token token, const tenon_call&) {
    begun.raise();
    hold.wait();
    CHECK(complete(at, token, "{}") == TENON_E_INVALID);
    return TENON_OK;
  });
  tally destroyed;
  world.plugin.on_destroy = [&](tenon_instance&) { destroyed.raise(); };
  auto platform = world.build();
  auto coming = world.start(*platform, "stuck");
  REQUIRE(begun.reaches(1));
  platform.reset();
  CHECK_FALSE(await(std::move(coming)));
  REQUIRE(world.code->strands_one());
  REQUIRE(world.all_retired());
  CHECK(world.code->stranded()[0].find("acme") != std::string::npos);
  CHECK(world.plugin.live == 1);
  hold.open();
  CHECK(destroyed.reaches(1));
  CHECK(world.code->open() == 1);
  world.code->forget_stranded();
}

TEST_CASE("a completion after the platform is gone finds nothing") {
  platform_world world;
  world.image->manifest.upstreams = {"https://api.example.com"};
  std::atomic<int> completions = 0;
  world.plugin.on_create = [&](tenon_instance& at, tenon_token ready, const tenon_create&) {
    tenon_http_request request{};
    request.struct_size = sizeof request;
    request.method = text("GET");
    request.url = text("https://api.example.com/");
    tenon_op op = 0;
    CHECK(http().start(
              at.ctx, &request,
              [](void* user, tenon_op, const tenon_http_response* response) noexcept {
                CHECK(response->status == TENON_E_CLOSING);
                ++*static_cast<std::atomic<int>*>(user);
              },
              &completions, &op) == TENON_OK);
    return complete(at, ready, {});
  };
  auto platform = world.build();
  REQUIRE(world.http->received(1));
  platform.reset();
  REQUIRE(world.all_retired());
  world.http->finish(0, http_exchange_response{.status = 200, .headers = {}, .body = {}});
  CHECK(completions == 1);
}

namespace {

/// A platform with an open timer and an open call, whose executor goes before it does; `ended`: so does the loader.
std::vector<std::string> notes_without_executor(bool ended) {
  script plugin;
  host_given = &plugin_host_table();
  fake_http_client client;
  const auto code = std::make_shared<fake_loader>(scripted_entry);
  boost::asio::thread_pool pool(1);
  tally destroyed;
  plugin.on_create = [&](tenon_instance& at, tenon_token ready, const tenon_create&) {
    long_timer(plugin, at);
    return complete(at, ready, {});
  };
  plugin.on_destroy = [&](tenon_instance&) { destroyed.raise(); };
  auto image = std::make_shared<plugin_image>();
  image->manifest.tasks = {{.name = "never"}};
  plugin.tasks["never"] = [](tenon_instance&, tenon_token, const tenon_call&) { return TENON_OK; };
  {
    boost::asio::io_context context;
    auto environment = std::make_shared<platform_environment>();
    environment->executor = context.get_executor();
    environment->blocking_of = [on = pool.get_executor()](const std::string&) { return on; };
    environment->time = &system_clock();
    environment->loader = code;
    environment->logger = std::make_shared<spdlog::logger>("silent");
    std::shared_ptr<plugin_platform> platform;
    const auto work = boost::asio::make_work_guard(context);
    build_plugin_platform(environment,
                          {.tenant = "acme", .image = image, .settings = {}, .specialisms = {}, .secrets = nullptr}, {},
                          [&](result<std::shared_ptr<plugin_platform>> built) {
                            platform = *built;
                            context.stop();
                          });
    context.run();
    REQUIRE(platform);
    platform->start({.task = "never", .body = "{}", .context = {}},
                    [](result<reply>) { FAIL("nobody runs handlers any more"); });
    platform.reset();
    // Nothing may be under way on the loader thread, which has posted to the executor.
    tally idle;
    code->post([&] { idle.raise(); });
    REQUIRE(idle.reaches(1));
    if (ended) code->end();
  }
  CHECK(destroyed.reaches(1));
  code->stop();
  CHECK(code->open() == 0);
  return plugin.notes();
}

const std::vector<std::string> closed_then_destroyed{"timer " + std::to_string(TENON_E_CLOSING), "destroy"};

/// Asks for a turn that does not come in time.
void long_turn(script& plugin, tenon_instance& at) {
  tenon_turn turn{};
  turn.struct_size = sizeof turn;
  turn.key = text("n");
  turn.interval_ns = 3'600'000'000'000;
  turn.max_wait_ns = 7'200'000'000'000;
  tenon_op op = 0;
  const auto status = limiter().acquire(
      at.ctx, &turn,
      [](void* user, tenon_op, tenon_status how, std::uint64_t) noexcept {
        static_cast<script*>(user)->note("turn " + std::to_string(how));
      },
      &plugin, &op);
  CHECK(status == TENON_OK);
}

}  // namespace

TEST_CASE("what waits for a turn is closed when a thread comes back from a plugin after the executor has gone") {
  script plugin;
  host_given = &plugin_host_table();
  const auto code = std::make_shared<fake_loader>(scripted_entry);
  boost::asio::thread_pool pool(1);
  tally destroyed;
  tally begun;
  latch hold;
  plugin.on_create = [&](tenon_instance& at, tenon_token ready, const tenon_create&) {
    long_turn(plugin, at);  // the first comes at once
    long_turn(plugin, at);
    return complete(at, ready, {});
  };
  plugin.on_destroy = [&](tenon_instance&) { destroyed.raise(); };
  auto image = std::make_shared<plugin_image>();
  image->manifest.concurrent = true;
  image->manifest.tasks = {{.name = "stuck", .blocking = true}};
  plugin.tasks["stuck"] = [&](tenon_instance& at, tenon_token token, const tenon_call&) {
    complete(at, token, "{}");
    begun.raise();
    hold.wait();
    return TENON_OK;
  };
  {
    boost::asio::io_context context;
    const auto turns = turn_limiter::make(system_clock(), std::make_shared<asio_scheduler>(context.get_executor()));
    auto environment = std::make_shared<platform_environment>();
    environment->executor = context.get_executor();
    environment->blocking_of = [on = pool.get_executor()](const std::string&) { return on; };
    environment->time = &system_clock();
    environment->turns = turns;
    environment->loader = code;
    environment->logger = std::make_shared<spdlog::logger>("silent");
    environment->retire_stuck = std::chrono::milliseconds(10);
    auto work = boost::asio::make_work_guard(context);
    std::thread runs([&] { context.run(); });
    std::promise<std::shared_ptr<plugin_platform>> made;
    build_plugin_platform(environment,
                          {.tenant = "acme", .image = image, .settings = {}, .specialisms = {}, .secrets = nullptr}, {},
                          [&](result<std::shared_ptr<plugin_platform>> built) { made.set_value(*built); });
    auto platform = made.get_future().get();
    platform->start({.task = "stuck", .body = "{}", .context = {}}, [](result<reply>) {});
    CHECK(begun.reaches(1));
    platform.reset();
    CHECK(code->strands_one());
    work.reset();
    context.stop();
    runs.join();
  }
  hold.open();
  CHECK(destroyed.reaches(1));
  code->forget_stranded();
  pool.join();
  code->stop();
  CHECK(plugin.notes() == std::vector<std::string>{"turn 0", "turn " + std::to_string(TENON_E_CLOSING), "destroy"});
}

TEST_CASE("an executor that is destroyed under a platform leaves its end to the loader thread") {
  CHECK(notes_without_executor(false) == closed_then_destroyed);
}

TEST_CASE("when the loader has ended too, whoever drops the platform last destroys it") {
  CHECK(notes_without_executor(true) == closed_then_destroyed);
}
