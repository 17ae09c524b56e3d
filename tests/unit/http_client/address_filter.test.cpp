// Goal: a client with a filter connects to no address that the filter refuses, whatever the URL calls it. Method: a
// server on loopback that must not be reached; for names, the spellings of an address that only a resolver understands.
#include "client_fixture.hpp"
#include "scripted_server.hpp"

#include <doctest/doctest.h>

#include <mutex>
#include <set>

using namespace std::literals;
using kind = tenon::http_failure::kind;
using progress = tenon::http_failure::progress;
using boost::asio::ip::address;

namespace {

void polite(scripted_peer& peer) {
  while (!peer.read_head().empty()) peer.write(ok);
}

/// Notes what it is asked, and refuses all of it.
class refusing {
 public:
  tenon::http_client_options options() {
    return {.may_connect = [this](const address& asked) {
      const std::lock_guard lock(mutex_);
      asked_.insert(asked.to_string());
      return false;
    }};
  }
  std::set<std::string> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> asked_;
};

}  // namespace

TEST_CASE("nothing is sent to a refused address, be it written out, localhost or looked up") {
  for (const auto* url : {"http://127.0.0.1:", "http://localhost:", "https://localhost:", "https://127.1:",
                          "https://2130706433:", "https://0x7f000001:"}) {
    CAPTURE(url);
    scripted_server server({polite});
    refusing filter;
    client_fixture client(filter.options());
    const auto got = client.fetch(request_to("GET", url + std::to_string(server.port()) + "/secret"));
    REQUIRE(got.has_error());
    CHECK(got.error().what == kind::invalid);
    CHECK(got.error().phase == progress::not_sent);
    CHECK(got.error().message.find("secret") == std::string::npos);
    CHECK(filter.asked().contains("127.0.0.1"));
    CHECK(server.accepted() == 0);
  }
}

TEST_CASE("the addresses that a name has are what the filter sees") {
  for (const auto& [host, seen] : {std::pair{"10.1", "10.0.0.1"},
                                   {"3232235777", "192.168.1.1"},
                                   {"0xa9fea9fe", "169.254.169.254"},
                                   {"0", "0.0.0.0"}}) {
    CAPTURE(host);
    refusing filter;
    client_fixture client(filter.options());
    const auto got = client.fetch(request_to("GET", "https://"s + host + "/"));
    REQUIRE(got.has_error());
    CHECK(got.error().what == kind::invalid);
    CHECK(filter.asked() == std::set<std::string>{seen});
  }
}

TEST_CASE("of a name's addresses the permitted ones are connected to") {
  scripted_server server({polite});
  client_fixture client({.may_connect = [](const address& asked) { return asked.is_v4(); }});
  const auto url = "http://localhost:" + std::to_string(server.port()) + "/";
  CHECK(client.fetch(request_to("GET", url)).has_value());
  CHECK(client.fetch(request_to("GET", url)).has_value());
  CHECK(server.accepted() == 1);
}
