// Goal: calls, operations, stops, late completions and retirements on many threads at once break no promise. Method:
// four executor threads, a client thread per lane that builds, calls and drops; what matters is counted, and the
// sanitizers watch.
#include "platform_world.hpp"

#include "print_result.hpp"

#include <doctest/doctest.h>

using namespace tenon;
using namespace tenon::testing;

namespace {

struct pending {
  tenon_instance* at;
  tenon_token token;
};

std::atomic<int> started = 0;
std::atomic<int> completed = 0;

/// Completes inline, by a timer, twice, or never, as the request's length says.
tenon_status mixed(tenon_instance& at, tenon_token token, const tenon_call& call) {
  const auto kind = call.trace_id.len % 4;
  if (kind == 0) complete(at, token, "{}");
  if (kind == 1 || kind == 2) {
    tenon_op op = 0;
    auto held = std::make_unique<pending>(pending{&at, token});
    const auto status = timers().start(
        at.ctx, kind == 1 ? 0 : 200'000,
        [](void* user, tenon_op, tenon_status) noexcept {
          const std::unique_ptr<pending> from(static_cast<pending*>(user));
          ++completed;
          complete(*from->at, from->token, "{}");
          complete(*from->at, from->token, "{}");
        },
        held.get(), &op);
    // A start that fails leaves no operation behind, so what it was given is still ours.
    if (status != TENON_OK) return status;
    ++started;
    [[maybe_unused]] const auto* const given = held.release();
    if (call.principal.len != 0) host_given->cancel(at.ctx, op);
    return status;
  }
  return TENON_OK;
}

void run_lane(platform_world& world, int lane, int rounds, std::atomic<int>& answered) {
  for (int round = 0; round < rounds; ++round) {
    auto platform = world.build();
    std::vector<std::future<result<reply>>> open;
    std::vector<std::stop_source> stops(24);
    for (int i = 0; i < 24; ++i) {
      call_context with{.account = {},
                        .principal = i % 3 == 0 ? "p" : "",
                        .trace_id = std::string(static_cast<std::size_t>(i), 't'),
                        .stop = stops[static_cast<std::size_t>(i)].get_token()};
      open.push_back(world.start(*platform, "mixed", std::move(with)));
      if ((i + lane) % 5 == 0) stops[static_cast<std::size_t>(i)].request_stop();
    }
    // Every second round the platform goes while its calls are open.
    if (round % 2 == 0) platform.reset();
    for (int i = 0; i < 24; ++i) {
      if (i % 4 == 3 && round % 2 == 1) stops[static_cast<std::size_t>(i)].request_stop();
    }
    for (auto& coming : open) {
      await(std::move(coming));
      ++answered;
    }
  }
}

void run_stress(bool concurrent) {
  platform_world world(4);
  world.environment->retire_grace = std::chrono::milliseconds(1);
  world.environment->retire_hard = std::chrono::milliseconds(2);
  world.environment->retire_stuck = patience;
  world.image->manifest.concurrent = concurrent;
  world.task("mixed", mixed);
  started = 0;
  completed = 0;
  std::atomic<int> answered = 0;
  {
    std::vector<std::jthread> lanes;
    for (int lane = 0; lane < 4; ++lane) {
      lanes.emplace_back([&, lane] { run_lane(world, lane, 25, answered); });
    }
  }
  REQUIRE(world.all_retired());
  CHECK(answered == 4 * 25 * 24);
  CHECK(started > 0);
  CHECK(completed == started);
  CHECK(world.plugin.live == 0);
  CHECK(world.code->open() == 0);
  CHECK(world.code->stranded().empty());
}

}  // namespace

TEST_CASE("serial platforms survive being built, called, stopped and dropped on many threads") { run_stress(false); }

TEST_CASE("concurrent platforms survive it too") { run_stress(true); }
