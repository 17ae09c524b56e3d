// Goal: one tenant's trouble changes nothing for the others: too many calls, an ad server that is away, calls that
// never come back. Method: a real host and real plugins; trouble is made by what a request asks of the echo plugins.
#include "two_tenants.hpp"

#include <doctest/doctest.h>

#include <future>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace tenon;
using namespace tenon::testing;

namespace {

const std::filesystem::path blocking_echo = TENON_TEST_PLUGINS "/echo_blocking.so";

/// A pipe that a blocking call reads to its end.
class held_pipe {
 public:
  explicit held_pipe(std::filesystem::path path) : path_(std::move(path)) {
    REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
    end_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(end_ >= 0);
  }
  held_pipe(const held_pipe&) = delete;
  held_pipe& operator=(const held_pipe&) = delete;
  ~held_pipe() { release(); }

  void release() {
    if (end_ >= 0) ::close(end_);
    end_ = -1;
  }
  std::string request() const { return "{\"read\":\"" + path_.string() + "\"}"; }

 private:
  std::filesystem::path path_;
  int end_ = -1;
};

using calls = std::vector<std::future<result<reply>>>;

}  // namespace

TEST_CASE("calls beyond a tenant's limits wait, then are refused, and a neighbour is served meanwhile") {
  const two_tenants files;
  files.write_tenant("acme", tenant("a") + "limits = { max_calls = 2, max_queued_calls = 1 }\n");
  host_fixture host(files);
  REQUIRE(host.call("acme", "get_products"));  // built once: by default each of two cold calls builds
  calls running;
  for (int count = 0; count < 2; ++count)
    running.push_back(host.start({.tenant = "acme"}, "get_products", "{\"never\":true}"));
  REQUIRE(host_fixture::eventually([&] { return host.status_of("acme").calls.running == 2; }));
  auto waiting = host.start({.tenant = "acme"}, "get_products");
  REQUIRE(host_fixture::eventually([&] { return host.status_of("acme").calls.queued == 1; }));
  const auto refused = host.call("acme", "get_products");
  REQUIRE(member(refused, "tag") == "RATE_LIMITED");
  CHECK(refused.error().retry_after_s >= 1);
  CHECK(member(host.call("beta", "get_products"), "tag") == "b");

  // More room, by a reload that rebuilds nothing.
  const auto instance = host.status_of("acme").instance;
  files.write_tenant("acme", tenant("a") + "limits = { max_calls = 3, max_queued_calls = 1 }\n");
  const auto report = host.reload();
  REQUIRE(report.tenants.size() == 1);
  CHECK(report.tenants[0].what == tenant_change::kind::limits);
  CHECK_FALSE(report.tenants[0].rebuilt);
  CHECK(member(host_fixture::wait(std::move(waiting)), "tag") == "a");
  CHECK(host.status_of("acme").instance == instance);
  CHECK(host.status_of("acme").calls.refused == 1);
}

TEST_CASE("a tenant whose ad server does not answer is refused for a while, and shows it; its neighbour is not") {
  const two_tenants files;
  files.write_tenant("acme", tenant("a") + "limits = { breaker = { min_calls = 3, open_ms = 60000 } }\n");
  host_fixture host(files);
  for (int count = 0; count < 3; ++count)
    CHECK(member(host.call("acme", "get_products", "{\"fail\":\"SERVICE_UNAVAILABLE\"}"), "tag") ==
          "SERVICE_UNAVAILABLE");
  const auto refused = host.call("acme", "get_products");
  REQUIRE(member(refused, "tag") == "SERVICE_UNAVAILABLE");
  CHECK(refused.error().retry_after_s <= 60);
  CHECK(refused.error().retry_after_s > 30);  // of which some may be over
  CHECK(refused.error().operator_detail.find("breaker") != std::string::npos);
  const auto shown = host.status_of("acme");
  CHECK(shown.state == tenant_state::degraded);
  CHECK(shown.calls.state == tenant_calls::breaker::open);
  CHECK(shown.last_error.find("limits.breaker") != std::string::npos);
  CHECK(host.status_of("beta").state != tenant_state::degraded);
  CHECK(host.call("beta", "get_products"));
  CHECK(host.log().find("tenant acme: most calls fail") != std::string::npos);
  // Whoever mends it need not wait until the breaker tries.
  files.write_tenant("acme", tenant("mended") + "limits = { breaker = { min_calls = 3, open_ms = 60000 } }\n");
  CHECK(host.reload().ok());
  CHECK(member(host.call("acme", "get_products"), "tag") == "mended");
}

TEST_CASE("calls that never return keep no thread from the others, and are told with their tenant") {
  host_directory files("blocking_threads = 2\nblocking_threads_per_tenant = 1\nblocking_replace_ms = 1\n");
  files.drop(blocking_echo, "echo_blocking");
  for (const char* name : {"acme", "beta"}) files.write_tenant(name, "plugin = \"echo_blocking\"\n");
  held_pipe pipe(files.root() / "pipe");
  host_fixture host(files);
  auto stuck = host.start({.tenant = "acme"}, "get_products", pipe.request());
  REQUIRE(host_fixture::eventually([&] { return host->status().blocking.replaced == 1; }));
  auto second =
      host.start({.tenant = "acme"}, "get_products");  // behind the first, which its platform does not overlap
  for (int count = 0; count < 20; ++count) REQUIRE(host.call("beta", "get_products"));
  // At 1 ms a call of the neighbour may be replaced, too, on a busy machine; its thread ends with it.
  CHECK(host_fixture::eventually([&] { return host->status().blocking.threads == 3; }));
  CHECK(host_fixture::eventually(
      [&] { return host.log().find("tenant acme: something of its plugin has held a thread") != std::string::npos; }));
  pipe.release();
  CHECK(host_fixture::wait(std::move(stuck)));
  CHECK(host_fixture::wait(std::move(second)));
  CHECK(host_fixture::eventually([&] { return host->status().blocking.threads == 2; }));
}

TEST_CASE("a shutdown answers whoever waits in a tenant's queue") {
  const two_tenants files;
  files.write_main("[limits]\nmax_calls = 1\n");
  host_fixture host(files);
  auto runs = host.start({.tenant = "acme"}, "get_products", "{\"never\":true}");
  REQUIRE(host_fixture::eventually([&] { return host.status_of("acme").calls.running == 1; }));
  auto waits = host.start({.tenant = "acme"}, "get_products");
  CHECK(host.stop().empty());
  CHECK(member(host_fixture::wait(std::move(runs)), "tag") == "SERVICE_UNAVAILABLE");
  CHECK(member(host_fixture::wait(std::move(waits)), "tag") == "SERVICE_UNAVAILABLE");
}
