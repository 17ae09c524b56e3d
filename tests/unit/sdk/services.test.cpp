// Goal: turns, the store and submitted tasks, as the SDK offers them. Method: a platform that counts in its store, run
// under the fake host.

#include <tenon/sdk/plugin.hpp>
#include <tenon/sdk/testing/fake_host.hpp>

#include <doctest/doctest.h>

using namespace std::chrono_literals;
namespace sdk = tenon::sdk;
namespace json = sdk::json;
using namespace sdk::testing;

namespace {

class service_platform final : public sdk::platform {
 public:
  using platform::platform;

  /// Adds one to a number that many add to.
  sdk::task<json::value> count(json::value, sdk::call_context) {
    for (;;) {
      const auto found = co_await store().get("count");
      const auto next = std::to_string(found ? std::stoi(found->value()) + 1 : 1);
      sdk::store_changes changes;
      changes.put_if("count", next, found ? found->version() : 0).put("history/" + next, "");
      bool changed_meanwhile = false;
      try {
        co_await store().write(std::move(changes));
      } catch (const sdk::store_conflict&) {
        changed_meanwhile = true;
      }
      if (!changed_meanwhile) co_return json::object{{"count", next}};
    }
  }

  sdk::task<json::value> history(json::value, sdk::call_context) {
    json::array keys;
    std::string last;
    for (;;) {
      const auto page = co_await store().list("history/", last, 2);
      if (page.empty()) co_return json::object{{"keys", std::move(keys)}};
      for (const auto& each : page) keys.emplace_back(each.key());
      last = page.back().key();
    }
  }

  sdk::task<json::value> forget(json::value, sdk::call_context) {
    sdk::store_changes changes;
    changes.erase("count");
    const auto erased = co_await store().write(std::move(changes));
    co_return json::object{{"version", erased.front().version()}};
  }

  sdk::task<json::value> expect_none(json::value, sdk::call_context) {
    sdk::store_changes changes;
    changes.put_if("count", "0", 0);
    co_await store().write(std::move(changes));
    co_return json::object();
  }

  sdk::task<json::value> turn(json::value request, sdk::call_context) {
    if (request.as_object().contains("hold")) limiter().hold("network", 10s);
    co_await limiter().turn(sdk::quota("network", 2, 1), 1s);
    co_return json::object{{"at", time().steady().time_since_epoch() / 1ms}};
  }

  sdk::task<json::value> buy(json::value, sdk::call_context call) {
    if (call.resume().empty()) throw sdk::submitted("step-2", 30s, "It takes a while.");
    co_return json::object{{"resume", call.resume()}, {"attempt", call.attempt()}, {"recovering", call.recovering()}};
  }

  sdk::task<json::value> say_nothing(json::value, sdk::call_context) {
    throw sdk::submitted("", 30s);
    co_return json::object();
  }
};

using sdk::detail::invoke;
constexpr sdk::detail::task_entry service_tasks[] = {
    {"count", &invoke<service_platform, &service_platform::count>},
    {"history", &invoke<service_platform, &service_platform::history>},
    {"forget", &invoke<service_platform, &service_platform::forget>},
    {"expect_none", &invoke<service_platform, &service_platform::expect_none>},
    {"turn", &invoke<service_platform, &service_platform::turn>},
    {"buy", &invoke<service_platform, &service_platform::buy>},
    {"say_nothing", &invoke<service_platform, &service_platform::say_nothing>},
};
constexpr tenon_str service_names[] = {{"count", 5}};
constexpr tenon_plugin services =
    sdk::detail::entry_points<service_platform, service_tasks>::make("services", "1.0.0", service_names);

}  // namespace

TEST_CASE("what a platform stores is there for the next one") {
  memory_store kept;
  for (int round = 1; round <= 3; ++round) {
    fake_host host(services);
    host.store(kept);
    REQUIRE(host.create().ok());
    CHECK(host.ask("count").body().at("count").as_string() == std::to_string(round));
  }
  fake_host host(services);
  host.store(kept);
  REQUIRE(host.create().ok());
  CHECK(host.ask("history").text() == R"({"keys":["history/1","history/2","history/3"]})");
  CHECK(host.ask("forget").text() == R"({"version":0})");
  CHECK(host.ask("count").body().at("count").as_string() == "1");
}

TEST_CASE("two that change one entry at once both count") {
  fake_host host(services);
  REQUIRE(host.create().ok());
  const auto first = host.call("count");
  const auto second = host.call("count");
  host.run();
  CHECK(first.done());
  CHECK(second.done());
  CHECK(host.stored().entries().at("count").text == "2");
}

TEST_CASE("a conflict that nobody catches is a bug, and changes nothing") {
  fake_host host(services);
  REQUIRE(host.create().ok());
  REQUIRE(host.ask("count").ok());
  CHECK(host.ask("expect_none").code() == "INTERNAL_ERROR");
  CHECK(host.stored().entries().at("count").text == "1");
}

TEST_CASE("a platform that goes while it waits for the store or a turn leaves nothing open") {
  fake_host host(services);
  REQUIRE(host.create().ok());
  host.call("count");
  host.call("turn");
  host.destroy();
  CHECK(host.open_operations() == 0);
}

TEST_CASE("turns come at the account's rate, and who cannot wait is told when to come back") {
  fake_host host(services);
  REQUIRE(host.create().ok());
  const auto first = host.call("turn");
  const auto second = host.call("turn");
  const auto third = host.call("turn");
  const auto fourth = host.call("turn");
  host.run();
  CHECK(first.done());
  CHECK_FALSE(second.done());
  REQUIRE(fourth.done());
  CHECK(fourth.reply().code() == "RATE_LIMITED");
  CHECK(fourth.reply().retry_after_s() == 2);
  host.advance(1s);
  REQUIRE(third.done());
  CHECK(second.reply().body().at("at").as_int64() - first.reply().body().at("at").as_int64() == 500);
  CHECK(third.reply().body().at("at").as_int64() - first.reply().body().at("at").as_int64() == 1000);
  CHECK(host.ask("turn", {{"hold", true}}).retry_after_s() == 10);
}

TEST_CASE("a task that is not over is submitted, and goes on with what it said") {
  fake_host host(services);
  REQUIRE(host.create().ok());
  const auto first = host.ask("buy");
  REQUIRE(first.submitted());
  CHECK_FALSE(first.ok());
  CHECK(first.resume() == "step-2");
  CHECK(first.delay() == 30s);
  CHECK(first.message() == "It takes a while.");
  const auto later = host.ask("buy", {}, call_options().resume(first.resume(), 4));
  CHECK(later.text() == R"({"resume":"step-2","attempt":4,"recovering":true})");
  CHECK(host.ask("say_nothing").code() == "INTERNAL_ERROR");
}
