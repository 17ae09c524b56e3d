// Goal: submitted tasks are found again as they were left, by their own tenant alone, in the order in which they are
// due. Method: real files.
#include "storage/task_book.hpp"

#include "state_directory.hpp"

#include <doctest/doctest.h>

using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;

namespace {

const wall_time start{std::chrono::seconds(1'800'000'000)};

std::shared_ptr<task_book> opened(const state_directory& at) {
  auto found = task_book::open(at.root() / "tasks.sqlite");
  if (!found) FAIL(found.error().operator_detail);
  return *found;
}

submitted_task task(const std::string& id, const std::string& tenant, wall_time due) {
  return {.id = id,
          .tenant = tenant,
          .task = "create_media_buy",
          .account_id = "main",
          .principal = "buyer",
          .trace_id = "trace",
          .idempotency_key = "key",
          .request = "{\"a\":1}",
          .resume = std::string("r\0s", 3),
          .attempt = 2,
          .due = due,
          .message = "soon",
          .trouble = "timeout",
          .outcome = {},
          .created = start,
          .updated = start + 1s};
}

template <class Task>
std::vector<std::string> ids_of(const result<std::vector<Task>>& found) {
  std::vector<std::string> ids;
  if (!found) FAIL(found.error().operator_detail);
  for (const auto& each : *found) ids.push_back(each.id);
  return ids;
}

}  // namespace

TEST_CASE("a task is found as it was written, by its own tenant alone, also by a later process") {
  const state_directory at;
  const auto written = task("t1", "acme", start + 5s);
  REQUIRE(opened(at)->put(written).has_value());
  const auto book = opened(at);
  const auto found = book->find("acme", "t1");
  REQUIRE(found.has_value());
  REQUIRE(found->has_value());
  const auto& read = **found;
  CHECK(read.task == written.task);
  CHECK(read.account_id == written.account_id);
  CHECK(read.principal == written.principal);
  CHECK(read.trace_id == written.trace_id);
  CHECK(read.idempotency_key == written.idempotency_key);
  CHECK(read.request == written.request);
  CHECK(read.resume == written.resume);
  CHECK(read.attempt == 2);
  CHECK(read.due == written.due);
  CHECK(read.now == submitted_task::state::submitted);
  CHECK(read.message == written.message);
  CHECK(read.trouble == written.trouble);
  CHECK(read.created == written.created);
  CHECK(read.updated == written.updated);
  CHECK_FALSE(book->find("beta", "t1")->has_value());
  CHECK_FALSE(book->find("acme", "t2")->has_value());
}

TEST_CASE("what is due comes in order, and what has ended does not") {
  const state_directory at;
  const auto book = opened(at);
  CHECK(*book->next_due() == wall_time::max());
  REQUIRE(book->put(task("late", "acme", start + 9s)).has_value());
  REQUIRE(book->put(task("soon", "beta", start + 1s)).has_value());
  REQUIRE(book->put(task("sooner", "acme", start)).has_value());
  auto over = task("over", "acme", start);
  over.now = submitted_task::state::completed;
  REQUIRE(book->put(over).has_value());
  CHECK(*book->next_due() == start);
  CHECK(ids_of(book->due(start + 1s, 10, 10)) == std::vector<std::string>{"sooner", "soon"});
  CHECK(ids_of(book->due(start + 9s, 1, 10)) == std::vector<std::string>{"sooner"});
  CHECK(ids_of(book->list("acme", 10)).size() == 3);
  CHECK(ids_of(book->list("", 10)).size() == 4);
  CHECK(*book->forget_ended(start + 1s) == 0);
  CHECK(*book->forget_ended(start + 2s) == 1);
  CHECK(ids_of(book->list("", 10)).size() == 3);
}

TEST_CASE("tenants take turns, and none gets more of them than it may") {
  const state_directory at;
  const auto book = opened(at);
  for (int count = 0; count < 5; ++count) {
    const auto number = std::to_string(count);
    REQUIRE(book->put(task("a" + number, "acme", start + std::chrono::seconds(count))).has_value());
  }
  REQUIRE(book->put(task("b0", "beta", start + 6s)).has_value());
  REQUIRE(book->put(task("b1", "beta", start + 7s)).has_value());
  REQUIRE(book->put(task("c0", "gamma", start + 3s)).has_value());
  CHECK(ids_of(book->due(start + 9s, 10, 2)) == std::vector<std::string>{"a0", "c0", "b0", "a1", "b1"});
  CHECK(ids_of(book->due(start + 9s, 2, 2)) == std::vector<std::string>{"a0", "c0"});
  const auto found = book->due(start + 9s, 1, 2);
  REQUIRE(found.has_value());
  CHECK(found->front().tenant == "acme");
}

TEST_CASE("a key has the submitted task that is newest, of its tenant, principal and task alone") {
  const state_directory at;
  const auto book = opened(at);
  const auto find = [&book](std::string_view tenant, std::string_view principal, std::string_view name,
                            std::string_view key) {
    const auto found = book->find_open(tenant, principal, name, key);
    if (!found) FAIL(found.error().operator_detail);
    return *found ? (*found)->id : std::string();
  };
  CHECK(find("acme", "buyer", "create_media_buy", "key").empty());
  CHECK(*book->open_count("acme") == 0);
  REQUIRE(book->put(task("old", "acme", start)).has_value());
  auto newer = task("new", "acme", start);
  newer.created = start + 1s;
  REQUIRE(book->put(newer).has_value());
  REQUIRE(book->put(task("other", "beta", start)).has_value());
  CHECK(find("acme", "buyer", "create_media_buy", "key") == "new");
  CHECK(find("beta", "buyer", "create_media_buy", "key") == "other");
  CHECK(find("acme", "somebody", "create_media_buy", "key").empty());
  CHECK(find("acme", "buyer", "update_media_buy", "key").empty());
  CHECK(find("acme", "buyer", "create_media_buy", "ke").empty());
  CHECK(*book->open_count("acme") == 2);
  newer.now = submitted_task::state::failed;
  REQUIRE(book->put(newer).has_value());
  CHECK(find("acme", "buyer", "create_media_buy", "key") == "old");
  CHECK(*book->open_count("acme") == 1);
}

TEST_CASE("what is listed comes without what may be long") {
  const state_directory at;
  const auto book = opened(at);
  REQUIRE(book->put(task("t1", "acme", start)).has_value());
  const auto found = book->list("acme", 10);
  REQUIRE(found.has_value());
  REQUIRE(found->size() == 1);
  CHECK(found->front().trouble == "timeout");
  CHECK(found->front().updated == start + 1s);
  CHECK(found->front().request.empty());
  CHECK(found->front().resume.empty());
}

TEST_CASE("a book belongs to one owner at a time") {
  const state_directory at;
  auto held = opened(at);
  const auto second = task_book::open(at.root() / "tasks.sqlite");
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().operator_detail.find("give each host a state_dir of its own") != std::string::npos);
  held.reset();
  CHECK(task_book::open(at.root() / "tasks.sqlite").has_value());
}
