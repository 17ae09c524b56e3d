// Goal: the daemon keeps an audit log as [server] says, through rotations and reloads, and applies limits that are
// reloaded. Method: a whole daemon on a free port, asked over its sockets.
#include "running_daemon.hpp"

#include <boost/json/parse.hpp>

#include <signal.h>
#include <iterator>
#include <vector>

using namespace tenon;
using namespace tenon::tenond;
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t lines_of(const fs::path& file) {
  const auto text = text_of(file);
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::string call(const running_daemon& w, const std::string& token = "secret-token") {
  const std::string body =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_products","arguments":{"buying_mode":)"
      R"("brief","brief":"body-secret"}}})";
  raw_client client(w.port);
  return client
      .send("POST /t/acme/mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer " + token +
            "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body)
      .read_rest();
}

json::object edge(running_daemon& w) { return json::parse(w.ask("{\"command\":\"status\"}\n")).at("edge").as_object(); }

const std::string logged = "audit_log = \"audit.jsonl\"\n";

}  // namespace

TEST_CASE("a call and a refused token are a line each, with nothing secret in them") {
  running_daemon w(logged);
  CHECK(call(w).starts_with("HTTP/1.1 200 "));
  CHECK(call(w, "wrong-secret").starts_with("HTTP/1.1 401 "));
  const auto text = text_of(w.files.root() / "audit.jsonl");
  CHECK(lines_of(w.files.root() / "audit.jsonl") == 2);
  for (const auto* expected :
       {R"("tenant":"acme","principal":"buyer","task":"get_products")", R"("remote":"127.0.0.1")",
        R"("outcome":"completed")", R"("event":"authentication","tenant":"acme","outcome":"un)"}) {
    CAPTURE(text);
    CHECK(text.find(expected) != text.npos);
  }
  for (const auto* secret : {"secret-token", "wrong-secret", "body-secret", digest})
    CHECK(text.find(secret) == text.npos);
  const auto counted = edge(w);
  CHECK(counted.at("auth_failures") == 1);
  CHECK(counted.at("audit").at("written") == 2);
  CHECK(counted.at("audit").at("lost") == 0);
}

TEST_CASE(
    "SIGHUP opens the log anew, so that a file that was renamed is left alone, also if the configuration is wrong") {
  running_daemon w(logged);
  const auto file = w.files.root() / "audit.jsonl";
  CHECK(call(w).starts_with("HTTP/1.1 200 "));
  const auto rotate = [&](const std::string& to) {
    fs::rename(file, w.files.root() / to);
    kill(getpid(), SIGHUP);
    if (!testing::host_fixture::eventually([&] { return fs::exists(file); })) return false;
    // The file is there before lines go to it; whoever opens it answers this when he is done.
    return w.ask("{\"command\":\"ping\"}\n").find("true") != std::string::npos;
  };
  CHECK(rotate("audit.1"));
  CHECK(call(w).starts_with("HTTP/1.1 200 "));
  CHECK(lines_of(w.files.root() / "audit.1") == 1);
  CHECK(lines_of(file) == 1);
  w.files.write_main("[server\n");
  CHECK(rotate("audit.2"));
  CHECK(call(w).starts_with("HTTP/1.1 200 "));
  CHECK(lines_of(w.files.root() / "audit.2") == 1);
  CHECK(lines_of(file) == 1);
}

TEST_CASE("a reload moves the log, begins it and ends it, and keeps it if the new place cannot be opened") {
  running_daemon w;
  const auto move_to = [&w](const std::string& server) {
    w.files.write_main(tables(server, digest));
    return w.ask("{\"command\":\"reload\"}\n");
  };
  CHECK(call(w).starts_with("HTTP/1.1 200 "));
  CHECK(move_to(logged).find("\"ok\":true") != std::string::npos);
  CHECK(call(w).starts_with("HTTP/1.1 200 "));
  CHECK(lines_of(w.files.root() / "audit.jsonl") == 1);
  const auto refused = move_to("audit_log = \"none/audit.jsonl\"\n");
  CHECK(refused.find("\"ok\":false") != std::string::npos);
  CHECK(refused.find("server.audit_log: expected to append to") != std::string::npos);
  CHECK(call(w).starts_with("HTTP/1.1 200 "));
  CHECK(lines_of(w.files.root() / "audit.jsonl") == 2);
  CHECK(move_to("").find("\"ok\":true") != std::string::npos);
  CHECK(call(w).starts_with("HTTP/1.1 200 "));
  CHECK(lines_of(w.files.root() / "audit.jsonl") == 2);
}

TEST_CASE("a log that cannot be opened keeps the daemon from starting, and names it") {
  testing::host_directory files(tables("audit_log = \"none/audit.jsonl\"\n", digest));
  boost::asio::io_context calls;
  boost::asio::io_context control;
  tenond::daemon under_test(calls, control, files.config(), read_server_settings(files.config()).value(),
                            std::make_shared<spdlog::logger>("test"));
  const auto started = under_test.start();
  REQUIRE_FALSE(started);
  CHECK(started.error().operator_detail.find((files.root() / "none/audit.jsonl").string()) != std::string::npos);
  under_test.abandon();
}

TEST_CASE("limits of a principal hold, are counted, and are lifted by a reload") {
  running_daemon w("requests_per_second_per_principal = 0.001\nburst_per_principal = 2\n");
  CHECK(call(w).find("RATE_LIMITED") == std::string::npos);
  CHECK(call(w).find("RATE_LIMITED") == std::string::npos);
  CHECK(call(w).find("RATE_LIMITED") != std::string::npos);
  CHECK(edge(w).at("rate_limited") == 1);
  w.files.write_main(tables("requests_per_second_per_principal = 0.001\nburst_per_principal = 2\n", digest) +
                     "requests_per_second = 0\n");
  CHECK(w.ask("{\"command\":\"reload\"}\n").find("\"ok\":true") != std::string::npos);
  for (int i = 0; i < 5; ++i) CHECK(call(w).find("RATE_LIMITED") == std::string::npos);
}

TEST_CASE("an address that has sent too many unknown tokens is told 429 with a time, before its body is read") {
  running_daemon w("auth_failures_per_minute_per_address = 1\n");
  CHECK(call(w, "guess").starts_with("HTTP/1.1 401 "));
  const auto refused = call(w, "another");
  CHECK(refused.starts_with("HTTP/1.1 429 "));
  CHECK(refused.find("retry-after: ") != refused.npos);
  CHECK(call(w).starts_with("HTTP/1.1 429 "));
  CHECK(edge(w).at("auth_rate_limited") == 2);
}
