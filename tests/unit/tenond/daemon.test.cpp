// Goal: what signals and operators do to the running server works, whatever its calls are doing. Method: a whole daemon
// on a free port, with one thread for calls, asked over its sockets.
#include "running_daemon.hpp"

#include <signal.h>
#include <future>

using namespace tenon;
using namespace tenon::tenond;
namespace asio = boost::asio;

TEST_CASE("a reload takes principals at once, by SIGHUP and by tenonctl") {
  running_daemon w;
  CHECK(w.status_of("/mcp", "secret-token") == 405);
  w.files.write_main(tables("", std::string(64, '0')));
  kill(getpid(), SIGHUP);
  CHECK(w.eventually(401, "/mcp", "secret-token"));
  w.files.write_main(tables("threads = 7\n", digest));
  CHECK(w.ask("{\"command\":\"reload\"}\n").find("\"ok\":true") != std::string::npos);
  CHECK(w.status_of("/mcp", "secret-token") == 405);
  CHECK(w.log.read().find("server.threads has changed") != std::string::npos);
}

TEST_CASE("who signs webhooks publishes the key, and tells buyers that they are signed") {
  const testing::host_directory place;
  const auto key = place.root() / "key.pem";
  std::ofstream(key) << make_key_pair().private_pem;
  std::filesystem::permissions(key, std::filesystem::perms::owner_read);
  running_daemon w("webhook_signing_key = \"" + key.string() + "\"\nwebhook_signing_key_id = \"of-the-test\"\n");
  CHECK(w.text_of("GET", "/.well-known/jwks.json").find("\"kid\":\"of-the-test\"") != std::string::npos);
  const auto said = w.text_of("POST", "/t/acme/mcp",
                              R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{)"
                              R"("name":"get_adcp_capabilities","arguments":{}}})");
  CHECK(said.find(R"("webhook_signing":{"supported":true,"profile":"adcp/webhook-signing/v1")") != std::string::npos);
  running_daemon silent;
  CHECK(silent.status_of("/.well-known/jwks.json") == 404);
  CHECK(silent.text_of("POST", "/t/acme/mcp",
                       R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{)"
                       R"("name":"get_adcp_capabilities","arguments":{}}})")
            .find("webhook_signing") == std::string::npos);
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
