// Goal: a reload moves what it is asked to move, and says of the rest why it stays. Method: a real host, real plugins
// and real files.
#include "two_tenants.hpp"

#include <boost/asio/use_future.hpp>

#include <doctest/doctest.h>

using namespace tenon;
using namespace tenon::testing;
using scope = reload_request::scope;

namespace {

reload_report reload(host_fixture& host, scope about, const std::string& name = "") {
  return host_fixture::wait(host->async_reload({.about = about, .name = name}, boost::asio::use_future));
}

std::string with_key(const std::string& tag) { return tenant(tag, ", key = { file = \"../key\" }"); }

}  // namespace

TEST_CASE("a tenant is rebuilt on request though nothing changed, successor first, and nobody else moves") {
  const two_tenants files;
  host_fixture host(files);
  for (const char* name : {"acme", "beta"}) REQUIRE(host.call(name, "get_products"));
  const auto acme = host.status_of("acme").instance;
  const auto beta = host.status_of("beta").instance;
  files.write_tenant("beta", tenant("changed"));
  const auto report = reload(host, scope::tenant, "acme");
  CHECK(report.ok());
  REQUIRE(report.tenants.size() == 1);
  CHECK(report.tenants[0].what == tenant_change::kind::asked);
  CHECK(report.tenants[0].rebuilt);
  CHECK(host.status_of("acme").instance > acme);
  CHECK(host.status_of("beta").instance == beta);
  CHECK(member(host.call("beta", "get_products"), "tag") == "b");
  CHECK(reload(host, scope::plugin, "echo").tenants.size() == 2);
  CHECK(member(host.call("beta", "get_products"), "tag") == "changed");
  CHECK(reload(host, scope::all).tenants.size() == 2);
  CHECK(host->status().reloads.rounds == 3);
  CHECK(host->status().reloads.rebuilt == 5);
}

TEST_CASE("a reload for nobody says so") {
  const two_tenants files;
  host_fixture host(files);
  for (const auto about : {scope::tenant, scope::plugin, scope::secret}) {
    const auto report = reload(host, about, "nobody");
    CHECK_FALSE(report.ok());
    CHECK(report.tenants.empty());
    REQUIRE(report.diagnostics.size() == 1);
    CHECK(report.diagnostics[0].message.find("found \"nobody\"") != std::string::npos);
  }
}

TEST_CASE("another secret moves the live tenants that name its file, and an unreadable one moves nobody") {
  const two_tenants files;
  const auto key = files.root() / "key";
  files.write(key, "first");
  for (const char* name : {"acme", "beta", "idle"}) files.write_tenant(name, with_key(name));
  host_fixture host(files);
  for (const char* name : {"acme", "beta"}) REQUIRE(host.call(name, "get_products"));
  CHECK(host.reload().tenants.empty());
  files.write(key, "second");
  const auto report = host.reload();
  REQUIRE(report.tenants.size() == 2);
  for (const auto& change : report.tenants) {
    CHECK(change.what == tenant_change::kind::secret);
    CHECK(change.rebuilt);
  }
  CHECK(report.unchanged == 1);
  CHECK(reload(host, scope::secret, key.string()).tenants.size() == 3);

  const auto instance = host.status_of("acme").instance;
  std::filesystem::remove(key);
  const auto kept = host.reload();
  REQUIRE(kept.tenants.size() == 2);
  CHECK_FALSE(kept.tenants[0].applied);
  CHECK(kept.tenants[0].step == "secrets");
  CHECK(kept.tenants[0].reason.find(key.filename().string()) != std::string::npos);
  CHECK(host.status_of("acme").instance == instance);
  CHECK(host.status_of("acme").state == tenant_state::degraded);
  CHECK(member(host.call("acme", "get_products"), "tag") == "acme");
  files.write(key, "second");
  CHECK(host.reload().ok());
  CHECK(host.status_of("acme").state == tenant_state::healthy);
}

TEST_CASE("what could not be built is tried again after a reload, though nothing but a secret has changed") {
  const two_tenants files;
  const auto key = files.root() / "key";
  files.write(files.config(),
              "[host]\nplugin_dirs = [\"plugins\"]\nstore_dir = \"store\"\n[cache]\nfailure = \"backoff\"\n");
  files.write_tenant("acme", with_key("a"));
  host_fixture host(files);
  CHECK(host.status_of("acme").state == tenant_state::pending);
  CHECK(member(host.call("acme", "get_products"), "tag") == "CONFIGURATION_ERROR");
  CHECK(host.status_of("acme").state == tenant_state::failed);
  files.write(key, "there now");
  CHECK(member(host.call("acme", "get_products"), "tag") == "CONFIGURATION_ERROR");  // remembered
  CHECK(host.reload().ok());
  CHECK(member(host.call("acme", "get_products"), "tag") == "a");
  CHECK(host.status_of("acme").state == tenant_state::healthy);
  CHECK(host.log().find("tenant acme: no platform can be built: ") != std::string::npos);
  CHECK(host.log().find("tenant acme: in order again") != std::string::npos);
}

TEST_CASE("a successor that fails is said with its step") {
  const two_tenants files;
  host_fixture host(files);
  REQUIRE(host.call("acme", "get_products"));
  files.write_tenant("acme", tenant("new", ", fail_open = \"SERVICE_UNAVAILABLE\""));
  const auto refused = host.reload();
  REQUIRE(refused.tenants.size() == 1);
  CHECK(refused.tenants[0].step == "create");
  files.write_tenant("acme", tenant("new", ", no_such_setting = 1"));
  CHECK(host.reload().tenants.at(0).step == "settings");
  files.write_tenant("acme", "plugin = 1\n");
  CHECK(host.reload().tenants.at(0).step == "configuration");
  files.write_tenant("acme", tenant("a"));
  files.write(files.root() / "plugins" / "echo.so", "no plugin");
  CHECK(host.reload().tenants.at(0).step == "plugin");
  CHECK(member(host.call("acme", "get_products"), "tag") == "a");
}
