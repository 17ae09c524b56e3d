// Goal: every call is answered exactly once, by whoever is first: the plugin, its deadline, or the caller who gave up.
// Method: the scripted plugin; real deadlines of a few milliseconds, waited for and never measured.
#include "platform_world.hpp"

#include "print_result.hpp"

#include <doctest/doctest.h>
#include <boost/asio/post.hpp>

using namespace tenon;
using namespace tenon::testing;

namespace {

tenon_status echo(tenon_instance& at, tenon_token token, const tenon_call& call) {
  complete(at, token, view(call.request));
  return TENON_OK;
}

tenon_status never(tenon_instance&, tenon_token, const tenon_call&) { return TENON_OK; }

}  // namespace

TEST_CASE("a call brings its request and its context, and takes the answer back") {
  platform_world world;
  std::string seen;
  world.task("get_products", [&](tenon_instance& at, tenon_token token, const tenon_call& call) {
    for (const auto part :
         {call.task, call.request, call.tenant, call.account_id, call.principal, call.trace_id, call.idempotency_key}) {
      seen += std::string(view(part)) + "|";
    }
    seen += std::to_string(call.flags);
    CHECK(call.deadline_ns > clocks().steady_ns(at.ctx));
    return echo(at, token, call);
  });
  const auto platform = world.build();
  CHECK(platform->implements("get_products"));
  CHECK_FALSE(platform->blocks("get_products"));
  call_context with{
      .account = {.id = "a1"}, .principal = "p", .trace_id = "t", .idempotency_key = "k", .recovering = true};
  const auto answer = world.call(*platform, "get_products", with);
  REQUIRE(answer.has_value());
  CHECK(answer->body == "{}");
  CHECK(seen == "get_products|{}|acme|a1|p|t|k|1");
}

TEST_CASE("a task that the manifest does not list is UNSUPPORTED_FEATURE") {
  platform_world world;
  const auto platform = world.build();
  CHECK_FALSE(platform->implements("get_products"));
  CHECK(world.call(*platform, "get_products").error().code == "UNSUPPORTED_FEATURE");
}

TEST_CASE("a refused call is answered by the host, and a completion that came first stands") {
  platform_world world;
  world.task("refuse", [](tenon_instance&, tenon_token, const tenon_call&) { return TENON_E_INVALID; });
  world.task("both", [](tenon_instance& at, tenon_token token, const tenon_call& call) {
    echo(at, token, call);
    return TENON_E_FAILED;
  });
  const auto platform = world.build();
  CHECK(world.call(*platform, "refuse").error().code == "INVALID_REQUEST");
  CHECK(world.call(*platform, "both").has_value());
}

TEST_CASE("the first completion wins; a second one is refused, counted and harmless") {
  platform_world world;
  tenon_status second = TENON_OK;
  tenon_status unknown = TENON_OK;
  tenon_status none = TENON_OK;
  world.task("twice", [&](tenon_instance& at, tenon_token token, const tenon_call&) {
    complete(at, token, "{\"n\":1}");
    second = complete(at, token, "{\"n\":2}");
    unknown = complete(at, token + 1, "{}");
    none = host_given->complete(at.ctx, token, nullptr);
    return TENON_OK;
  });
  const auto platform = world.build();
  CHECK(world.call(*platform, "twice")->body == "{\"n\":1}");
  CHECK(second == TENON_E_INVALID);
  CHECK(unknown == TENON_E_INVALID);
  CHECK(none == TENON_E_INVALID);
  CHECK(platform->counters().late_completions == 2);
}

TEST_CASE("the caller's handler runs after the plugin's function has returned") {
  platform_world world;
  std::atomic<bool> returned = false;
  bool answered_after = false;
  world.task("slow_return", [&](tenon_instance& at, tenon_token token, const tenon_call& call) {
    echo(at, token, call);
    std::this_thread::yield();
    returned = true;
    return TENON_OK;
  });
  const auto platform = world.build();
  std::promise<void> done;
  platform->start({.task = "slow_return", .body = "{}", .context = {}}, [&](result<reply>) {
    answered_after = returned;
    done.set_value();
  });
  await(done.get_future());
  CHECK(answered_after);
}

TEST_CASE("a call that the plugin never completes is answered at its deadline, and the plugin is asked to stop") {
  platform_world world;
  std::promise<tenon_token> cancelled;
  std::atomic<tenon_token> begun = 0;
  world.task("never", [&](tenon_instance&, tenon_token token, const tenon_call&) {
    begun = token;
    return TENON_OK;
  });
  world.plugin.on_cancel = [&](tenon_instance&, tenon_token token) { cancelled.set_value(token); };
  const auto platform = world.build();
  const auto answer =
      world.call(*platform, "never",
                 {.account = {}, .deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(200)});
  CHECK(answer.error().code == "SERVICE_UNAVAILABLE");
  CHECK(answer.error().recover == recovery::transient);
  const auto told = await(cancelled.get_future());
  if (begun != 0) CHECK(told == begun);  // or its time was over before it had begun
  CHECK(platform->counters().open_calls == 0);
}

