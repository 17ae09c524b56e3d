// Goal: a plugin is rolled out in waves, and back if the tenants that were moved fare worse, while all are served.
// Method: a real host, ten tenants and two versions of echo; a wave's time is 0, so that looks at the figures follow
// each other at once, and what a wave needs are calls.
#include "two_tenants.hpp"

#include "as_future.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;
using phase = rollout_status::phase;
using scope = reload_request::scope;

namespace {

struct ten_tenants : host_directory {
  explicit ten_tenants(const std::string& tables = "[plugins.echo]\nhold = true\n") : host_directory(tables) {
    drop(echo_1, "echo");
    for (int number = 0; number < 10; ++number) write_tenant(name(number), tenant(name(number)));
  }
  static std::string name(int number) { return "t" + std::to_string(number); }
};

/// Ten live tenants.
class served {
 public:
  explicit served(const ten_tenants& files) : host(files) {
    for (int number = 0; number < 10; ++number) REQUIRE(host.call(ten_tenants::name(number), "get_products"));
  }

  result<void> start(rollout_request request) {
    request.plugin = "echo";
    return host_fixture::wait(host->async_start_rollout(std::move(request), as_future));
  }
  rollout_status status() {
    const auto all = host->status().rollouts;
    return all.empty() ? rollout_status() : all.front();
  }
  bool comes_to(phase wanted) {
    return host_fixture::eventually([&] { return status().now == wanted; });
  }
  std::string version(int number) { return member(host.call(ten_tenants::name(number), "get_products"), "version"); }
  std::multiset<std::string> versions() {
    std::multiset<std::string> found;
    for (int number = 0; number < 10; ++number) found.insert(version(number));
    return found;
  }

  host_fixture host;
};

/// Long enough for a test to act in the middle of it.
const rollout_request patient{.watch = 1h};

}  // namespace

TEST_CASE("a plugin that does well moves all, wave by wave") {
  const ten_tenants files;
  served at(files);
  files.drop(echo_2, "echo");
  REQUIRE(at.start({.canary = "t3", .watch = 0ms, .min_calls = 0}));
  REQUIRE(at.comes_to(phase::done));
  CHECK(at.versions().count("2.0.0") == 10);
  const auto end = at.status();
  CHECK(end.waves == 3);  // the canary is 10 % already
  CHECK(end.moved.size() == 10);
  CHECK(end.moved.front() == "t3");
  CHECK(end.waiting.empty());
  CHECK(end.version == "2.0.0");
  CHECK(at.host.reload().tenants.empty());
  CHECK(at.host.stop().empty());
}

TEST_CASE("until a tenant is moved no reload moves it, and what was moved stays") {
  const ten_tenants files("");
  served at(files);
  files.drop(echo_2, "echo");
  auto request = patient;
  request.canary = "t0";
  REQUIRE(at.start(request));
  REQUIRE(at.comes_to(phase::watching));
  CHECK(at.version(0) == "2.0.0");
  files.write_tenant("t1", tenant("other"));
  const auto report = at.host.reload();
  REQUIRE(report.tenants.size() == 1);
  CHECK(report.tenants[0].tenant == "t1");
  CHECK(report.ok());
  CHECK(at.version(0) == "2.0.0");
  CHECK(at.version(1) == "1.0.0");
  CHECK(member(at.host.call("t1", "get_products"), "tag") == "other");
  REQUIRE(at.host->abort_rollout("echo"));
  REQUIRE(at.comes_to(phase::rolled_back));
  CHECK(at.versions().count("1.0.0") == 10);
}

TEST_CASE("a plugin whose calls fail goes back from the canary on, and is not taken until somebody asks") {
  const ten_tenants files("");
  served at(files);
  files.drop(echo_2, "echo");
  REQUIRE(at.start({.canary = "t5", .watch = 10s, .min_calls = 3}));
  REQUIRE(host_fixture::eventually([&] { return at.status().now != phase::moving; }));
  CHECK(at.version(5) == "2.0.0");
  for (int count = 0; count < 5; ++count) at.host.call("t5", "get_products", "{\"fail\":\"INTERNAL_ERROR\"}");
  REQUIRE(at.comes_to(phase::rolled_back));
  CHECK(at.status().reason.find("calls failed") != std::string::npos);
  CHECK(at.versions().count("1.0.0") == 10);
  const auto report = at.host.reload();
  CHECK(report.ok());
  CHECK(report.tenants.empty());
  REQUIRE(report.diagnostics.size() == 1);
  CHECK(report.diagnostics[0].message.find("were rolled back; tenonctl rollout start") != std::string::npos);
  REQUIRE(host_fixture::wait(at.host->async_reload({.about = scope::plugin, .name = "echo"}, as_future))
              .ok());
  CHECK(at.versions().count("2.0.0") == 10);
}

