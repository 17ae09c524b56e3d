// Goal: what limiter/1, store/1 and task/1 promise in host.h, and what they refuse. Method: the scripted plugin uses
// them; the store is a real file, the limiter the host's.
#include "platform_world.hpp"
#include "storage/tenant_stores.hpp"

#include "print_result.hpp"
#include "state_directory.hpp"

#include <doctest/doctest.h>

using namespace tenon;
using namespace tenon::testing;

namespace {

struct pending {
  tenon_instance* at;
  tenon_token token;
};

tenon_turn turn_of(std::string_view key, std::uint64_t interval_ns, std::uint64_t max_wait_ns) {
  tenon_turn made{};
  made.struct_size = sizeof made;
  made.key = text(key);
  made.interval_ns = interval_ns;
  made.max_wait_ns = max_wait_ns;
  return made;
}

void answer_turn(void* user, tenon_op, tenon_status status, std::uint64_t wait_ns) noexcept {
  const std::unique_ptr<pending> held(static_cast<pending*>(user));
  complete(*held->at, held->token,
           "{\"status\":" + std::to_string(status) + ",\"waits\":" + (wait_ns > 0 ? "true" : "false") + "}");
}

void answer_store(void* user, tenon_op, const tenon_store_result* result) noexcept {
  const std::unique_ptr<pending> held(static_cast<pending*>(user));
  std::string found = std::to_string(result->status);
  for (std::uint64_t at = 0; at < result->entry_count; ++at)
    found += " " + std::string(view(result->entries[at].key)) + "=" + std::string(view(result->entries[at].value));
  complete(*held->at, held->token, "{\"found\":\"" + found + "\"}");
}

tenon_store_write put(std::string_view key, std::string_view value) {
  return {text(key), text(value), TENON_STORE_ANY_VERSION, TENON_STORE_PUT, 0};
}

constexpr std::uint64_t second = 1'000'000'000;

}  // namespace

TEST_CASE("turns of one account are shared by the platforms of a plugin, and a hold stops them all") {
  platform_world world;
  world.task("turn", [](tenon_instance& at, tenon_token token, const tenon_call&) {
    const auto turn = turn_of("network", 3600 * second, second);
    tenon_op op = 0;
    return limiter().acquire(at.ctx, &turn, &answer_turn, new pending{&at, token}, &op);
  });
  world.task("unlimited", [](tenon_instance& at, tenon_token token, const tenon_call&) {
    const auto turn = turn_of("other", 0, second);
    tenon_op op = 0;
    return limiter().acquire(at.ctx, &turn, &answer_turn, new pending{&at, token}, &op);
  });
  world.task("hold", [](tenon_instance& at, tenon_token token, const tenon_call&) {
    return limiter().hold(at.ctx, text("other"), 3600 * second) == TENON_OK ? complete(at, token, "{}")
                                                                            : TENON_E_FAILED;
  });
  const auto one = world.build();
  const auto two = world.build();
  CHECK(world.call(*one, "turn")->body == R"({"status":0,"waits":false})");
  CHECK(world.call(*two, "turn")->body == R"({"status":8,"waits":true})");
  CHECK(world.call(*two, "unlimited")->body == R"({"status":0,"waits":false})");
  CHECK(world.call(*one, "hold"));
  CHECK(world.call(*two, "unlimited")->body == R"({"status":8,"waits":true})");
}

TEST_CASE("who waits for a turn can be cancelled, and a platform that goes gives its place back") {
  platform_world world;
  tenon_op waiting = 0;
  world.task("turn", [&](tenon_instance& at, tenon_token token, const tenon_call&) {
    const auto turn = turn_of("network", 3600 * second, 7200 * second);
    return limiter().acquire(at.ctx, &turn, &answer_turn, new pending{&at, token}, &waiting);
  });
  world.task("cancel", [&](tenon_instance& at, tenon_token token, const tenon_call&) {
    host_given->cancel(at.ctx, waiting);
    return complete(at, token, "{}");
  });
  auto platform = world.build();
  CHECK(world.call(*platform, "turn"));
  auto second_turn = world.start(*platform, "turn");
  CHECK(world.call(*platform, "cancel"));
  CHECK(await(std::move(second_turn))->body == R"({"status":2,"waits":false})");
  auto third = world.start(*platform, "turn");
  REQUIRE(eventually([&] { return platform->counters().open_operations == 1; }));
  platform.reset();
  CHECK(await(std::move(third))->body == R"({"status":2,"waits":false})");
  CHECK(world.all_retired());
}

