// Goal: an operator's commands do what they say, over a socket that only the right user can open.
#include "admin.hpp"

#include "host_fixture.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

#include <sys/stat.h>

using namespace tenon;
using namespace tenon::tenond;
using tenon::testing::host_directory;
using tenon::testing::host_fixture;
namespace asio = boost::asio;
namespace json = boost::json;

namespace {

struct world {
  world() {
    files.drop(TENON_TEST_PLUGINS "/echo.so", "echo");
    files.write_tenant("acme", "plugin = \"echo\"\n");
    host = std::make_unique<host_fixture>(files);
  }

  json::object run(const json::object& request) {
    auto promise = std::make_shared<std::promise<json::object>>();
    auto pending = promise->get_future();
    run_admin_command(**host, own, request, [promise](json::object answer) { promise->set_value(std::move(answer)); });
    return host_fixture::wait(std::move(pending));
  }

  own_reload own;
  host_directory files;
  std::unique_ptr<host_fixture> host;
};

/// An operator's end of the socket, and a thread that serves the other one.
struct served_socket {
  explicit served_socket(world& w) : path(w.files.root() / "admin.sock") {
    listening = admin_socket::listen(server.get_executor(), path, **w.host, {}).value();
    runner = std::jthread([this] { server.run(); });
  }
  ~served_socket() {
    listening->stop();
    runner.join();
  }

  std::string ask(const std::string& line) {
    asio::io_context context;
    asio::local::stream_protocol::socket peer(context);
    peer.connect(asio::local::stream_protocol::endpoint(path.string()));
    asio::write(peer, asio::buffer(line));
    std::string answer;
    asio::read_until(peer, asio::dynamic_buffer(answer), '\n');
    return answer;
  }

  std::filesystem::path path;
  asio::io_context server;
  std::shared_ptr<admin_socket> listening;
  std::jthread runner;
};

}  // namespace

TEST_CASE("status and tenants show what is pinned and what serves") {
  world w;
  auto tenant = w.run({{"command", "tenants"}}).at("tenants").as_array().at(0).as_object();
  CHECK(tenant.at("cached") == false);
  CHECK(tenant.at("plugin_version") == "1.0.0");
  REQUIRE(w.host->call("acme", "get_products"));
  tenant = w.run({{"command", "tenants"}}).at("tenants").as_array().at(0).as_object();
  CHECK(tenant.at("cached") == true);
  CHECK(tenant.at("served_version") == "1.0.0");
  const auto status = w.run({{"command", "status"}});
  CHECK(status.at("cached") == 1);
  REQUIRE(status.at("libraries").as_array().size() == 1);
  CHECK(status.at("libraries").as_array()[0].at("platforms") == 1);
}

TEST_CASE("metrics are what status knows, as figures") {
  world w;
  REQUIRE(w.host->call("acme", "get_products"));
  const std::string text(w.run({{"command", "metrics"}}).at("text").as_string());
  CHECK(text.find("\ntenon_tenants_cached 1\n") != std::string::npos);
  CHECK(text.find("\ntenon_builds_total{outcome=\"built\"} 1\n") != std::string::npos);
}

TEST_CASE("invalidate drops one tenant, or all; an unknown one is said so") {
  world w;
  REQUIRE(w.host->call("acme", "get_products"));
  CHECK(w.run({{"command", "invalidate"}, {"tenant", "acme"}}).at("ok") == true);
  CHECK(w.run({{"command", "status"}}).at("cached") == 0);
  const auto unknown = w.run({{"command", "invalidate"}, {"tenant", "acmee"}});
  CHECK(unknown.at("ok") == false);
  CHECK(std::string(unknown.at("error").as_string()).find("acmee") != std::string::npos);
  CHECK(w.run({{"command", "invalidate"}}).at("ok") == true);
}

TEST_CASE("reload answers with what became of each tenant") {
  world w;
  w.files.write_tenant("beta", "plugin = \"nothing\"\n");
  const auto report = w.run({{"command", "reload"}});
  CHECK(report.at("ok") == false);
  CHECK(report.at("unchanged") == 1);
  const auto& change = report.at("changes").as_array().at(0).as_object();
  CHECK(change.at("tenant") == "beta");
  CHECK(change.at("applied") == false);
  CHECK_FALSE(change.at("reason").as_string().empty());
}

TEST_CASE("a command that is none is refused with those there are") {
  world w;
  for (const json::object& request :
       {json::object{}, json::object{{"command", 1}}, json::object{{"command", "sttaus"}}}) {
    const auto answer = w.run(request);
    CHECK(answer.at("ok") == false);
    CHECK(std::string(answer.at("error").as_string()).find("status") != std::string::npos);
  }
}

TEST_CASE("the socket is for its user alone and answers a line with a line") {
  world w;
  served_socket socket(w);
  struct stat found {};
  REQUIRE(stat(socket.path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  CHECK(json::parse(socket.ask("{\"command\":\"ping\"}\n")).at("ok") == true);
  CHECK(json::parse(socket.ask("nonsense\n")).at("ok") == false);
}

TEST_CASE("a dead socket is taken over, a living one and a file are not") {
  world w;
  const auto path = w.files.root() / "admin.sock";
  {
    served_socket first(w);
    asio::io_context other;
    const auto second = admin_socket::listen(other.get_executor(), path, **w.host, {});
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().operator_detail.find("another process") != std::string::npos);
  }
  {
    asio::io_context dead;
    asio::local::stream_protocol::acceptor left(dead, asio::local::stream_protocol::endpoint(path.string()));
  }
  CHECK(std::filesystem::exists(path));
  { served_socket again(w); }
  w.files.write(path, "not a socket");
  asio::io_context context;
  const auto blocked = admin_socket::listen(context.get_executor(), path, **w.host, {});
  REQUIRE_FALSE(blocked.has_value());
  CHECK(blocked.error().operator_detail.find("no socket") != std::string::npos);
}
