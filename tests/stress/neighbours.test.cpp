// Goal: what happens to one plugin's file or in its constructor costs the tenants that are served nothing. Method: by
// order, not by time: a constructor waits on a pipe that the test holds, and a neighbour's requests are served to their
// end meanwhile; the source file is overwritten in every way that operators know while clients count what fails.
#include "await.hpp"
#include "hosts.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include <fcntl.h>
#include <sys/stat.h>

using namespace tenon;
using namespace tenon::testing;

namespace {

/// A pipe that constructor_waits reads in this process, and in no child.
class held_pipe {
 public:
  explicit held_pipe(std::filesystem::path path) : path_(std::move(path)) {
    REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
    ::setenv("TENON_TEST_PIPE", path_.c_str(), 1);
  }
  held_pipe(const held_pipe&) = delete;
  held_pipe& operator=(const held_pipe&) = delete;
  ~held_pipe() {
    ::unsetenv("TENON_TEST_PIPE");
    release();
  }

  /// Whether the constructor has begun: then it reads, and the pipe can be opened.
  bool constructor_waits() {
    return host_fixture::eventually([this] { return (writer_ = ::open(path_.c_str(), O_WRONLY | O_NONBLOCK)) >= 0; });
  }
  void release() {
    if (writer_ >= 0) ::close(writer_);
    writer_ = -1;
  }

 private:
  std::filesystem::path path_;
  int writer_ = -1;
};

void run(const std::string& command) { CHECK_MESSAGE(std::system(command.c_str()) == 0, command); }

}  // namespace

TEST_CASE("while a constructor runs, a neighbour's requests are served to their end") {
  const echo_tenants files;
  files.drop(echo_waiting, "waiting");
  files.write_tenant("slow", "plugin = \"waiting\"\n");
  held_pipe pipe(files.root() / "pipe");
  host_fixture host(files);
  REQUIRE(host.call("acme", "get_products").has_value());
  REQUIRE(host.call("beta", "get_products").has_value());

  auto slow = host.start({.tenant = "slow"}, "get_products");
  REQUIRE(pipe.constructor_waits());
  int served = 0;
  for (int i = 0; i < 100; ++i) served += host.call(i % 2 == 0 ? "acme" : "beta", "get_products") ? 1 : 0;
  CHECK(served == 100);
  // An exception in plugin code looks for its handler among the loaded objects.
  CHECK(version_of(host.call("acme", "get_products", R"({"fail": "PRODUCT_NOT_FOUND"})")) == "PRODUCT_NOT_FOUND");
  CHECK(host->status().libraries.size() == 1);
  CHECK(slow.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);

  pipe.release();
  CHECK(host_fixture::wait(std::move(slow)).has_value());
  CHECK(host.stop().empty());
}

TEST_CASE("while a constructor runs, a neighbour whose code is mapped is built and served") {
  const echo_tenants files;
  files.drop(echo_waiting, "waiting");
  files.write_tenant("slow", "plugin = \"waiting\"\n");
  held_pipe pipe(files.root() / "pipe");
  host_fixture host(files);
  REQUIRE(host.call("acme", "get_products").has_value());

  auto slow = host.start({.tenant = "slow"}, "get_products");
  REQUIRE(pipe.constructor_waits());
  CHECK(host.call("beta", "get_products").has_value());  // its first
  CHECK(slow.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);

  pipe.release();
  CHECK(host_fixture::wait(std::move(slow)).has_value());
  CHECK(host.stop().empty());
}

TEST_CASE("while a constructor runs, a thread that never leased a platform gets its first lease") {
  const echo_tenants files;
  files.drop(echo_waiting, "waiting");
  files.write_tenant("slow", "plugin = \"waiting\"\n");
  held_pipe pipe(files.root() / "pipe");
  host_fixture host(files);
  REQUIRE(host.call("acme", "get_products").has_value());

  auto slow = host.start({.tenant = "slow"}, "get_products");
  REQUIRE(pipe.constructor_waits());
  std::promise<bool> leased;
  auto found = leased.get_future();
  std::thread fresh([&] { leased.set_value(host->router().cached_platform("acme") != nullptr); });
  CHECK(found.wait_for(patience) == std::future_status::ready);
  pipe.release();
  fresh.join();
  CHECK(found.get());
  CHECK(host_fixture::wait(std::move(slow)).has_value());
  CHECK(host.stop().empty());
}

TEST_CASE("cp, truncate, dd, mv and install over the source fail no request, and torn files change nobody") {
  const echo_tenants files;
  host_fixture host(files, 3);
  REQUIRE(host.call("acme", "get_products").has_value());
  std::atomic<bool> enough = false;
  std::atomic<int> answered = 0, failed = 0;
  std::vector<std::jthread> clients;
  for (const auto* name : {"acme", "beta"}) {
    clients.emplace_back([&, name] {
      while (!enough) ++(host.call(name, "get_products") ? answered : failed);
    });
  }
  const auto target = (files.root() / "plugins" / "echo.so").string();
  const auto beside = (files.root() / "echo.so").string();
  const auto next = echo_2.string(), last = echo_1.string();
  const struct {
    std::string command;
    bool whole;
    std::string version;
  } ways[] = {{"cp " + next + ' ' + target, true, "2.0.0"},
              {"truncate -s 50000 " + target, false, "2.0.0"},
              {"dd status=none conv=notrunc bs=4096 count=9 if=" + last + " of=" + target, false, "2.0.0"},
              {"cp " + last + ' ' + beside + " && mv " + beside + ' ' + target, true, "1.0.0"},
              {"dd status=none bs=65536 if=" + next + " of=" + target, true, "2.0.0"},
              {"install -m 644 " + last + ' ' + target, true, "1.0.0"}};
  for (const auto& [command, whole, version] : ways) {
    CAPTURE(command);
    run(command);
    const auto seen = answered.load();
    CHECK(host_fixture::eventually([&] { return answered > seen + 10; }));  // before anybody looks at the file
    CHECK(host.reload().ok() == whole);
    CHECK(version_of(host.call("acme", "get_products")) == version);
  }
  enough = true;
  clients.clear();
  CHECK(failed == 0);
  CHECK(host_fixture::eventually([&] { return files.mapped() == 1; }));
  CHECK(host.stop().empty());
  CHECK(files.mapped() == 0);
}
