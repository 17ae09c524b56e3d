// Goal: over TLS the server is what it is in the clear, shows the identity that it was given last, and speaks with
// nobody who speaks less. Method: certificates made on the spot, a client over OpenSSL, and one that writes raw bytes.
#include "raw_client.hpp"
#include "running_server.hpp"
#include "tls_client.hpp"

#include <doctest/doctest.h>

#include <openssl/ec.h>
#include <openssl/pem.h>

#include <atomic>

using namespace std::literals;
using tenon::http::load_tls_identity;
using tenon::http::request;
using tenon::http::responder;
using tenon::http::response;
using tenon::http::server_options;

namespace {

const auto get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"s;
const auto last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"s;

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

server_options with(const identity_files& files) {
  server_options made;
  made.read_timeout = made.idle_timeout = 1h;
  made.tls = load_tls_identity(files.certificate(), files.key()).value();
  return made;
}

/// What is said about these two files.
std::string refused(const std::filesystem::path& certificate, const std::filesystem::path& key) {
  const auto loaded = load_tls_identity(certificate, key);
  REQUIRE(loaded.has_error());
  CHECK(loaded.error().code == "CONFIGURATION_ERROR");
  return loaded.error().operator_detail;
}

std::string encrypted_key() {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  BIO* const text = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(text, key, EVP_aes_128_cbc(), nullptr, 0, nullptr, const_cast<char*>("secret"));
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(text, &bytes);
  std::string made(bytes, static_cast<std::size_t>(size));
  BIO_free_all(text);
  EVP_PKEY_free(key);
  return made;
}

}  // namespace

TEST_CASE("requests are answered over TLS 1.2 and 1.3, one after the other, and the end is said") {
  const identity_files files;
  running_server server(echo, with(files));
  for (const int newest : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    tls_client client(server.port(), {.newest = newest});
    REQUIRE(client.is_open());
    CHECK(client.version() == (newest == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"));
    CHECK(client.send(get).read_head().starts_with("HTTP/1.1 200 "));
    bool whole = false;
    CHECK(contains(client.send(last).read_rest(&whole), "HTTP/1.1 200 "));
    CHECK(whole);
  }
}

TEST_CASE("a large body goes both ways") {
  const identity_files files;
  running_server server(echo, with(files));
  const std::string large(1'000'000, 'x');
  tls_client client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n" + large);
  CHECK(client.read_rest().ends_with("\n" + large));
}

TEST_CASE("older TLS, no TLS at all, and another protocol are not spoken") {
  const identity_files files;
  std::atomic<int> calls = 0;
  running_server server(
      [&](request, responder answer) {
        ++calls;
        answer({});
      },
      with(files));
  CHECK_FALSE(tls_client(server.port(), {.newest = TLS1_1_VERSION}).is_open());
  CHECK_FALSE(tls_client(server.port(), {.protocols = "\x02h2"}).is_open());
  CHECK_FALSE(contains(raw_client(server.port()).send(get).read_rest(), "HTTP"));
  CHECK(calls == 0);
  CHECK(tls_client(server.port(), {.protocols = "\x02h2\x08http/1.1"}).protocol() == "http/1.1");
}

TEST_CASE("a stranger is refused by his head over TLS, too, and sees why while he still sends") {
  const identity_files files;
  running_server server(echo, with(files), [](const request&) { return response{.status = 401}; });
  tls_client client(server.port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 104857600\r\n\r\n").send(std::string(100'000, 'x'));
  CHECK(client.read_head().starts_with("HTTP/1.1 401 "));
}

TEST_CASE("who connects sees the identity that was presented last, who is connected keeps his") {
  const identity_files files("first");
  running_server server(echo, with(files));
  tls_client before(server.port());
  CHECK(before.peer() == "first");
  files.replace("second");
  server.server().present(load_tls_identity(files.certificate(), files.key()).value());
  CHECK(before.send(get).read_head().starts_with("HTTP/1.1 200 "));
  std::string seen;
  for (int tries = 0; tries < 1000 && seen != "second"; ++tries) seen = tls_client(server.port()).peer();
  CHECK(seen == "second");
  CHECK(before.send(get).read_head().size() > 0);
}

TEST_CASE("a handshake that never ends is over at the read timeout, one that is cut leaves nothing") {
  const identity_files files;
  auto options = with(files);
  options.read_timeout = 30ms;
  running_server server(echo, options);
  CHECK_FALSE(contains(raw_client(server.port()).read_rest(), "HTTP"));
  CHECK_FALSE(contains(raw_client(server.port()).send("\x16\x03\x01\x02\x00\x01"sv).read_rest(), "HTTP"));
  raw_client(server.port()).send("\x16\x03"sv).abort();
  running_server patient(echo, with(files));
  raw_client silent(patient.port());
  raw_client half(patient.port());
  half.send("\x16\x03\x01\x02\x00\x01"sv);
  CHECK(tls_client(patient.port()).send(last).read_rest().starts_with("HTTP/1.1 200 "));
  patient.stop(1h).wait();
}

TEST_CASE("a request that does not arrive in time gets its 408 over TLS") {
  const identity_files files;
  auto options = with(files);
  options.read_timeout = 2s;
  running_server server(echo, options);
  tls_client client(server.port());
  REQUIRE(client.is_open());
  CHECK(client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
            .read_rest()
            .starts_with("HTTP/1.1 408 "));
}

TEST_CASE("a stopped server closes idle connections and lets a running request finish") {
  const identity_files files;
  std::promise<responder> asked;
  running_server server([&](request, responder answer) { asked.set_value(std::move(answer)); }, with(files));
  tls_client idle(server.port());
  tls_client busy(server.port());
  busy.send(get);
  auto answer = asked.get_future().get();
  auto stopped = server.stop(1h);
  CHECK(idle.read_rest().empty());
  answer({.status = 201});
  CHECK(busy.read_rest().starts_with("HTTP/1.1 201 "));
  stopped.wait();
}

TEST_CASE("a certificate or a key that cannot be used is refused with the file and what to do") {
  const identity_files files;
  const identity_files other;
  const auto nowhere = files.key().parent_path() / "nowhere.pem";
  CHECK(contains(refused(nowhere, files.key()), "a certificate (PEM) in " + nowhere.string()));
  CHECK(contains(refused(files.certificate(), nowhere), "check its path"));
  CHECK(contains(refused(files.key(), files.key()), "a certificate (PEM)"));
  CHECK(contains(refused(files.certificate(), files.certificate()), "private key"));
  CHECK(contains(refused(files.certificate(), other.key()), "mismatch"));
  const identity_files locked;
  locked.write(locked.key(), encrypted_key());
  CHECK(contains(refused(locked.certificate(), locked.key()), "without a passphrase"));
  std::filesystem::permissions(files.key(), std::filesystem::perms::others_read, std::filesystem::perm_options::add);
  CHECK(contains(refused(files.certificate(), files.key()), "everybody may read"));
}
