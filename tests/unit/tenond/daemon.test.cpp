// Goal: what signals and operators do to the running server works, whatever its calls are doing. Method: a whole daemon
// on a free port, with one thread for calls, asked over its sockets.
#include "daemon.hpp"

#include "../http_server/raw_client.hpp"
#include "host_fixture.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include <doctest/doctest.h>

#include <signal.h>
#include <future>
#include <thread>

using namespace tenon;
using namespace tenon::tenond;
using tenon::testing::host_directory;
namespace asio = boost::asio;

namespace {

// printf %s secret-token | sha256sum
constexpr const char* digest = "930bbdc51b6aed5c2a5678fd6e28dee7a05e8a4b643cfc0b4427c3efb86c0d94";

std::string tables(const std::string& server, const std::string& token_digest) {
  return "[server]\nport = 0\nport_file = \"port\"\nadmin_socket = \"admin.sock\"\n" + server +
         "[principals.buyer]\ntoken_sha256 = \"" + token_digest + "\"\n";
}

struct running_daemon {
  explicit running_daemon(const std::string& server = "") : files(tables(server, digest)) {
    files.drop(TENON_TEST_PLUGINS "/echo.so", "echo");
    files.write_tenant("acme", "plugin = \"echo\"\n");
    auto logger = std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log));
    under_test = std::make_unique<tenond::daemon>(calls, control, files.config(),
                                                  read_server_settings(files.config()).value(), logger);
    REQUIRE(under_test->start());
    std::ifstream(files.root() / "port") >> port;
    call_thread = std::jthread([this] { calls.run(); });
    control_thread = std::jthread([this] { control.run(); });
  }
  ~running_daemon() {
    asio::post(control, [this] { under_test->stop(true); });
    control_thread.join();
    call_thread.join();
  }

  unsigned status_of(const std::string& path, const std::string& token = "") {
    raw_client client(port);
    client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
                (token.empty() ? "" : "Authorization: Bearer " + token + "\r\n") + "\r\n");
    const auto answer = client.read_rest();
    return answer.size() < 12 ? 0 : static_cast<unsigned>(std::stoul(answer.substr(9, 3)));
  }

  std::string ask(const std::string& line) {
    asio::io_context context;
    asio::local::stream_protocol::socket peer(context);
    peer.connect(asio::local::stream_protocol::endpoint((files.root() / "admin.sock").string()));
    asio::write(peer, asio::buffer(line));
    std::string answer;
    asio::read_until(peer, asio::dynamic_buffer(answer), '\n');
    return answer;
  }

  bool eventually(unsigned expected, const std::string& path, const std::string& token = "") {
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
         std::chrono::steady_clock::now() < end;) {
      if (status_of(path, token) == expected) return true;
    }
    return false;
  }

  host_directory files;
  std::ostringstream log;
  asio::io_context calls;
  asio::io_context control;
  std::unique_ptr<tenond::daemon> under_test;
  std::uint16_t port = 0;
  std::jthread call_thread;
  std::jthread control_thread;
};

}  // namespace

TEST_CASE("a reload takes principals at once, by SIGHUP and by tenonctl") {
  running_daemon w;
  CHECK(w.status_of("/mcp", "secret-token") == 405);
  w.files.write_main(tables("", std::string(64, '0')));
  kill(getpid(), SIGHUP);
  CHECK(w.eventually(401, "/mcp", "secret-token"));
  w.files.write_main(tables("threads = 7\n", digest));
  CHECK(w.ask("{\"command\":\"reload\"}\n").find("\"ok\":true") != std::string::npos);
  CHECK(w.status_of("/mcp", "secret-token") == 405);
  CHECK(w.log.str().find("server.threads has changed") != std::string::npos);
}

TEST_CASE("a file that is wrong leaves the principals as they were, and says so") {
  running_daemon w;
  w.files.write_main("[principals.buyer]\ntoken_sha256 = \"abc\"\n");
  const auto answer = w.ask("{\"command\":\"reload\"}\n");
  CHECK(answer.find("\"ok\":false") != std::string::npos);
  CHECK(answer.find("sha256sum") != std::string::npos);
  CHECK(w.status_of("/mcp", "secret-token") == 405);
}

TEST_CASE("while it drains the listener stays for its delay, and readiness says no") {
  running_daemon w("drain_delay_ms = 600000\n");
  CHECK(w.status_of("/readyz") == 200);
  kill(getpid(), SIGTERM);
  CHECK(w.eventually(503, "/readyz"));
  CHECK(w.status_of("/healthz") == 200);
}

TEST_CASE("a plugin that never returns keeps no operator from asking") {
  running_daemon w;
  std::promise<void> returns;
  asio::post(w.calls, [held = returns.get_future().share()] { held.wait(); });
  CHECK(w.ask("{\"command\":\"status\"}\n").find("\"ok\":true") != std::string::npos);
  CHECK(w.ask("{\"command\":\"ping\"}\n").find("\"ok\":true") != std::string::npos);
  returns.set_value();
}
