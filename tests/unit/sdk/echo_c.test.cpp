// Goal: a plugin in C without the SDK serves, cancels and goes without a leak. Method: echo_c linked into this program,
// under the fake host.

#include <tenon/sdk/testing/fake_host.hpp>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
namespace json = tenon::sdk::json;
using namespace tenon::sdk::testing;

TEST_CASE("echo_c answers at once without a delay") {
  fake_host host;
  host.tenant("acme");
  REQUIRE(host.create().ok());
  CHECK(host.log_lines() == std::vector<std::string>{"info: echo_c is ready"});
  CHECK(host.ask("get_products").body() ==
        json::parse(R"({"products": [{"product_id": "prod-acme"}], "version": "1.0.0"})"));
  CHECK(host.ask("sync_creatives").body().at("tenant") == "acme");
  CHECK(host.ask("list_creatives").status() == TENON_E_UNSUPPORTED);
}

TEST_CASE("echo_c answers after its delay, and a cancelled call CANCELLED") {
  fake_host host;
  host.settings(json::object{{"delay_ms", 100}});
  REQUIRE(host.create().ok());
  const fake_host::pending kept = host.call("create_media_buy");
  fake_host::pending dropped = host.call("create_media_buy");
  dropped.cancel();
  host.run();
  CHECK(dropped.reply().status() == TENON_E_CANCELLED);
  CHECK_FALSE(kept.done());
  host.advance(100ms);
  CHECK(kept.reply().body().at("status") == "active");
}

TEST_CASE("echo_c frees the state of open calls when their timers are closed") {
  fake_host host;
  host.settings(json::object{{"delay_ms", 100}});
  REQUIRE(host.create().ok());
  host.call("get_products");
  host.call("get_products");
  host.destroy();
  CHECK(host.open_operations() == 0);
}
