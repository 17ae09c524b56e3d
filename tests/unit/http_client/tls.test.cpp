// Goal: https reaches only who can prove the name it was asked for. Method: an authority and certificates made on the
// spot, and a scripted TLS peer for every reason to refuse one.
#include "certificates.hpp"
#include "client_fixture.hpp"
#include "scripted_server.hpp"

#include <doctest/doctest.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace std::literals;
using kind = tenon::http_failure::kind;
using progress = tenon::http_failure::progress;
namespace ssl = boost::asio::ssl;
using tls_peer = ssl::stream<boost::asio::ip::tcp::socket&>;

namespace {

/// An authority of our own, trusted by a file.
class authority {
 public:
  authority() : self_(certificates::make({.common_name = "test authority", .is_authority = true})) {
    std::string name = (std::filesystem::temp_directory_path() / "tenon-ca-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    std::ofstream(file()) << self_.certificate;
  }
  ~authority() { std::filesystem::remove_all(directory_); }

  std::string file() const { return (directory_ / "ca.pem").string(); }
  tenon::http_client_options options() const { return {.ca_file = file()}; }
  const certificates::identity& self() const { return self_; }

  certificates::identity sign(std::string names) const {
    return certificates::make({.common_name = "server", .alternative_names = std::move(names), .issuer = &self_});
  }

 private:
  certificates::identity self_;
  std::filesystem::path directory_;
};

/// Does the handshake as this identity, then plays the rest.
scripted_server::script as(certificates::identity who, std::function<void(tls_peer&)> rest,
                           int newest = TLS1_3_VERSION) {
  return [who = std::move(who), rest = std::move(rest), newest](scripted_peer& peer) {
    ssl::context context(ssl::context::tls_server);
    SSL_CTX_set_cipher_list(context.native_handle(), "DEFAULT@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context.native_handle(), newest);
    context.use_certificate_chain(boost::asio::buffer(who.certificate));
    context.use_private_key(boost::asio::buffer(who.key), ssl::context::pem);
    tls_peer stream(peer.socket(), context);
    boost::system::error_code failed;
    stream.handshake(ssl::stream_base::server, failed);
    if (!failed) rest(stream);
    peer.close();
  };
}

bool read_request(tls_peer& stream) {
  std::string received;
  boost::system::error_code failed;
  boost::asio::read_until(stream, boost::asio::dynamic_buffer(received), "\r\n\r\n", failed);
  return !failed;
}

void polite(tls_peer& stream) {
  while (read_request(stream)) boost::asio::write(stream, boost::asio::buffer(ok));
}

std::string https(const scripted_server& server, std::string_view host = "localhost") {
  return "https://" + std::string(host) + ':' + std::to_string(server.port()) + '/';
}

/// What the client says about a peer with this identity, to which it must not send anything.
std::string refused(const authority& trusted, certificates::identity who, std::string_view host = "localhost",
                    int newest = TLS1_3_VERSION) {
  std::atomic<bool> asked = false;
  scripted_server server({as(
      std::move(who), [&](tls_peer& stream) { asked = read_request(stream); }, newest)});
  std::string message;
  {
    client_fixture client(trusted.options());
    const auto got = client.fetch(request_to("POST", https(server, host), "secret"));
    REQUIRE(got.has_error());
    CHECK(got.error().what == kind::io);
    CHECK(got.error().phase == progress::not_sent);
    message = got.error().message;
  }
  CHECK_FALSE(asked);
  return message;
}

}  // namespace

TEST_CASE("a peer with a certificate of a trusted authority for its name is spoken to, on a connection that is kept") {
  const authority trusted;
  std::promise<std::string> named;
  scripted_server server({as(trusted.sign("DNS:localhost"), [&](tls_peer& stream) {
    const auto* name = SSL_get_servername(stream.native_handle(), TLSEXT_NAMETYPE_host_name);
    named.set_value(name == nullptr ? "" : name);
    polite(stream);
  })});
  client_fixture client(trusted.options());
  for (int at = 0; at < 3; ++at) {
    const auto got =
        client.fetch(request_to("POST", https(server), std::string(100'000, 'x').substr(0, at == 0 ? 0 : 9)));
    REQUIRE(got.has_value());
    CHECK(got->body == "ok");
  }
  CHECK(server.accepted() == 1);
  CHECK(named.get_future().get() == "localhost");
}

TEST_CASE("an address is proven by an address in the certificate") {
  const authority trusted;
  scripted_server server({as(trusted.sign("IP:127.0.0.1"), polite)});
  client_fixture client(trusted.options());
  CHECK(client.fetch(request_to("GET", https(server, "127.0.0.1"))).has_value());
  CHECK(refused(trusted, trusted.sign("DNS:localhost"), "127.0.0.1").find("mismatch") != std::string::npos);
}

TEST_CASE("TLS 1.2 is spoken, and nothing older") {
  const authority trusted;
  scripted_server server({as(trusted.sign("DNS:localhost"), polite, TLS1_2_VERSION)});
  client_fixture client(trusted.options());
  CHECK(client.fetch(request_to("GET", https(server))).has_value());
  CHECK(refused(trusted, trusted.sign("DNS:localhost"), "localhost", TLS1_1_VERSION).find("handshake") !=
        std::string::npos);
}

TEST_CASE("who signed his own certificate is refused") {
  const authority trusted;
  const auto self_signed = certificates::make({.common_name = "localhost", .alternative_names = "DNS:localhost"});
  CHECK(refused(trusted, self_signed).find("self-signed") != std::string::npos);
}

TEST_CASE("a certificate of a stranger's authority is refused") {
  const authority trusted;
  const authority stranger;
  CHECK(refused(trusted, stranger.sign("DNS:localhost")).find("certificate") != std::string::npos);
}

TEST_CASE("a good certificate for another name is refused") {
  const authority trusted;
  CHECK(refused(trusted, trusted.sign("DNS:localhost.example")).find("ostname mismatch") != std::string::npos);
  CHECK(refused(trusted, trusted.sign("DNS:*")).find("ostname mismatch") != std::string::npos);
}

TEST_CASE("an expired certificate, and one of tomorrow, are refused") {
  const authority trusted;
  certificates::request wanted{
      .common_name = "localhost", .alternative_names = "DNS:localhost", .issuer = &trusted.self()};
  wanted.valid_from = -48h;
  wanted.valid_to = -24h;
  CHECK(refused(trusted, certificates::make(wanted)).find("expired") != std::string::npos);
  wanted.valid_from = 24h;
  wanted.valid_to = 48h;
  CHECK(refused(trusted, certificates::make(wanted)).find("not yet valid") != std::string::npos);
}

TEST_CASE("a peer that speaks no TLS, or never finishes the handshake, gets nothing") {
  const authority trusted;
  std::promise<void> greeted;
  scripted_server server({[](scripted_peer& peer) { peer.write("HTTP/1.1 400 Bad Request\r\n\r\n"); },
                          [&](scripted_peer& peer) {
                            char hello = 0;
                            boost::asio::read(peer.socket(), boost::asio::buffer(&hello, 1));
                            greeted.set_value();
                            peer.read_rest();
                          }});
  client_fixture client(trusted.options());
  const auto plain = client.fetch(request_to("POST", https(server), "secret"));
  REQUIRE(plain.has_error());
  CHECK(plain.error().what == kind::io);
  CHECK(plain.error().phase == progress::not_sent);
  std::stop_source stop;
  auto running = client.start(request_to("POST", https(server), "secret"), stop.get_token());
  greeted.get_future().wait();
  stop.request_stop();
  const auto stalled = client_fixture::wait(std::move(running));
  REQUIRE(stalled.has_error());
  CHECK(stalled.error().what == kind::cancelled);
  CHECK(stalled.error().phase == progress::not_sent);
  CHECK(stalled.error().message.find("TLS handshake") != std::string::npos);
}

TEST_CASE("an answer that ends with the connection must end with TLS's goodbye, or it may be cut off") {
  const authority trusted;
  const auto until_close = [](bool goodbye) {
    return [goodbye](tls_peer& stream) {
      read_request(stream);
      boost::asio::write(stream, boost::asio::buffer("HTTP/1.1 200 OK\r\n\r\nall"sv));
      boost::system::error_code ignored;
      if (goodbye) stream.shutdown(ignored);
    };
  };
  scripted_server server(
      {as(trusted.sign("DNS:localhost"), until_close(true)), as(trusted.sign("DNS:localhost"), until_close(false))});
  client_fixture client(trusted.options());
  CHECK(client.fetch(request_to("GET", https(server))).has_value());
  const auto cut = client.fetch(request_to("GET", https(server)));
  REQUIRE(cut.has_error());
  CHECK(cut.error().phase == progress::partly_answered);
}

TEST_CASE("a POST over TLS that got no answer is not repeated, a GET on a kept connection is") {
  const authority trusted;
  const auto fickle = [](tls_peer& stream) {
    read_request(stream);
    boost::asio::write(stream, boost::asio::buffer(ok));
    read_request(stream);
  };
  for (const auto* method : {"GET", "POST"}) {
    scripted_server server({as(trusted.sign("DNS:localhost"), fickle), as(trusted.sign("DNS:localhost"), polite)});
    client_fixture client(trusted.options());
    CHECK(client.fetch(request_to("GET", https(server))).has_value());
    const auto got = client.fetch(request_to(method, https(server)));
    CHECK(got.has_value() == (method == "GET"sv));
    if (got.has_error()) CHECK(got.error().phase == progress::sent);
    CHECK(server.accepted() == (method == "GET"sv ? 2 : 1));
  }
}

TEST_CASE("a file that holds no authority is refused by name") {
  boost::asio::io_context context;
  const auto missing = tenon::make_http_client(context.get_executor(), {.ca_file = "/nowhere/ca.pem"});
  REQUIRE(missing.has_error());
  CHECK(missing.error().code == "CONFIGURATION_ERROR");
  CHECK(missing.error().operator_detail.find("/nowhere/ca.pem") != std::string::npos);
  const authority empty;
  std::ofstream(empty.file(), std::ios::trunc) << "no certificate";
  CHECK(tenon::make_http_client(context.get_executor(), empty.options()).has_error());
}
