// Goal: with watch = true a file that was put into a plugin directory is served without anybody asking, and nothing but
// the files is looked at. Method: a real host, real plugins and files, and a short settle time.
#include "two_tenants.hpp"

#include <doctest/doctest.h>

#include <atomic>

using namespace tenon;
using namespace tenon::testing;
namespace fs = std::filesystem;

namespace {

const std::string watched = "watch = true\nwatch_settle_ms = 20\n";

struct watched_tenants : two_tenants {
  watched_tenants() { write_main(watched); }
};

bool serves(host_fixture& host, const std::string& version) {
  return host_fixture::eventually([&] { return member(host.call("acme", "get_products"), "version") == version; });
}

}  // namespace

TEST_CASE("a file that is renamed into place is served by successors, and no call fails meanwhile") {
  const watched_tenants files;
  host_fixture host(files, 3);
  CHECK(member(host.call("acme", "get_products"), "version") == "1.0.0");
  const auto instance = host.status_of("acme").instance;
  std::atomic<bool> enough = false;
  std::atomic<int> failed = 0;
  std::vector<std::jthread> clients;
  for (const char* name : {"acme", "beta"}) {
    clients.emplace_back([&, name] {
      while (!enough) failed += host.call(name, "get_products") ? 0 : 1;
    });
  }
  files.drop(echo_2, "echo");
  CHECK(serves(host, "2.0.0"));
  files.drop(echo_1, "echo");
  CHECK(serves(host, "1.0.0"));
  enough = true;
  clients.clear();
  CHECK(failed == 0);
  CHECK(host.status_of("acme").instance != instance);
  CHECK(host_fixture::eventually([&] { return host.log().find("echo.so replaced; looking") != std::string::npos; }));
}

TEST_CASE("a file that was cut short is refused with its reason, the old code serves on, and a whole one is taken") {
  const watched_tenants files;
  host_fixture host(files);
  host.call("acme", "get_products");
  const auto instance = host.status_of("acme").instance;
  std::ifstream whole(echo_2, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(whole)), {});
  files.write(files.root() / "plugins" / "echo.so", bytes.substr(0, bytes.size() / 2));
  CHECK(
      host_fixture::eventually([&] { return host.status_of("acme").last_error.find("echo.so") != std::string::npos; }));
  CHECK(member(host.call("acme", "get_products"), "version") == "1.0.0");
  CHECK(member(host.call("beta", "get_products"), "version") == "1.0.0");
  CHECK(host.status_of("acme").instance == instance);
  files.drop(echo_2, "echo");
  CHECK(serves(host, "2.0.0"));
  CHECK(host_fixture::eventually([&] { return host.status_of("acme").last_error.empty(); }));
}

TEST_CASE("a file that vanishes leaves its tenants serving, those too that were not built yet") {
  const watched_tenants files;
  host_fixture host(files);
  host.call("acme", "get_products");
  const auto instance = host.status_of("acme").instance;
  fs::remove(files.root() / "plugins" / "echo.so");
  CHECK(host_fixture::eventually([&] { return !host.status_of("acme").last_error.empty(); }));
  CHECK(member(host.call("acme", "get_products"), "tag") == "a");
  CHECK(host.status_of("acme").instance == instance);
  CHECK(member(host.call("beta", "get_products"), "tag") == "b");
}

TEST_CASE("a dropped file does not have the configuration read, which somebody may be editing") {
  const watched_tenants files;
  host_fixture host(files);
  CHECK(member(host.call("acme", "get_products"), "tag") == "a");
  files.write_tenant("acme", tenant("half-way"));
  files.write_tenant("gamma", tenant("g"));
  files.write_main("[cache]\nsize = \n");
  files.drop(echo_2, "echo");
  CHECK(serves(host, "2.0.0"));
  CHECK(member(host.call("acme", "get_products"), "tag") == "a");
  CHECK_FALSE(host->has_tenant("gamma"));
  files.write_main(watched);
  CHECK(host.reload().ok());
  CHECK(member(host.call("acme", "get_products"), "tag") == "half-way");
  CHECK(host->has_tenant("gamma"));
  files.drop(echo_1, "echo");  // and what is looked at is what was read last
  CHECK(serves(host, "1.0.0"));
  CHECK(member(host.call("acme", "get_products"), "tag") == "half-way");
}

TEST_CASE("a reload that switches the watch on, or to other directories, is followed") {
  const two_tenants files;
  host_fixture host(files);
  CHECK(member(host.call("acme", "get_products"), "version") == "1.0.0");
  files.write_main(watched);
  CHECK(host.reload().ok());
  files.drop(echo_2, "echo");
  CHECK(serves(host, "2.0.0"));

  fs::create_directories(files.root() / "other");
  fs::copy_file(echo_2, files.root() / "other" / "echo.so");
  files.write(files.config(), "[host]\nplugin_dirs = [\"other\"]\nstore_dir = \"store\"\n" + watched);
  CHECK(host.reload().ok());
  files.drop(echo_1, "echo");
  fs::rename(files.root() / "plugins" / "echo.so", files.root() / "other" / "echo.so");
  CHECK(serves(host, "1.0.0"));
}
