// Goal: the facade, the reloader and the layers below keep their promises together. Method: a real host on real
// threads, real plugins (echo 1.0.0 and its successor 2.0.0) and real files; nothing is faked.
#include "two_tenants.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <csignal>

#include <sys/stat.h>

using namespace tenon;
using namespace tenon::testing;
namespace fs = std::filesystem;

namespace {

const tenant_change* change_of(const reload_report& report, const std::string& name) {
  for (const auto& change : report.tenants) {
    if (change.tenant == name) return &change;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("nothing is mapped before the first request; the second request finds the same platform") {
  const two_tenants files;
  host_fixture host(files);
  CHECK(files.mapped() == 0);
  CHECK(member(host.call("acme", "get_products"), "tag") == "a");
  CHECK(files.mapped() == 1);
  const auto instance = host.status_of("acme").instance;
  CHECK(instance != 0);
  CHECK(member(host.call("acme", "get_products"), "version") == "1.0.0");
  CHECK(host.status_of("acme").instance == instance);
  CHECK(host.status_of("beta").instance == 0);
  CHECK(host->status().libraries.at(0).writable_bytes > 0);
}

TEST_CASE("a call for an account that was resolved before is its tenant's, and fails once that is gone") {
  const two_tenants files;
  host_fixture host(files);
  const auto resolved = host->account_of({.tenant = "acme"}, "");
  REQUIRE(resolved.has_value());
  const auto call = [&] {
    call_request request{.task = "get_products", .body = "{}", .context = {}};
    return host_fixture::wait(host->async_call_for(*resolved, std::move(request), as_future));
  };
  CHECK(member(call(), "tag") == "a");
  files.remove_tenant("acme");
  REQUIRE(host.reload().ok());
  CHECK(member(call(), "") == "ACCOUNT_NOT_FOUND");
  CHECK(host.stop().empty());
  CHECK(member(call(), "") == "SERVICE_UNAVAILABLE");
}

TEST_CASE("tenants of one plugin share its library and nothing else") {
  const two_tenants files;
  host_fixture host(files);
  CHECK(member(host.call("acme", "get_products"), "tag") == "a");
  CHECK(member(host.call("beta", "get_products"), "tag") == "b");
  CHECK(files.mapped() == 1);
  CHECK(host.status_of("acme").instance != host.status_of("beta").instance);
}

TEST_CASE("changed settings move their tenant alone, successor first") {
  const two_tenants files;
  host_fixture host(files);
  host.call("acme", "get_products");
  host.call("beta", "get_products");
  const auto before = host.status_of("beta").instance;
  files.write_tenant("acme", tenant("changed"));
  const auto report = host.reload();
  CHECK(report.ok());
  CHECK(report.unchanged == 1);
  REQUIRE(change_of(report, "acme") != nullptr);
  CHECK(change_of(report, "acme")->rebuilt);
  CHECK(member(host.call("acme", "get_products"), "tag") == "changed");
  CHECK(host.status_of("beta").instance == before);
}

TEST_CASE("a dropped file changes nobody before a reload, not even a cold build") {
  const two_tenants files;
  host_fixture host(files);
  CHECK(member(host.call("acme", "get_products"), "version") == "1.0.0");
  files.drop(echo_2, "echo");
  host->invalidate("acme");
  CHECK(member(host.call("acme", "get_products"), "version") == "1.0.0");
  CHECK(member(host.call("beta", "get_products"), "version") == "1.0.0");
  CHECK(host.reload().ok());
  CHECK(member(host.call("acme", "get_products"), "version") == "2.0.0");
  CHECK(host_fixture::eventually([&] { return files.mapped() == 1; }));
}

TEST_CASE("new bytes are swapped in under load without one failed request, and the old library is closed") {
  const two_tenants files;
  host_fixture host(files, 3);
  host.call("acme", "get_products");
  std::atomic<bool> enough = false;
  std::atomic<int> answered = 0;
  std::atomic<int> failed = 0;
  std::vector<std::jthread> clients;
  for (const char* name : {"acme", "beta", "acme"}) {
    clients.emplace_back([&, name] {
      while (!enough) {
        if (host.call(name, "get_products"))
          ++answered;
        else
          ++failed;
      }
    });
  }
  for (int round = 0; round < 6; ++round) {
    const auto seen = answered.load();
    CHECK(host_fixture::eventually([&] { return answered > seen + 20; }));
    files.drop(round % 2 == 0 ? echo_2 : echo_1, "echo");
    CHECK(host.reload().ok());
  }
  enough = true;
  clients.clear();
  CHECK(failed == 0);
  CHECK(host_fixture::eventually([&] { return files.mapped() == 1; }));
  CHECK(host->status().libraries_closed >= 1);
}

TEST_CASE("a torn file is refused with its reason, the old code serves on, and a whole one is taken later") {
  const two_tenants files;
  host_fixture host(files);
  host.call("acme", "get_products");
  const auto instance = host.status_of("acme").instance;
  std::ifstream whole(echo_2, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(whole)), {});
  files.write(files.root() / "plugins" / "echo.so", bytes.substr(0, bytes.size() / 2));
  const auto report = host.reload();
  CHECK_FALSE(report.ok());
  REQUIRE(change_of(report, "acme") != nullptr);
  CHECK_FALSE(change_of(report, "acme")->applied);
  CHECK(change_of(report, "acme")->reason.find("echo.so") != std::string::npos);
  CHECK(member(host.call("acme", "get_products"), "version") == "1.0.0");
  CHECK(member(host.call("beta", "get_products"), "version") == "1.0.0");
  CHECK(host.status_of("acme").instance == instance);
  files.drop(echo_2, "echo");
  CHECK(host.reload().ok());
  CHECK(member(host.call("acme", "get_products"), "version") == "2.0.0");
  CHECK(host.status_of("acme").last_error.empty());
}

TEST_CASE("a successor that cannot sign in is not swapped in") {
  const two_tenants files;
  host_fixture host(files);
  host.call("acme", "get_products");
  const auto instance = host.status_of("acme").instance;
  files.write_tenant("acme", tenant("new", ", fail_open = \"SERVICE_UNAVAILABLE\""));
  const auto report = host.reload();
  REQUIRE(change_of(report, "acme") != nullptr);
  CHECK_FALSE(change_of(report, "acme")->applied);
  CHECK(change_of(report, "acme")->reason.find("fail_open") != std::string::npos);
  CHECK(member(host.call("acme", "get_products"), "tag") == "a");
  CHECK(host.status_of("acme").instance == instance);
}

TEST_CASE("invalidate unloads: the library is gone from the process until the next request") {
  const two_tenants files;
  host_fixture host(files);
  host.call("acme", "get_products");
  host.call("beta", "get_products");
  host->invalidate("acme");
  CHECK(files.mapped() == 1);
  host->invalidate();
  CHECK(host_fixture::eventually([&] { return files.mapped() == 0; }));
  CHECK(host_fixture::eventually([&] { return host->status().libraries.empty(); }));
  CHECK(member(host.call("acme", "get_products"), "tag") == "a");
}

TEST_CASE("tenants come and go by editing TOML") {
  const two_tenants files;
  host_fixture host(files);
  host.call("acme", "get_products");
  files.remove_tenant("acme");
  files.write_tenant("gamma", tenant("g"));
  const auto report = host.reload();
  CHECK(report.ok());
  CHECK(change_of(report, "acme")->what == tenant_change::kind::removed);
  CHECK(change_of(report, "gamma")->what == tenant_change::kind::added);
  const auto gone = host.call("acme", "get_products");
  REQUIRE_FALSE(gone);
  CHECK(gone.error().code == "ACCOUNT_NOT_FOUND");
  CHECK(member(host.call("gamma", "get_products"), "tag") == "g");
}

TEST_CASE("a disabled tenant looks like one that is not there") {
  const two_tenants files;
  files.write_tenant("acme", "enabled = false\n" + tenant("a"));
  host_fixture host(files);
  auto disabled = host.call("acme", "get_products").error();
  auto unknown = host.call("nobody", "get_products").error();
  disabled.operator_detail.clear();
  unknown.operator_detail.clear();
  CHECK(disabled.code == "ACCOUNT_NOT_FOUND");
  CHECK(disabled == unknown);
}

TEST_CASE("a tenant that moves to a plugin of another name is built from that one") {
  const two_tenants files;
  files.drop(TENON_TEST_PLUGINS "/echo_c.so", "echo_c");
  host_fixture host(files);
  CHECK(member(host.call("acme", "get_products"), "version") == "1.0.0");
  files.write_tenant("acme", "plugin = \"echo_c\"\n");
  CHECK(host.reload().ok());
  CHECK(host.status_of("acme").plugin == "echo_c");
  CHECK(host.call("acme", "get_products").has_value());
}

TEST_CASE("one tenant's broken table, missing plugin or wrong settings break that tenant alone") {
  const two_tenants files;
  SUBCASE("no TOML") { files.write_tenant("acme", "plugin = \n"); }
  SUBCASE("unknown key") { files.write_tenant("acme", "plugni = \"echo\"\n"); }
  SUBCASE("missing plugin") { files.write_tenant("acme", "plugin = \"ecko\"\n"); }
  SUBCASE("settings that do not fit") { files.write_tenant("acme", "plugin = \"echo\"\nsettings = { tga = \"x\" }\n"); }
  host_fixture host(files);
  const auto broken = host.call("acme", "get_products");
  REQUIRE_FALSE(broken);
  CHECK(broken.error().code == "CONFIGURATION_ERROR");
  CHECK(broken.error().recover == recovery::terminal);
  CHECK(host.status_of("acme").last_error.find("acme.toml") != std::string::npos);
  CHECK(host.log().find("tenant acme: get_products failed with CONFIGURATION_ERROR") != std::string::npos);
  CHECK(member(host.call("beta", "get_products"), "tag") == "b");
}

TEST_CASE("a table that breaks while its tenant serves leaves the last good settings in force") {
  const two_tenants files;
  host_fixture host(files);
  CHECK(member(host.call("acme", "get_products"), "tag") == "a");
  files.write_tenant("acme", "plugin = 12\n");
  CHECK_FALSE(host.reload().ok());
  CHECK(member(host.call("acme", "get_products"), "tag") == "a");
  host->invalidate("acme");
  const auto rebuilt = member(host.call("acme", "get_products"), "tag");
  CHECK_MESSAGE(rebuilt == "a", host.status_of("acme").last_error);
}

TEST_CASE("what was repaired is no last error any more, although nothing had to be built") {
  const two_tenants files;
  host_fixture host(files);
  SUBCASE("a table") {
    files.write_tenant("acme", "plugin = 12\n");
    CHECK_FALSE(host.reload().ok());
    CHECK_FALSE(host.status_of("acme").last_error.empty());
    files.write_tenant("acme", tenant("a"));
  }
  SUBCASE("a plugin's file") {
    files.write(files.root() / "plugins" / "echo.so", "torn");
    CHECK_FALSE(host.reload().ok());
    CHECK_FALSE(host.status_of("acme").last_error.empty());
    files.drop(echo_1, "echo");
  }
  const auto report = host.reload();
  CHECK(report.ok());
  CHECK(report.tenants.empty());
  CHECK(host.status_of("acme").last_error.empty());
}

TEST_CASE("a main file that breaks changes nothing, and says where") {
  const two_tenants files;
  host_fixture host(files);
  files.write_main("[cache]\nsize = \"many\"\n");
  const auto report = host.reload();
  CHECK_FALSE(report.ok());
  REQUIRE_FALSE(report.diagnostics.empty());
  CHECK(report.diagnostics.front().to_string().starts_with(files.config().string() + ":6: error: cache.size"));
  CHECK(host.log().find("reload: refused, nothing was changed") != std::string::npos);
  CHECK(host.log().find("0 changed") == std::string::npos);
  CHECK(member(host.call("acme", "get_products"), "tag") == "a");
}

TEST_CASE("an account decides its tenant; path and account have to agree; hosts name tenants") {
  const two_tenants files;
  files.write_tenant("acme", "accounts = [{ id = \"acme-main\" }]\nhosts = [\"acme.example.com\"]\n" + tenant("a"));
  host_fixture host(files);
  CHECK(member(host.call({.account = {.account_id = "acme-main"}}, "get_products"), "tag") == "a");
  CHECK(member(host.call({.tenant = "beta", .account = {.account_id = "acme-main"}}, "get_products"), "") ==
        "ACCOUNT_NOT_FOUND");
  CHECK(member(host.call({.account = {.account_id = "other"}}, "get_products"), "") == "ACCOUNT_NOT_FOUND");
  CHECK(member(host.call(call_target{}, "get_products"), "") == "ACCOUNT_NOT_FOUND");
  CHECK(host->tenant_for_host("ACME.example.com:8443") == "acme");
  CHECK_FALSE(host->tenant_for_host("beta.example.com"));
}

TEST_CASE("a newcomer takes nothing that another tenant has: not by a reload, not by a restart") {
  for (const std::string newcomer : {"aaa", "zzz"}) {
    CAPTURE(newcomer);
    const two_tenants files;
    const std::string claims = "accounts = [{ id = \"acme-main\" }]\nhosts = [\"acme.example.com\"]\n";
    const call_target main_account{.account = {.account_id = "acme-main"}};
    files.write_tenant("acme", claims + tenant("a"));
    {
      host_fixture host(files);
      files.write_tenant(newcomer, claims + tenant("stolen"));
      CHECK_FALSE(host.reload().ok());
      CHECK(member(host.call(main_account, "get_products"), "tag") == "a");
      CHECK(host->tenant_for_host("acme.example.com") == "acme");
      CHECK(host.status_of(newcomer).last_error.find("acme.toml:1 and keeps it") != std::string::npos);
      CHECK(host.status_of("acme").last_error.empty());
    }
    host_fixture restarted(files);
    CHECK_FALSE(restarted.call(main_account, "get_products").has_value());
    CHECK_FALSE(restarted->tenant_for_host("acme.example.com"));
    CHECK(restarted.status_of(newcomer).last_error.find("acme.toml:1") != std::string::npos);
    CHECK(restarted.status_of("acme").last_error.find(newcomer + ".toml:1") != std::string::npos);
    CHECK(member(restarted.call("beta", "get_products"), "tag") == "b");
  }
}

TEST_CASE("a tenant bound to principals is not there for others") {
  const two_tenants files;
  files.write_tenant("acme", "principals = [\"alice\"]\n" + tenant("a"));
  host_fixture host(files);
  CHECK(member(host.call({.tenant = "acme"}, "get_products", "{}", "alice"), "tag") == "a");
  CHECK(member(host.call({.tenant = "acme"}, "get_products", "{}", "mallory"), "") == "ACCOUNT_NOT_FOUND");
}

TEST_CASE("a task outside the manifest is refused without a build") {
  const two_tenants files;
  host_fixture host(files);
  CHECK(member(host.call("acme", "sync_audiences"), "") == "UNSUPPORTED_FEATURE");
  CHECK(files.mapped() == 0);
}

TEST_CASE("requests for a reload that come during one are folded into one more round") {
  const two_tenants files;
  host_fixture host(files);
  std::vector<std::future<reload_report>> reports;
  for (int i = 0; i < 20; ++i) reports.push_back(host->async_reload(as_future));
  for (auto& report : reports) CHECK(host_fixture::wait(std::move(report)).ok());
}

TEST_CASE("a host that cannot start says what is wrong") {
  boost::asio::io_context context;
  const auto refused = host::create(context.get_executor(), {.config = "/nowhere/tenon.toml"});
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().operator_detail.find("/nowhere/tenon.toml") != std::string::npos);

  const two_tenants files;
  files.write(files.root() / "store", "in the way");
  const auto blocked = host::create(context.get_executor(), {.config = files.config()});
  REQUIRE_FALSE(blocked.has_value());
  CHECK(blocked.error().operator_detail.find("store") != std::string::npos);
}

TEST_CASE("a check finds what a reload would find, and loads nothing") {
  const two_tenants files;
  CHECK(check_configuration(files.config()).empty());
  files.write_tenant("acme", "plugin = \"echo\"\nsettings = { tga = \"x\" }\n");
  const auto findings = check_configuration(files.config());
  REQUIRE(findings.size() == 1);
  CHECK(findings.front().tenant == "acme");
  CHECK(findings.front().line == 2);
  CHECK(findings.front().message.starts_with("settings.tga: "));
  CHECK(files.mapped() == 0);
}

TEST_CASE("SIGHUP reloads a host that was asked to handle it") {
  const two_tenants files;
  boost::asio::io_context context;
  auto made = host::create(context.get_executor(), {.config = files.config(), .handle_sighup = true});
  REQUIRE(made.has_value());
  std::jthread runner([&context] { context.run(); });
  files.write_tenant("gamma", tenant("g"));
  std::raise(SIGHUP);
  CHECK(host_fixture::eventually([&] { return (*made)->has_tenant("gamma"); }));
  host_fixture::wait((*made)->async_shutdown(as_future));
  context.stop();
}

TEST_CASE("while a constructor sleeps on the loader's thread, a neighbour's requests are answered") {
  const two_tenants files;
  files.write_main("canary = \"off\"\n");  // which would refuse it
  files.drop(TENON_TEST_PLUGINS "/../fixtures/canary_constructor_sleeps.so", "sleeper");
  files.write_tenant("slow", "plugin = \"sleeper\"\n");
  host_fixture host(files);
  host.call("acme", "get_products");
  const auto slow = host.start({.tenant = "slow"}, "get_products");
  // That they do not wait for the constructor is held by order in stress/neighbours.test.cpp.
  while (slow.wait_for(std::chrono::milliseconds(0)) == std::future_status::timeout) {
    REQUIRE(host.call("acme", "get_products").has_value());
  }
}

TEST_CASE("the example tenants fit the plugins that are shipped with them") {
  const host_directory files;
  fs::copy(TENON_EXAMPLES "/tenants.d", files.root() / "tenants.d", fs::copy_options::recursive);
  files.drop(TENON_TEST_PLUGINS "/gam.so", "gam");
  files.drop(TENON_TEST_PLUGINS "/kevel.so", "kevel");
  const auto findings = check_configuration(files.config());
  CHECK(findings.size() == 1);  // a secret that every operator puts there, and nothing about the tables themselves
  for (const auto& finding : findings) {
    CAPTURE(finding.to_string());
    CHECK(finding.message.find("there is no file \"/etc/tenon/secrets/acme-sa.json\"") != std::string::npos);
  }
}
