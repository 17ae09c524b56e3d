// Goal: calls that wait for the network's quota keep the order in which they came, whatever time they have. Method: the
// plugin below the fake host, and a network that sends everybody away for ten seconds.
#include "awaiting_world.hpp"

#include <doctest/doctest.h>

#include <utility>

using namespace tenon::test;
using namespace std::chrono_literals;
using answer = scripted_upstream::answer;

namespace {

std::string const orders = "GET /v1/networks/1/orders";
constexpr auto list = "get_media_buys";
constexpr std::chrono::steady_clock::time_point start{1h};  // as the fake host's clock has it

answer sent_away() { return answer(429, "{}").header("retry-after", "10"); }

}  // namespace

TEST_CASE("of calls with one deadline none gets a turn that an earlier one was refused") {
  gam_world world;
  world.open();
  world.network.once(orders, sent_away());
  world.network.always(orders, json::object());
  auto first = world.host.call(list);
  world.host.run();
  REQUIRE_FALSE(first.done());
  auto const refused_until = [&](std::chrono::milliseconds end) {
    auto const one = world.host.call(list, {}, call_options().deadline(start + end));
    world.host.run();
    return one.done() && one.reply().code() == "RATE_LIMITED";
  };
  CHECK(refused_until(10'300ms));
  CHECK(refused_until(10'499ms));
  world.host.advance(9s);
  CHECK(refused_until(10'300ms));
  CHECK(refused_until(10'499ms));
  CHECK_FALSE(refused_until(10'500ms));
  world.host.advance(1s);
  REQUIRE(first.done());
  CHECK(first.reply().ok());
}

TEST_CASE("a list takes its turn before it reads what waits, so that what waits is as of the list") {
  sold_world world;
  bool busy = true;
  world.now.host.on_http(
      [&](auto const& asked) { return std::exchange(busy, false) ? sent_away() : world.network(asked); });
  auto listing = world.now.host.call(list, {{"status_filter", json::array{"pending_creatives"}}});
  world.now.host.run();
  REQUIRE_FALSE(listing.done());
  auto const key = world.kept.entries().begin()->first;
  tenon_store_write const gone{{key.data(), key.size()}, {}, TENON_STORE_ANY_VERSION, TENON_STORE_ERASE, 0};
  world.kept.write(&gone, 1);
  world.now.host.advance(10s);
  REQUIRE(listing.done());
  auto const answered = listing.reply();
  REQUIRE_MESSAGE(answered.ok(), answered.operator_detail());
  CHECK_FALSE(answered.body().at("media_buys").at(0).at("packages").at(0).as_object().contains("ext"));
}
