// Goal: what was accepted is sent until it is delivered or given up, whoever restarts, and one principal's rows are
// bounded. Method: a real file; the promises of the header one by one.
#include "outbox_world.hpp"

#include <sys/stat.h>
#include <algorithm>
#include <fstream>
#include <iterator>

using namespace tenon;
using namespace tenon::tenond;
using namespace tenon::testing;
using namespace std::literals;

namespace {

/// The bytes of the file and of its journal.
std::string bytes_of(const std::filesystem::path& file) {
  std::string all;
  for (const auto* suffix : {"", "-wal"}) {
    std::ifstream in(file.string() + suffix, std::ios::binary);
    all.append(std::istreambuf_iterator<char>(in), {});
  }
  return all;
}

std::vector<std::string> hosts_of(const std::vector<outgoing_webhook>& all) {
  std::vector<std::string> hosts;
  for (const auto& each : all) hosts.push_back(each.what.host);
  return hosts;
}

}  // namespace

TEST_CASE("an event is due at once, and whole") {
  outbox_world world;
  REQUIRE(world.add("k").has_value());
  const auto sent = world.only();
  CHECK(sent.url == "https://a.example/hook");
  CHECK(sent.what.host == "a.example");
  CHECK(sent.what.tenant == "acme");
  CHECK(sent.what.principal == "buyer");
  CHECK(sent.tries == 0);
  CHECK(sent.since == world.now());
  CHECK(sent.scheme == webhook_scheme::bearer);
  CHECK(sent.reach == webhook_reach::outside);
  CHECK(sent.credentials == "credentials-of-thirty-two-letters");
  CHECK(member(sent.body, "task_id") == sent.task_id);
  CHECK(member(sent.body, "operation_id") == "op_1");
  CHECK(member(sent.body, "token") == "token-0123456789");
  CHECK(member(sent.body, "idempotency_key").size() >= 16);
  CHECK(sent.task_id.starts_with("sync-"));
}

TEST_CASE("a restart goes on with the same bytes") {
  outbox_world world;
  REQUIRE(world.add("k").has_value());
  const auto before = world.only();
  REQUIRE(world.outbox()->try_again(before.what.id, world.now() + 5s, "no answer").has_value());
  world.reopen();
  CHECK(world.due().empty());
  CHECK(world.outbox()->next_due(world.now()).value() == world.now() + 5s);
  world.time().advance(5s);
  const auto after = world.only();
  CHECK(after.tries == 1);
  CHECK(after.body == before.body);
  CHECK(after.credentials == before.credentials);
  CHECK(after.since == before.since);
}

TEST_CASE("an event is there once, and has the same key after it was delivered and after a restart") {
  outbox_world world;
  REQUIRE(world.add("k").has_value());
  REQUIRE(world.add("k").has_value());
  const auto first = world.only();
  REQUIRE(world.outbox()->delivered(first.what.id).has_value());
  CHECK(world.due().empty());
  world.reopen();
  REQUIRE(world.add("k").has_value());
  CHECK(world.only().body == first.body);
}

TEST_CASE("events without a name differ") {
  outbox_world world;
  REQUIRE(world.add("", "a.example").has_value());
  REQUIRE(world.add("", "b.example").has_value());
  const auto all = world.due();
  REQUIRE(all.size() == 2);
  CHECK(member(all[0].body, "idempotency_key") != member(all[1].body, "idempotency_key"));
  CHECK(all[0].task_id != all[1].task_id);
}

TEST_CASE("what waits for a task becomes ready when it ends, once") {
  outbox_world world;
  REQUIRE(world.await_task("task_1").has_value());
  CHECK(world.due().empty());
  world.reopen();
  const auto waiting = world.outbox()->waiting().value();
  REQUIRE(waiting.size() == 1);
  CHECK(waiting[0].tenant == "acme");
  CHECK(waiting[0].principal == "buyer");
  CHECK(waiting[0].task_id == "task_1");

  world.time().advance(1h);
  const webhook_outcome end{.status = "completed", .message = "Done.", .result = R"({"media_buy_id":"mb_1"})"};
  CHECK(world.outbox()->task_ended("acme", "task_2", end).value() == 0);
  CHECK(world.outbox()->task_ended("other", "task_1", end).value() == 0);
  CHECK(world.outbox()->task_ended("acme", "task_1", end).value() == 1);
  CHECK(world.outbox()->task_ended("acme", "task_1", end).value() == 0);
  CHECK(world.outbox()->waiting().value().empty());
  const auto sent = world.only();
  CHECK(sent.since == world.now());
  CHECK(sent.task_id == "task_1");
  CHECK(member(sent.body, "task_id") == "task_1");
  CHECK(member(sent.body, "status") == "completed");
  CHECK(member(sent.body, "message") == "Done.");
  CHECK(member(sent.body, "token") == "token-0123456789");
  CHECK(sent.body.ends_with(R"("result":{"media_buy_id":"mb_1"}})"));
}