TEST_CASE("a call without a deadline gets the host's") {
  platform_world world;
  world.environment->call_timeout = std::chrono::milliseconds(10);
  world.task("never", never);
  const auto platform = world.build();
  CHECK(world.call(*platform, "never").error().code == "SERVICE_UNAVAILABLE");
}

TEST_CASE("a later call with an earlier deadline does not wait for the first") {
  platform_world world;
  world.task("never", never);
  const auto platform = world.build();
  std::stop_source stop;
  auto first = world.start(*platform, "never", {.account = {}, .stop = stop.get_token()});
  const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(10);
  CHECK_FALSE(world.call(*platform, "never", {.account = {}, .deadline = soon}));
  CHECK(platform->counters().open_calls == 1);
  stop.request_stop();
  CHECK_FALSE(await(std::move(first)));
}

TEST_CASE("a plugin that is asked to stop may still answer itself") {
  platform_world world;
  world.environment->retire_hard = patience;
  tally begun;
  world.task("wait", [&](tenon_instance&, tenon_token, const tenon_call&) {
    begun.raise();
    return TENON_OK;
  });
  world.plugin.on_cancel = [](tenon_instance& at, tenon_token token) {
    fail(at, token, TENON_E_CANCELLED, "Stopped in time.");
  };
  const auto platform = world.build();
  std::stop_source stop;
  auto coming = world.start(*platform, "wait", {.account = {}, .stop = stop.get_token()});
  REQUIRE(begun.reaches(1));
  stop.request_stop();
  CHECK(await(std::move(coming)).error().message == "Stopped in time.");
}

TEST_CASE("a plugin that does not heed the stop is answered for") {
  platform_world world;
  tally begun;
  world.task("wait", [&](tenon_instance&, tenon_token, const tenon_call&) {
    begun.raise();
    return TENON_OK;
  });
  const auto platform = world.build();
  std::stop_source stop;
  auto coming = world.start(*platform, "wait", {.account = {}, .stop = stop.get_token()});
  REQUIRE(begun.reaches(1));
  stop.request_stop();
  CHECK(await(std::move(coming)).error().message == "The request was cancelled.");
}

TEST_CASE("a call that was stopped before it began never reaches the plugin") {
  platform_world world;
  std::atomic<int> entered = 0;
  latch hold;
  tally holding;
  world.task("hold", [&](tenon_instance& at, tenon_token token, const tenon_call& call) {
    holding.raise();
    hold.wait();
    return echo(at, token, call);
  });
  world.task("count", [&](tenon_instance& at, tenon_token token, const tenon_call& call) {
    ++entered;
    return echo(at, token, call);
  });
  const auto platform = world.build();
  std::stop_source before;
  before.request_stop();
  CHECK_FALSE(world.call(*platform, "count", {.account = {}, .stop = before.get_token()}));

  auto held = world.start(*platform, "hold");
  REQUIRE(holding.reaches(1));
  std::stop_source queued;
  auto coming = world.start(*platform, "count", {.account = {}, .stop = queued.get_token()});
  queued.request_stop();
  hold.open();
  CHECK_FALSE(await(std::move(coming)));
  CHECK(await(std::move(held)));
  CHECK(entered == 0);
}

TEST_CASE("a serial platform never has two entries at once") {
  platform_world world(4);
  world.task("work", [](tenon_instance& at, tenon_token token, const tenon_call& call) {
    std::this_thread::yield();
    return echo(at, token, call);
  });
  const auto platform = world.build();
  std::vector<std::future<result<reply>>> open;
  for (int i = 0; i < 400; ++i) open.push_back(world.start(*platform, "work"));
  for (auto& coming : open) CHECK(await(std::move(coming)).has_value());
  CHECK(world.plugin.most_inside == 1);
}

TEST_CASE("a concurrent platform may have two entries at once") {
  platform_world world(4);
  world.image->manifest.concurrent = true;
  // Each call waits until the other one is inside too.
  tally inside;
  world.task("meet", [&](tenon_instance& at, tenon_token token, const tenon_call& call) {
    inside.raise();
    CHECK(inside.reaches(2));
    return echo(at, token, call);
  });
  const auto platform = world.build();
  auto first = world.start(*platform, "meet");
  auto second = world.start(*platform, "meet");
  CHECK(await(std::move(first)).has_value());
  CHECK(await(std::move(second)).has_value());
  CHECK(world.plugin.most_inside == 2);
}

TEST_CASE("a blocking task holds no thread of the executor, and excludes other entries of its platform") {
  platform_world world(1);
  latch hold;
  tally holding;
  world.task(
      "block",
      [&](tenon_instance& at, tenon_token token, const tenon_call& call) {
        holding.raise();
        hold.wait();
        return echo(at, token, call);
      },
      true);
  world.task("quick", echo);
  const auto platform = world.build();
  auto blocked = world.start(*platform, "block");
  auto behind = world.start(*platform, "quick");
  REQUIRE(holding.reaches(1));
  // The only thread of the executor still runs other work.
  std::promise<void> ran;
  boost::asio::post(world.context, [&] { ran.set_value(); });
  await(ran.get_future());
  hold.open();
  CHECK(await(std::move(blocked)).has_value());
  CHECK(await(std::move(behind)).has_value());
  CHECK(world.plugin.most_inside == 1);
}