TEST_CASE("a tenant that cannot be moved takes its wave, and all before it, back") {
  const ten_tenants files("");
  files.write_tenant("t9", tenant("t9", ", fails_as = \"2.0.0\""));
  served at(files);
  files.drop(echo_2, "echo");
  REQUIRE(at.start({.canary = "t0", .watch = 0ms, .min_calls = 0}));
  REQUIRE(at.comes_to(phase::rolled_back));
  CHECK(at.status().reason.find("tenant t9 could not be moved, create: ") != std::string::npos);
  CHECK(at.versions().count("1.0.0") == 10);
}

TEST_CASE("a plugin that is refused is not rolled out") {
  const ten_tenants files;
  served at(files);
  files.write(files.root() / "plugins" / "echo.so", "no plugin");
  const auto refused = at.start({});
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == "CONFIGURATION_ERROR");
  CHECK(at.versions().count("1.0.0") == 10);
}

TEST_CASE("too few calls pause it, and so does who asks; resume goes on") {
  const ten_tenants files;
  served at(files);
  files.drop(echo_2, "echo");
  REQUIRE(at.start({.waves = {100}, .watch = 0ms, .min_calls = 1'000'000}));
  REQUIRE(at.comes_to(phase::paused));
  CHECK(at.status().reason.find("too few calls") != std::string::npos);
  CHECK(at.versions().count("2.0.0") == 1);
  REQUIRE(at.host->resume_rollout("echo"));
  REQUIRE(host_fixture::eventually([&] { return at.status().wave == 1 && at.status().now == phase::paused; }));
  CHECK(at.versions().count("2.0.0") == 10);
  REQUIRE(at.host->resume_rollout("echo"));
  CHECK(at.comes_to(phase::done));
  CHECK(at.host->resume_rollout("echo").has_error());
  CHECK(at.host->pause_rollout("nobody").error().operator_detail.find("found \"nobody\"") != std::string::npos);
}

TEST_CASE("a pause after the canary, and one while a wave is watched") {
  const ten_tenants files;
  served at(files);
  files.drop(echo_2, "echo");
  REQUIRE(at.start({.watch = 0ms, .min_calls = 0, .pause_after_canary = true}));
  REQUIRE(at.comes_to(phase::paused));
  CHECK(at.status().moved.size() == 1);
  REQUIRE(at.host->abort_rollout("echo"));
  REQUIRE(at.comes_to(phase::rolled_back));
  REQUIRE(at.start(patient));
  REQUIRE(at.comes_to(phase::watching));
  REQUIRE(at.host->pause_rollout("echo"));
  CHECK(at.status().now == phase::paused);
  CHECK(at.start(patient).error().operator_detail.find("is under way") != std::string::npos);
}

TEST_CASE("what cannot be rolled out says why") {
  const ten_tenants files;
  served at(files);
  const auto why = [&](const rollout_request& request) { return at.start(request).error().operator_detail; };
  CHECK(why({}).find("put the new ones there first") != std::string::npos);
  files.drop(echo_2, "echo");
  CHECK(why({.canary = "nobody"}).find("found \"nobody\"") != std::string::npos);
  CHECK(why({.waves = {50}}).find("10,50,100") != std::string::npos);
  CHECK(at.versions().count("1.0.0") == 10);
}

TEST_CASE("bytes that are held wait for a rollout or who asks for the plugin, and a shutdown in the middle ends") {
  const ten_tenants files;
  served at(files);
  files.drop(echo_2, "echo");
  const auto report = at.host.reload();
  CHECK(report.ok());
  CHECK(report.tenants.empty());
  REQUIRE(report.diagnostics.size() == 1);
  CHECK(report.diagnostics[0].message.find("hold = true") != std::string::npos);
  REQUIRE(at.start(patient));
  REQUIRE(at.comes_to(phase::watching));
  CHECK(at.host.stop().empty());
  CHECK(at.status().now == phase::stopped);
}
