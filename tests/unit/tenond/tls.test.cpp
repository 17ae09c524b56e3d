// Goal: tenond speaks TLS if it is told to, and takes a new certificate without a restart. Method: a whole daemon on a
// free port, certificates made on the spot.
#include "running_daemon.hpp"

#include "../http_server/tls_client.hpp"

using namespace tenon;
using namespace tenon::tenond;

namespace {

std::string keys(const identity_files& files) {
  return "tls_certificate = \"" + files.certificate().string() + "\"\ntls_key = \"" + files.key().string() + "\"\n";
}

const std::string health = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

}  // namespace

TEST_CASE("a reload takes the certificate anew, and keeps the one that serves if it cannot") {
  const identity_files files("first");
  running_daemon w(keys(files));
  CHECK(tls_client(w.port).send(health).read_rest().starts_with("HTTP/1.1 200 "));
  CHECK(tls_client(w.port).peer() == "first");

  files.replace("second");
  CHECK(w.ask("{\"command\":\"reload\"}\n").find("\"ok\":true") != std::string::npos);
  std::string seen;
  for (int tries = 0; tries < 1000 && seen != "second"; ++tries) seen = tls_client(w.port).peer();
  CHECK(seen == "second");

  files.write(files.key(), "no key");
  const auto answer = w.ask("{\"command\":\"reload\"}\n");
  CHECK(answer.find("\"ok\":false") != std::string::npos);
  CHECK(answer.find("key.pem") != std::string::npos);
  CHECK(tls_client(w.port).peer() == "second");
}

TEST_CASE("whether there is TLS needs a restart") {
  const identity_files files;
  running_daemon w(keys(files));
  w.files.write_main(tables("", digest));
  CHECK(w.ask("{\"command\":\"reload\"}\n").find("\"ok\":true") != std::string::npos);
  CHECK(w.log.read().find("server.tls_certificate has changed") != std::string::npos);
  CHECK(tls_client(w.port).send(health).read_rest().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a start with a certificate that is not there is refused with its name") {
  testing::host_directory files(tables("tls_certificate = \"chain.pem\"\ntls_key = \"key.pem\"\n", digest));
  boost::asio::io_context calls;
  boost::asio::io_context control;
  tenond::daemon under_test(calls, control, files.config(), read_server_settings(files.config()).value(),
                            std::make_shared<spdlog::logger>("test"));
  const auto started = under_test.start();
  REQUIRE_FALSE(started);
  CHECK(started.error().operator_detail.find((files.root() / "chain.pem").string()) != std::string::npos);
  under_test.abandon();
}
