// Goal: tenants that ask for it are built ahead of their first request, each once, and the host says when that is over.
// Method: a real host and real plugins, with handshakes that work, fail or never end.
#include "two_tenants.hpp"

#include <doctest/doctest.h>

using namespace tenon;
using namespace tenon::testing;

TEST_CASE("tenants with warm_up are built at the start and when a reload brings them, and nobody else is") {
  const two_tenants files;
  files.write_tenant("acme", "warm_up = true\n" + tenant("a"));
  host_fixture host(files);
  REQUIRE(host_fixture::eventually([&] { return host->ready(); }));
  CHECK(host.status_of("acme").cached);
  CHECK_FALSE(host.status_of("beta").cached);
  const auto instance = host.status_of("acme").instance;

  files.write_tenant("beta", "warm_up = true\n" + tenant("b"));
  files.write_tenant("gamma", "warm_up = true\n" + tenant("c"));
  const auto report = host.reload();
  REQUIRE(report.tenants.size() == 2);
  CHECK(report.tenants[0].what == tenant_change::kind::limits);
  CHECK(host_fixture::eventually([&] { return host->status().warm_up.built == 3; }));
  CHECK(host.status_of("beta").cached);
  CHECK(host.status_of("gamma").cached);
  CHECK(host.status_of("acme").instance == instance);
}

TEST_CASE("a tenant that cannot be built ahead is told, and the host is ready without it") {
  const two_tenants files;
  files.write_tenant("acme", "warm_up = true\n" + tenant("a", ", fail_open = \"SERVICE_UNAVAILABLE\""));
  files.write_tenant("beta", "warm_up = true\n" + tenant("b"));
  host_fixture host(files);
  REQUIRE(host_fixture::eventually([&] { return host->ready(); }));
  CHECK(host->status().warm_up.failed == 1);
  CHECK(host->status().warm_up.built == 1);
  CHECK(host.status_of("acme").state == tenant_state::failed);
  CHECK(host.log().find("warm-up: tenant acme: settings.fail_open") != std::string::npos);
}

TEST_CASE("a host without such tenants is ready at once, and one that is stopped in the middle ends") {
  const two_tenants files;
  {
    host_fixture host(files);
    CHECK(host->ready());
  }
  files.write_main("warm_up_builds = 1\n");
  for (const char* name : {"acme", "beta"})
    files.write_tenant(name, "warm_up = true\n" + tenant(name, ", delay_ms = 3600000"));
  host_fixture host(files);
  CHECK_FALSE(host->ready());
  CHECK(host.stop().empty());
}