TEST_CASE("a task that nobody knows is forgotten") {
  outbox_world world;
  REQUIRE(world.await_task("task_1").has_value());
  CHECK(world.outbox()->forget_task("acme", "task_1").value() == 1);
  CHECK(world.outbox()->waiting().value().empty());
}

TEST_CASE("a principal has as many open as it may have, and others have theirs") {
  outbox_world world({.most_open = 2});
  CHECK(world.outbox()->has_room("acme", "buyer").value());
  REQUIRE(world.add("1").has_value());
  REQUIRE(world.await_task("task_1").has_value());
  CHECK_FALSE(world.outbox()->has_room("acme", "buyer").value());
  CHECK(world.add("1").has_value());  // it is there
  for (const auto& refused : {world.add("2"), world.await_task("task_2")}) {
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == "RATE_LIMITED");
    CHECK(refused.error().retry_after_s > 0);
  }
  CHECK(world.add("1", "a.example", "another").has_value());
  REQUIRE(world.outbox()->delivered(world.only().what.id).has_value());
  CHECK(world.add("3").has_value());
}

TEST_CASE("what is not of the release, or waits for nothing, is refused") {
  outbox_world world;
  auto what = world.subject("k");
  CHECK(world.outbox()->await_task(world.target(), what).error().code == "INVALID_REQUEST");
  what.task_type = "get_products";
  CHECK(world.outbox()->add(world.target(), what, {.status = "completed"}).error().code == "INVALID_REQUEST");
}

TEST_CASE("what was given up is listed for a while, and its secrets are gone from the file") {
  outbox_world world;
  REQUIRE(world.add("k").has_value());
  const auto sent = world.only();
  world.time().advance(1h);
  REQUIRE(world.outbox()->give_up(sent.what.id, "found 404").has_value());
  CHECK(world.due().empty());
  const auto failed = world.outbox()->failed("acme", 10).value();
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].task_type == "create_media_buy");
  CHECK(failed[0].task_id == sent.task_id);
  CHECK(failed[0].host == "a.example");
  CHECK(failed[0].tries == 1);
  CHECK(failed[0].when == world.now());
  CHECK(failed[0].trouble == "found 404");
  CHECK(world.outbox()->failed("other", 10).value().empty());
  CHECK(world.outbox()->failed("", 10).value().size() == 1);
  CHECK(world.outbox()->has_room("acme", "buyer").value());
  world.close();  // which empties the journal
  CHECK(bytes_of(world.file()).find("credentials-of") == std::string::npos);
  world.open();
  world.time().advance(std::chrono::days(7) - 1s);
  CHECK(world.outbox()->forget_old(world.now()).value() == 0);
  world.time().advance(1s);
  CHECK(world.outbox()->forget_old(world.now()).value() == 1);
  CHECK(world.outbox()->failed("", 10).value().empty());
}

TEST_CASE("of those that were given up the newest of each principal are kept") {
  outbox_world world({.most_failed = 2});
  REQUIRE(world.add("other", "a.example", "another").has_value());
  REQUIRE(world.outbox()->give_up(world.only().what.id, "other").has_value());
  for (const auto* each : {"1", "2", "3"}) {
    world.time().advance(1s);
    REQUIRE(world.add(each).has_value());
    REQUIRE(world.outbox()->give_up(world.only().what.id, each).has_value());
  }
  std::vector<std::string> kept;
  for (const auto& each : world.outbox()->failed("acme", 10).value()) kept.push_back(each.trouble);
  CHECK(kept == std::vector<std::string>{"3", "2", "other"});
}

TEST_CASE("what waits for too long is forgotten, what is to be sent is not") {
  outbox_world world;
  REQUIRE(world.add("k").has_value());
  REQUIRE(world.await_task("task_1").has_value());
  world.time().advance(std::chrono::days(30));
  CHECK(world.outbox()->forget_old(world.now()).value() == 1);
  CHECK(world.outbox()->waiting().value().empty());
  CHECK(world.due().size() == 1);
}

TEST_CASE("of each host the first is due, and principals take turns") {
  outbox_world world;
  for (const auto* host : {"a.example", "a.example", "b.example", "c.example"}) {
    REQUIRE(world.add("", host, "greedy").has_value());
    world.time().advance(1ms);
  }
  REQUIRE(world.add("", "z.example", "modest").has_value());
  CHECK(hosts_of(world.due()) == std::vector<std::string>{"a.example", "z.example", "b.example", "c.example"});
  CHECK(hosts_of(world.due(2)) == std::vector<std::string>{"a.example", "z.example"});
  const auto some =
      world.outbox()->take(world.now(), 2, [](const due_webhook& each) { return each.host != "a.example"; });
  CHECK(hosts_of(some.value()) == std::vector<std::string>{"z.example", "b.example"});
}

TEST_CASE("the file is closed to others, and belongs to one outbox") {
  outbox_world world;
  struct stat found {};
  REQUIRE(::stat(world.file().c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  const auto second = world.another();
  REQUIRE(second.has_error());
  CHECK(second.error().code == "SERVICE_UNAVAILABLE");
}
