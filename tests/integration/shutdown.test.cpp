// Goal: a host ends completely, answers everybody, waits for what it must and says what it leaves behind. Method: real
// hosts with real plugins, one of them held inside a plugin by a pipe that the test keeps open.
#include "two_tenants.hpp"

#include <doctest/doctest.h>

#include <future>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace tenon;
using namespace tenon::testing;

TEST_CASE("shutdown answers what runs, refuses what comes, and leaves nothing mapped") {
  const two_tenants files;
  host_fixture host(files);
  host.call("acme", "get_products");
  auto running = host.start({.tenant = "acme"}, "get_products", R"({"sleep_ms": 200})");
  auto never = host.start({.tenant = "acme"}, "get_products", R"({"never": true})");
  const auto left = host.stop();
  CHECK(left.empty());
  CHECK(host_fixture::wait(std::move(running)).has_value());
  const auto cut = host_fixture::wait(std::move(never));
  REQUIRE_FALSE(cut);
  CHECK(cut.error().recover == recovery::transient);
  CHECK(files.mapped() == 0);
  CHECK(member(host.call("acme", "get_products"), "") == "SERVICE_UNAVAILABLE");
}

TEST_CASE("a context without other work runs until the answer is there, and the host may go without a shutdown") {
  const two_tenants files;
  // Kept for good: the loader's thread may be the last to let the log go, inside libspdlog, where ThreadSanitizer does
  // not see that this thread let it go before.
  static const auto& log = *new auto(std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(16));
  auto context = std::make_unique<boost::asio::io_context>();
  auto made = host::create(context->get_executor(),
                           {.config = files.config(), .logger = std::make_shared<spdlog::logger>("test", log)});
  REQUIRE(made.has_value());
  int answers = 0;
  call_request request{.task = "get_products", .body = "{}", .context = {}};
  (*made)->async_call({.tenant = "acme"}, std::move(request), [&](const result<reply>& outcome) {
    answers += outcome.has_value() ? 1 : 0;
    context->stop();
  });
  context->run();
  CHECK(answers == 1);
  made->reset();
  // The platform went with the handlers of a context that did not run any more: its loader closes up on its own.
  context.reset();
  CHECK(host_fixture::eventually([&] { return says(*log, "closed"); }));
}

TEST_CASE("everybody who asks for a shutdown is told") {
  const two_tenants files;
  host_fixture host(files);
  host.call("acme", "get_products");
  auto first = host->async_shutdown(as_future);
  auto second = host->async_shutdown(as_future);
  CHECK(host_fixture::wait(std::move(first)).empty());
  CHECK(host_fixture::wait(std::move(second)).empty());
}

TEST_CASE("a thread that is stuck in a plugin is left behind, and said to be: neither shutdown nor host waits for it") {
  const two_tenants files;
  files.write(files.root() / "tenon.toml",
              "[host]\nplugin_dirs = [\"plugins\"]\nstore_dir = \"store\"\ndrain_timeout_ms = 50\n");
  files.drop(TENON_TEST_PLUGINS "/echo_blocking.so", "echo_blocking");
  files.write_tenant("stuck", "plugin = \"echo_blocking\"\n");
  const auto pipe = (files.root() / "pipe").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  int writer = -1;
  {
    host_fixture host(files);
    auto never = host.start({.tenant = "stuck"}, "get_products", "{\"read\": \"" + pipe + "\"}");
    REQUIRE(host_fixture::eventually([&] { return (writer = ::open(pipe.c_str(), O_WRONLY | O_NONBLOCK)) >= 0; }));
    const auto left = host.stop();
    REQUIRE(left.size() == 1);
    CHECK(left.front().plugin == "echo_blocking");
    CHECK(left.front().state == "zombie");
    CHECK(left.front().cause == "thread");
    CHECK(left.front().reason.find("tenant stuck: a thread has been inside get_products for ") == 0);
    CHECK(host_fixture::wait(std::move(never)).has_error());
  }
  ::close(writer);
}

TEST_CASE("a host that goes without a shutdown waits for the blocking task that is inside a plugin") {
  const two_tenants files;
  files.drop(TENON_TEST_PLUGINS "/echo_blocking.so", "echo_blocking");
  files.write_tenant("busy", "plugin = \"echo_blocking\"\n");
  const auto pipe = (files.root() / "pipe").string();
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  boost::asio::io_context context;
  auto guard = boost::asio::make_work_guard(context);
  auto made = host::create(context.get_executor(), {.config = files.config()});
  REQUIRE(made.has_value());
  std::jthread runner([&context] { context.run(); });
  call_request request{.task = "get_products", .body = "{\"read\": \"" + pipe + "\"}", .context = {}};
  auto answered = std::make_shared<std::promise<void>>();
  (*made)->async_call({.tenant = "busy"}, std::move(request), [answered](const auto&) { answered->set_value(); });
  int writer = -1;
  REQUIRE(host_fixture::eventually([&] { return (writer = ::open(pipe.c_str(), O_WRONLY | O_NONBLOCK)) >= 0; }));
  auto gone = std::async(std::launch::async, [&made] { made->reset(); });
  CHECK(gone.wait_for(std::chrono::milliseconds(0)) == std::future_status::timeout);
  ::close(writer);  // the task's file ends
  CHECK(gone.wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  CHECK(answered->get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  guard.reset();
}

TEST_CASE("a shutdown does not wait for ever for a platform that somebody holds, and says so") {
  const two_tenants files;
  files.write(files.root() / "tenon.toml",
              "[host]\nplugin_dirs = [\"plugins\"]\nstore_dir = \"store\"\ndrain_timeout_ms = 50\n");
  host_fixture host(files);
  host.call("acme", "get_products");
  // Held for good: a platform that comes back after its loader has ended can only be left where it is.
  static const auto& held = *new auto(host->router().cached_platform("acme"));
  REQUIRE(held);
  const auto left = host.stop();
  REQUIRE(left.size() == 1);
  CHECK(left.front().plugin == "echo");
}

TEST_CASE("under load every call that came before the shutdown is answered well, and every later one is refused") {
  const two_tenants files;
  files.write(files.config(), "[host]\nplugin_dirs = [\"plugins\"]\nstore_dir = \"store\"\ndrain_timeout_ms = 60000\n");
  host_fixture host(files, 4);
  for (const char* name : {"acme", "beta"}) REQUIRE(host.call(name, "get_products"));
  std::vector<std::future<result<reply>>> before;
  std::vector<std::future<result<reply>>> late;
  const std::string body = "{\"sleep_ms\":20}";
  for (int count = 0; count < 200; ++count)
    before.push_back(host.start({.tenant = count % 2 == 0 ? "acme" : "beta"}, "get_products", body));
  auto ended = host->async_shutdown(as_future);
  for (int count = 0; count < 50; ++count) late.push_back(host.start({.tenant = "acme"}, "get_products", body));
  for (auto& each : before) CHECK(host_fixture::wait(std::move(each)));
  for (auto& each : late) CHECK(member(host_fixture::wait(std::move(each)), "tag") == "SERVICE_UNAVAILABLE");
  CHECK(host_fixture::wait(std::move(ended)).empty());
}
