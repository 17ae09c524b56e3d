#pragma once

#include "daemon.hpp"

#include "../http_server/raw_client.hpp"
#include "host_fixture.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <memory>
#include <string>
#include <thread>

namespace tenon::tenond {

// printf %s secret-token | sha256sum
inline constexpr const char* digest = "930bbdc51b6aed5c2a5678fd6e28dee7a05e8a4b643cfc0b4427c3efb86c0d94";

inline std::string tables(const std::string& server, const std::string& token_digest) {
  return "[server]\nport = 0\nport_file = \"port\"\nadmin_socket = \"admin.sock\"\n" + server +
         "[principals.buyer]\ntoken_sha256 = \"" + token_digest + "\"\n";
}

/// A whole daemon on a free port, with the tenant acme, which the echo plugin serves, and one thread for calls.
struct running_daemon {
  explicit running_daemon(const std::string& server = "") : files(tables(server, digest)) {
    files.drop(TENON_TEST_PLUGINS "/echo.so", "echo");
    files.write_tenant("acme", "plugin = \"echo\"\n");
    auto logger = std::make_shared<spdlog::logger>("test", log.sink());
    under_test =
        std::make_unique<daemon>(calls, control, files.config(), read_server_settings(files.config()).value(), logger);
    REQUIRE(under_test->start());
    std::ifstream(files.root() / "port") >> port;
    call_thread = std::jthread([this] { calls.run(); });
    control_thread = std::jthread([this] { control.run(); });
  }
  ~running_daemon() {
    boost::asio::post(control, [this] { under_test->stop(true); });
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

  /// The answer, with its head, to a request of the buyer.
  std::string text_of(const std::string& method, const std::string& path, const std::string& body = "") {
    raw_client client(port);
    client.send(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
                "Authorization: Bearer secret-token\r\nContent-Type: application/json\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
    return client.read_rest();
  }

  std::string ask(const std::string& line) {
    boost::asio::io_context context;
    boost::asio::local::stream_protocol::socket peer(context);
    peer.connect(boost::asio::local::stream_protocol::endpoint((files.root() / "admin.sock").string()));
    boost::asio::write(peer, boost::asio::buffer(line));
    std::string answer;
    boost::asio::read_until(peer, boost::asio::dynamic_buffer(answer), '\n');
    return answer;
  }

  bool eventually(unsigned expected, const std::string& path, const std::string& token = "") {
    for (const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
         std::chrono::steady_clock::now() < end;) {
      if (status_of(path, token) == expected) return true;
    }
    return false;
  }

  testing::host_directory files;
  testing::log_text log;
  boost::asio::io_context calls;
  boost::asio::io_context control;
  std::unique_ptr<daemon> under_test;
  std::uint16_t port = 0;
  std::jthread call_thread;
  std::jthread control_thread;
};

}  // namespace tenon::tenond
