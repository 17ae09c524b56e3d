// Goal: the echo fixture keeps its promises to the tests that load it, and TENON_PLUGIN builds a whole entry.
// Method: its code linked into this program, under the fake host.

#include <tenon/sdk/testing/fake_host.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <thread>

using namespace std::chrono_literals;
namespace json = tenon::sdk::json;
using namespace tenon::sdk::testing;

TEST_CASE("the entry names what the manifest names") {
  CHECK(tenon_plugin_entry.magic == TENON_ENTRY_MAGIC);
  CHECK(std::string(tenon_plugin_entry.id.ptr, tenon_plugin_entry.id.len) == "echo");
  CHECK(std::string(tenon_plugin_entry.version.ptr, tenon_plugin_entry.version.len) == "1.0.0");
  REQUIRE(tenon_plugin_entry.task_count == 6);
  CHECK(std::string(tenon_plugin_entry.tasks[5].ptr, tenon_plugin_entry.tasks[5].len) == "list_creatives");
}

TEST_CASE("echo answers with tenant, version, tag and request") {
  fake_host host;
  host.tenant("acme").settings(json::object{{"tag", "blue"}});
  REQUIRE(host.create().ok());
  const fake_reply reply = host.ask("get_products", json::object{{"brief", "x"}});
  json::object body = reply.body().as_object();
  const auto here = std::to_string(std::hash<std::thread::id>()(std::this_thread::get_id()));
  CHECK(body["thread"].as_string() == here);  // the fake host calls its platform on the thread of the test
  body.erase("thread");
  CHECK(body ==
        json::parse(R"({"products": [{"product_id": "prod-acme"}], "version": "1.0.0", "tag": "blue", "heir_of": "",
                                "echo": {"brief": "x"}})"));
  CHECK(host.ask("create_media_buy").body().at("media_buy_id") == "mb-acme");
}

TEST_CASE("the request steers echo: sleep, fail, throw, never, fetch") {
  fake_host host;
  host.on_http([](const seen_request& request) { return scripted_answer(200, "from " + request.url()); });
  REQUIRE(host.create().ok());

  const fake_host::pending asleep = host.call("get_products", json::object{{"sleep_ms", 50}});
  host.advance(49ms);
  CHECK_FALSE(asleep.done());
  host.advance(1ms);
  CHECK(asleep.reply().ok());

  CHECK(host.ask("get_products", json::object{{"fail", "BUDGET_TOO_LOW"}}).code() == "BUDGET_TOO_LOW");
  CHECK(host.ask("get_products", json::object{{"throw", true}}).code() == "INTERNAL_ERROR");
  const fake_reply fetched = host.ask("get_products", json::object{{"fetch", "https://a.example/"}});
  CHECK(fetched.body().at("fetched").at("body") == "from https://a.example/");

  const fake_host::pending never = host.call("get_products", json::object{{"never", true}});
  host.advance(24h);
  CHECK_FALSE(never.done());
}

TEST_CASE("the settings steer echo: a failing handshake, and a delay before each answer") {
  fake_host failing;
  failing.settings(json::object{{"fail_open", "AUTH_REQUIRED"}});
  CHECK(failing.create().code() == "AUTH_REQUIRED");

  fake_host slow;
  slow.settings(json::object{{"delay_ms", 20}});
  const fake_host::pending opening = slow.start_create();
  slow.advance(20ms);
  REQUIRE(opening.reply().ok());
  const fake_host::pending call = slow.call("get_products");
  CHECK_FALSE(call.done());
  slow.advance(20ms);
  CHECK(call.reply().ok());
}