TEST_CASE("what makes no sense for the limiter starts nothing") {
  platform_world world;
  world.task("turn", [](tenon_instance& at, tenon_token token, const tenon_call&) {
    tenon_op op = 0;
    auto turn = turn_of("", second, 0);
    CHECK(limiter().acquire(at.ctx, &turn, &answer_turn, nullptr, &op) == TENON_E_INVALID);
    turn = turn_of(std::string(129, 'x'), second, 0);
    CHECK(limiter().acquire(at.ctx, &turn, &answer_turn, nullptr, &op) == TENON_E_INVALID);
    turn = turn_of("n", second, 0);
    CHECK(limiter().acquire(at.ctx, &turn, nullptr, nullptr, &op) == TENON_E_INVALID);
    CHECK(limiter().acquire(nullptr, &turn, &answer_turn, nullptr, &op) == TENON_E_INVALID);
    CHECK(limiter().hold(at.ctx, text(""), second) == TENON_E_INVALID);
    CHECK(op == 0);
    return complete(at, token, "{}");
  });
  const auto platform = world.build();
  CHECK(world.call(*platform, "turn"));
}

TEST_CASE("a later platform finds what an earlier one wrote") {
  const state_directory at_disk;
  platform_world world;
  world.environment->stores = std::make_shared<tenant_stores>(at_disk.root(), 1u << 20);
  world.task("write", [](tenon_instance& at, tenon_token token, const tenon_call&) {
    const tenon_store_write writes[] = {put("a", "1"), put("b", "2")};
    tenon_op op = 0;
    return stored().write(at.ctx, writes, 2, &answer_store, new pending{&at, token}, &op);
  });
  world.task("list", [](tenon_instance& at, tenon_token token, const tenon_call&) {
    tenon_op op = 0;
    return stored().list(at.ctx, {}, {}, 0, &answer_store, new pending{&at, token}, &op);
  });
  world.task("get", [](tenon_instance& at, tenon_token token, const tenon_call&) {
    tenon_op op = 0;
    return stored().get(at.ctx, text("b"), &answer_store, new pending{&at, token}, &op);
  });
  auto platform = world.build();
  CHECK(world.call(*platform, "write")->body == R"({"found":"0 a= b="})");
  const auto log = at_disk.root() / "tenants" / "acme.sqlite-wal";
  CHECK(std::filesystem::exists(log));  // SQLite removes it when the file is closed
  const auto written = std::filesystem::file_size(log);
  CHECK(world.call(*platform, "get")->body == R"({"found":"0 b=2"})");
  CHECK(std::filesystem::file_size(log) == written);
  platform.reset();
  REQUIRE(world.all_retired());
  CHECK_FALSE(std::filesystem::exists(log));
  platform = world.build();
  CHECK(world.call(*platform, "list")->body == R"({"found":"0 a=1 b=2"})");
  CHECK(world.call(*platform, "get")->body == R"({"found":"0 b=2"})");
}

TEST_CASE("a host without a store says so, and what breaks a rule starts nothing") {
  platform_world world;
  world.task("get", [](tenon_instance& at, tenon_token token, const tenon_call&) {
    tenon_op op = 0;
    const tenon_store_write twice[] = {put("a", "1"), put("a", "2")};
    CHECK(stored().write(at.ctx, twice, 2, &answer_store, nullptr, &op) == TENON_E_INVALID);
    CHECK(stored().write(at.ctx, twice, 0, &answer_store, nullptr, &op) == TENON_E_INVALID);
    auto unknown = put("a", "1");
    unknown.what = 9;
    CHECK(stored().write(at.ctx, &unknown, 1, &answer_store, nullptr, &op) == TENON_E_INVALID);
    auto reserved = put("a", "1");
    reserved.reserved = 1;
    CHECK(stored().write(at.ctx, &reserved, 1, &answer_store, nullptr, &op) == TENON_E_INVALID);
    auto erased = put("a", "1");
    erased.what = TENON_STORE_ERASE;
    CHECK(stored().write(at.ctx, &erased, 1, &answer_store, nullptr, &op) == TENON_E_INVALID);
    const std::string long_key(TENON_STORE_KEY_BYTES + 1, 'k');
    const std::string long_value(TENON_STORE_VALUE_BYTES + 1, 'v');
    const auto too_long = put("a", long_value);
    CHECK(stored().write(at.ctx, &too_long, 1, &answer_store, nullptr, &op) == TENON_E_INVALID);
    CHECK(stored().get(at.ctx, text(long_key), &answer_store, nullptr, &op) == TENON_E_INVALID);
    CHECK(stored().get(at.ctx, text("\xff"), &answer_store, nullptr, &op) == TENON_E_INVALID);
    CHECK(stored().get(at.ctx, {}, &answer_store, nullptr, &op) == TENON_E_INVALID);
    CHECK(op == 0);
    return stored().get(at.ctx, text("a"), &answer_store, new pending{&at, token}, &op);
  });
  const auto platform = world.build();
  CHECK(world.call(*platform, "get")->body == R"({"found":"4"})");
}

