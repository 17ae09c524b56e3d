// Goal: a reload moves what it is asked to move, and says of the rest why it stays. Method: a real host, real plugins
// and real files.
#include "two_tenants.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include "as_future.hpp"

#include <doctest/doctest.h>

#include <csignal>

#include <sys/resource.h>

#include <optional>

using namespace tenon;
using namespace tenon::testing;
using scope = reload_request::scope;
namespace asio = boost::asio;

namespace {

reload_report reload(host_fixture& host, scope about, const std::string& name = "") {
  return host_fixture::wait(host->async_reload({.about = about, .name = name}, as_future));
}

/// An ad server to shake hands with, which takes its time.
class slow_upstream {
 public:
  std::string url() const { return "http://127.0.0.1:" + std::to_string(listener_.local_endpoint().port()) + "/"; }

  /// Waits for somebody who wants to.
  bool is_asked() {
    listener_.async_accept(
        [&](const boost::system::error_code&, asio::ip::tcp::socket peer) { peer_ = std::move(peer); });
    context_.run_for(std::chrono::seconds(30));
    return peer_.has_value();
  }
  void answer(const std::string& status) {
    asio::write(*peer_, asio::buffer("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n\r\n"));
  }

 private:
  asio::io_context context_;
  asio::ip::tcp::acceptor listener_{context_, {asio::ip::make_address("127.0.0.1"), 0}};
  std::optional<asio::ip::tcp::socket> peer_;
};

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

TEST_CASE("the secrets of the platform that serves count, not those of a build that lost its place and ended later") {
  const two_tenants files;
  const auto key = files.root() / "key";
  slow_upstream upstream;
  files.write(key, "second");
  files.write_tenant("acme", tenant("slow", ", key = { file = \"../key\" }, handshake = \"" + upstream.url() + "\""));
  host_fixture host(files);
  auto slow = host.start({.tenant = "acme"}, "get_products");
  REQUIRE(upstream.is_asked());  // the build has read its secrets

  files.write(key, "first");
  files.write_tenant("acme", with_key("fast"));
  REQUIRE(host.reload().ok());
  REQUIRE(member(host.call("acme", "get_products"), "tag") == "fast");
  const auto instance = host.status_of("acme").instance;
  upstream.answer("200 OK");
  CHECK(member(host_fixture::wait(std::move(slow)), "tag") == "slow");
  CHECK(host.status_of("acme").instance == instance);

  files.write(key, "second");
  const auto report = host.reload();
  REQUIRE(report.tenants.size() == 1);
  CHECK(report.tenants[0].what == tenant_change::kind::secret);
  CHECK(report.tenants[0].rebuilt);
}

TEST_CASE("a build that fails after a reload has mended what it was built from says nothing of the tenant any more") {
  const two_tenants files;
  slow_upstream upstream;
  files.write_tenant("acme", tenant("slow", ", handshake = \"" + upstream.url() + "\""));
  host_fixture host(files);
  auto slow = host.start({.tenant = "acme"}, "get_products");
  REQUIRE(upstream.is_asked());
  files.write_tenant("acme", tenant("mended"));
  REQUIRE(host.reload().ok());
  REQUIRE(member(host.call("acme", "get_products"), "tag") == "mended");
  upstream.answer("503 Service Unavailable");
  CHECK(member(host_fixture::wait(std::move(slow)), "tag") == "SERVICE_UNAVAILABLE");
  const auto shown = host.status_of("acme");
  CHECK(shown.state == tenant_state::healthy);
  CHECK(shown.last_error.empty());
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

TEST_CASE("a reload of a thousand tenants builds no more at once than it may, moves them all, and fails no request") {
  constexpr int tenants = 1'000;
  two_tenants files;
  files.write_main("reload_builds = 3\n[cache]\nsize = 2000\n");
  const auto name = [](int number) { return "t" + std::to_string(number); };
  for (int count = 0; count < tenants; ++count) files.write_tenant(name(count), tenant(name(count)));
  host_fixture host(files);
  for (int count = 0; count < tenants; ++count) REQUIRE(host.call(name(count), "get_products"));
  files.drop(echo_2, "echo");
  auto pending = host->async_reload(as_future);
  std::uint64_t most_platforms = 0;
  int asked = 0;
  while (pending.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    const auto outcome = host.call(name(asked++ % tenants), "get_products");
    REQUIRE_MESSAGE(outcome.has_value(), member(outcome, "version"));
    std::uint64_t platforms = 0;
    for (const auto& library : host->status().libraries) platforms += library.platforms;
    most_platforms = std::max(most_platforms, platforms);
  }
  const auto report = pending.get();
  CHECK(report.ok());
  CHECK(report.tenants.size() == tenants + 2);  // acme and beta have the plugin, too
  for (int count = 0; count < tenants; ++count)
    CHECK(member(host.call(name(count), "get_products"), "version") == "2.0.0");
  // Bounded memory: those that serve, those that are being built, and those on their way out.
  CHECK(most_platforms <= tenants + 500);
  CHECK(host.stop().empty());
}

TEST_CASE("a storm of reloads is folded, and everybody gets a report") {
  const two_tenants files;
  host_fixture host(files);
  for (const char* name : {"acme", "beta"}) REQUIRE(host.call(name, "get_products"));
  std::vector<std::future<reload_report>> reports;
  for (int count = 0; count < 500; ++count) {
    reports.push_back(host->async_reload({.about = scope::all}, as_future));
    if (count % 50 == 0) CHECK(host.call("acme", "get_products"));
  }
  for (auto& each : reports) CHECK(host_fixture::wait(std::move(each)).ok());
  CHECK(host->status().reloads.rounds < 500);
  CHECK(host.stop().empty());
}

TEST_CASE("successors are begun no faster than the configuration says, and a stop does not wait for the rest") {
  std::string rate;
  SUBCASE("one in a thousand seconds") { rate = "0.001"; }
  SUBCASE("one in more than a clock can count") { rate = "1e-300"; }
  const two_tenants files;
  files.write_main("reload_builds_per_second = " + rate + "\n");
  host_fixture host(files);
  for (const char* name : {"acme", "beta"}) REQUIRE(host.call(name, "get_products"));
  auto pending = host->async_reload({.about = scope::all}, as_future);
  REQUIRE(host_fixture::eventually([&] { return host->status().cache.removed_replaced == 1; }));
  CHECK(pending.wait_for(std::chrono::seconds(0)) != std::future_status::ready);
  CHECK(host.stop().empty());
  const auto report = host_fixture::wait(std::move(pending));
  REQUIRE(report.tenants.size() == 2);
  CHECK(report.tenants[0].applied);
  CHECK_FALSE(report.tenants[1].applied);
  CHECK(report.tenants[1].step == "shutdown");
}

TEST_CASE("a successor that is not well does not take over, and the report says at which step") {
  const two_tenants files;
  host_fixture host(files);
  REQUIRE(host.call("acme", "get_products"));
  files.write_tenant("acme", tenant("new", ", unwell = \"a limp\""));
  const auto report = host.reload();
  REQUIRE(report.tenants.size() == 1);
  CHECK(report.tenants[0].step == "health");
  CHECK(report.tenants[0].reason.find("a limp") != std::string::npos);
  CHECK(member(host.call("acme", "get_products"), "tag") == "a");
  CHECK(host.status_of("acme").state == tenant_state::degraded);
}

TEST_CASE(
    "a successor inherits from the platform it replaces, whatever their versions, if all it was built from is the "
    "same") {
  const two_tenants files;
  const auto key = files.root() / "key";
  files.write(key, "first");
  files.write_tenant("acme", with_key("a"));
  host_fixture host(files);
  const auto heir_of = [&] { return member(host.call("acme", "get_products"), "heir_of"); };
  CHECK(heir_of().empty());
  REQUIRE(reload(host, scope::tenant, "acme").ok());
  CHECK(heir_of() == "1.0.0");
  files.drop(echo_2, "echo");
  REQUIRE(host.reload().ok());
  CHECK(member(host.call("acme", "get_products"), "version") == "2.0.0");
  CHECK(heir_of() == "1.0.0");
  REQUIRE(host.reload().ok());
  REQUIRE(reload(host, scope::all).ok());
  CHECK(heir_of() == "2.0.0");

  files.write(key, "second");  // an old token would hide that a new key is wrong
  REQUIRE(host.reload().ok());
  CHECK(heir_of().empty());
  files.write_tenant("acme", with_key("b"));
  REQUIRE(host.reload().ok());
  CHECK(heir_of().empty());
  host->invalidate("acme");
  CHECK(heir_of().empty());
}

TEST_CASE("a plugin directory that is gone leaves what is loaded serving, and comes back") {
  const two_tenants files;
  host_fixture host(files);
  REQUIRE(host.call("acme", "get_products"));
  std::filesystem::rename(files.root() / "plugins", files.root() / "away");
  const auto report = host.reload();
  CHECK_FALSE(report.ok());
  for (const auto& change : report.tenants) CHECK_FALSE(change.applied);
  CHECK(member(host.call("acme", "get_products"), "tag") == "a");
  CHECK(member(host.call("beta", "get_products"), "tag") == "b");  // cold, from the store
  std::filesystem::rename(files.root() / "away", files.root() / "plugins");
  CHECK(host.reload().ok());
  CHECK(host.status_of("acme").state == tenant_state::healthy);
}

TEST_CASE("a store that can take no more leaves what is loaded serving, and says so") {
  const two_tenants files;
  host_fixture host(files);
  REQUIRE(host.call("acme", "get_products"));
  files.drop(echo_2, "echo");
  // As a full disk: what is written ends in the middle.
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit usual{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &usual) == 0);
  const rlimit full{.rlim_cur = 64u << 10, .rlim_max = usual.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &full) == 0);
  const auto report = host.reload();
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &usual) == 0);
  std::signal(SIGXFSZ, before);
  REQUIRE(report.tenants.size() == 2);
  CHECK_FALSE(report.tenants[0].applied);
  CHECK(report.tenants[0].step == "plugin");
  CHECK(report.tenants[0].reason.find("File too large") != std::string::npos);
  CHECK(member(host.call("acme", "get_products"), "version") == "1.0.0");
  CHECK(host.reload().ok());
  CHECK(member(host.call("acme", "get_products"), "version") == "2.0.0");
}
