// Goal: a call that ends as submitted is gone on with whatever happens meanwhile: a reload to other code, the end of
// the process. Method: real hosts with the echo plugin, which submits when it is asked to.
#include "two_tenants.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

using namespace tenon;
using namespace tenon::testing;

namespace {

std::string submit(host_fixture& host, const std::string& delay_ms) {
  const auto answer = host.call("acme", "create_media_buy", "{\"submit\": " + delay_ms + "}");
  REQUIRE_MESSAGE(answer, answer.error().operator_detail);
  CHECK(member(answer, "status") == "submitted");
  CHECK(member(answer, "message") == "Later, as asked.");
  return member(answer, "task_id");
}

std::optional<submitted_task> find(host_fixture& host, const std::string& id, const std::string& tenant = "acme") {
  auto found = host_fixture::wait(host->async_find_task(tenant, id, as_future));
  REQUIRE(found.has_value());
  return std::move(*found);
}

bool completed(host_fixture& host, const std::string& id) {
  return host_fixture::eventually([&] { return find(host, id)->now == submitted_task::state::completed; });
}

}  // namespace

TEST_CASE("a submitted task is answered with its id, and ends with an answer of its own") {
  const two_tenants files;
  host_fixture host(files);
  const auto id = submit(host, "0");
  REQUIRE(completed(host, id));
  const auto task = *find(host, id);
  CHECK(member(reply{task.outcome}, "resumed") == "1.0.0");
  CHECK(task.task == "create_media_buy");
  CHECK(task.attempt == 1);
  CHECK_FALSE(find(host, id, "beta").has_value());
  CHECK(find(host, id, "").has_value());
  const auto all = host_fixture::wait(host->async_list_tasks("", as_future));
  REQUIRE(all.has_value());
  CHECK(all->size() == 1);
}

TEST_CASE("what one version submitted, the next one ends") {
  const two_tenants files;
  host_fixture host(files);
  const auto id = submit(host, "8000");
  files.drop(echo_2, "echo");
  REQUIRE(host.reload().ok());
  REQUIRE(completed(host, id));
  const auto task = *find(host, id);
  CHECK(member(reply{task.outcome}, "resumed") == "1.0.0");
  CHECK(member(reply{task.outcome}, "version") == "2.0.0");
}

TEST_CASE("what one process submitted, the next one ends, and both cannot hold it at once") {
  const two_tenants files;
  std::string id;
  {
    host_fixture host(files);
    id = submit(host, "60000");
    host_fixture second(files);
    const auto refused = second.call("acme", "create_media_buy", R"({"submit": 0})");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "SERVICE_UNAVAILABLE");
    CHECK(second.log().find("give each host a state_dir of its own") != std::string::npos);
    CHECK(host.stop().empty());
  }
  host_fixture host(files);
  const auto task = *find(host, id);
  CHECK(task.now == submitted_task::state::submitted);
  CHECK(task.due - task.created == std::chrono::minutes(1));
  const auto soon = submit(host, "0");
  REQUIRE(completed(host, soon));
}

TEST_CASE("a tenant that is gone leaves its task waiting, with the reason, until it is back") {
  const two_tenants files;
  host_fixture host(files);
  const auto id = submit(host, "5000");
  files.remove_tenant("acme");
  REQUIRE(host.reload().ok());
  REQUIRE(host_fixture::eventually([&] { return find(host, id)->attempt > 0; }));
  CHECK(find(host, id)->now == submitted_task::state::submitted);
  CHECK_FALSE(find(host, id)->trouble.empty());
  files.write_tenant("acme", tenant("back"));
  REQUIRE(host.reload().ok());
  REQUIRE(completed(host, id));
  CHECK(member(reply{find(host, id)->outcome}, "tag") == "back");
}