TEST_CASE("a mutating task may be submitted, is told what it said, and others may not") {
  platform_world world;
  world.image->manifest.services = {"task/1"};
  std::vector<std::string> seen;
  const auto submits = [&seen](tenon_instance& at, tenon_token token, const tenon_call& call) {
    seen.push_back(std::string(view(call.resume)) + "/" + std::to_string(call.attempt) + "/" +
                   std::to_string(call.flags));
    tenon_submission submission{};
    submission.struct_size = sizeof submission;
    submission.resume = text("go on");
    submission.message = text("soon\n");
    submission.delay_ns = 5 * second;
    return tasks().submit(at.ctx, token, &submission);
  };
  world.task("create_media_buy", submits, false, true);
  world.task("get_products", submits);
  world.task(
      "bad",
      [](tenon_instance& at, tenon_token token, const tenon_call&) {
        tenon_submission submission{};
        submission.struct_size = sizeof submission;
        CHECK(tasks().submit(at.ctx, token, &submission) == TENON_E_INVALID);
        const std::string much(TENON_TASK_RESUME_BYTES + 1, 'x');
        submission.resume = text(much);
        CHECK(tasks().submit(at.ctx, token, &submission) == TENON_E_INVALID);
        CHECK(tasks().submit(at.ctx, token, nullptr) == TENON_E_INVALID);
        submission.resume = text("x");
        CHECK(tasks().submit(at.ctx, token + 1, &submission) == TENON_E_INVALID);
        submission.reserved = 1;
        CHECK(tasks().submit(at.ctx, token, &submission) == TENON_E_INVALID);
        return complete(at, token, "{}");
      },
      false, true);
  const auto platform = world.build();
  const auto submitted = world.call(*platform, "create_media_buy");
  REQUIRE(submitted);
  REQUIRE(submitted->submitted);
  CHECK(submitted->submitted->resume == "go on");
  CHECK(submitted->submitted->message == "soon ");
  CHECK(submitted->submitted->delay == std::chrono::seconds(5));
  CHECK_FALSE(world.call(*platform, "get_products"));
  CHECK(world.call(*platform, "bad"));

  call_context again;
  again.recovering = true;
  again.resumed = std::make_shared<const task_resumption>(task_resumption{"task-1", "go on", 3});
  CHECK(world.call(*platform, "create_media_buy", again)->submitted);
  again.resumed =
      std::make_shared<const task_resumption>(task_resumption{.task_id = "task-1", .resume = "end", .last = true});
  CHECK(world.call(*platform, "create_media_buy", again)->submitted);
  CHECK(seen == std::vector<std::string>{"/0/0", "/0/0", "go on/3/1", "end/0/3"});
}

TEST_CASE("a plugin that does not list task/1 submits nothing") {
  platform_world world;
  world.task(
      "create_media_buy",
      [](tenon_instance& at, tenon_token token, const tenon_call&) {
        tenon_submission submission{};
        submission.struct_size = sizeof submission;
        submission.resume = text("go on");
        CHECK(tasks().submit(at.ctx, token, &submission) == TENON_E_INVALID);
        return complete(at, token, "{}");
      },
      false, true);
  const auto platform = world.build();
  CHECK_FALSE(world.call(*platform, "create_media_buy")->submitted);
}
