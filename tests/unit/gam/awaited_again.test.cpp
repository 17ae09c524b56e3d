// Goal: what is done again, is cut short or takes too long loses no assignment that waits, and leaves none behind.
// Method: the plugin below the fake host, with a store and a network that outlive it.
#include "awaiting_world.hpp"

#include <doctest/doctest.h>

using namespace tenon::test;
using namespace std::chrono_literals;
using answer = scripted_upstream::answer;

namespace {

std::string const creatives = "GET networks/1/creatives";
std::string const items = "GET networks/1/lineItems";

// A create that has written down that it waits for "banner", and is to be gone on with.
class submitted_world {
 public:
  submitted_world() : now(network, kept) {
    network.fail_next(keeping_network::approve, answer(503, ""));
    auto const sold = now.buy();
    REQUIRE(sold.submitted());
    resume = sold.resume();
    REQUIRE(kept.entries().size() == 1);
    network.forget();
  }

  fake_reply go_on() { return now.buy(R"([{"creative_id":"banner"}])", gam_world::keyed().resume(resume, 1)); }

  keeping_network network;
  memory_store kept;
  awaiting_world now;
  std::string resume;
};

std::vector<std::int64_t> ends_in(memory_store const& kept) {
  std::vector<std::int64_t> ends;
  for (auto const& [key, value] : kept.entries()) {
    ends.push_back(json::parse(value.text).at("end").to_number<std::int64_t>());
  }
  return ends;
}

void erase_all(memory_store& kept) {
  while (!kept.entries().empty()) {
    auto const key = kept.entries().begin()->first;
    tenon_store_write const erased{
        {key.data(), key.size()}, {nullptr, 0}, TENON_STORE_ANY_VERSION, TENON_STORE_ERASE, 0};
    kept.write(&erased, 1);
  }
}

}  // namespace

TEST_CASE("a create that is gone on with does not count what it has written down itself") {
  submitted_world world;
  fill(world.kept, "4000000000");
  REQUIRE(world.kept.entries().size() == 1000);
  auto const sold = world.go_on();
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  CHECK(world.network.count("POST networks/1/orders:batchDelete") == 0);
  CHECK(world.now.awaited() == json::array{"banner"});
}

TEST_CASE("a create that is repeated when the buy is there is not refused for what waits") {
  sold_world world;
  fill(world.kept, "4000000000");
  auto const again = world.now.buy();
  REQUIRE_MESSAGE(again.ok(), again.operator_detail());
  CHECK(again.body().at("media_buy_id").as_string() == sold_id);
  CHECK(world.network.writes() == 0);
}

TEST_CASE("an update counts what is new, less what it takes away") {
  sold_world world;
  fill(world.kept, "4000000000");
  REQUIRE(world.now.assign(R"([{"creative_id":"banner"}])").ok());
  REQUIRE(world.now.assign(R"([{"creative_id":"film"}])", "update-2").ok());
  CHECK(world.now.awaited() == json::array{"film"});
  CHECK(world.kept.entries().size() == 1000);
  CHECK(world.now.assign(R"([{"creative_id":"film"},{"creative_id":"banner"}])", "update-3").code() ==
        "CREATIVE_NOT_FOUND");
}

TEST_CASE("a create that is gone on with leaves no entry of a creative that has come meanwhile") {
  submitted_world world;
  world.network.add_creative("banner");
  auto const sold = world.go_on();
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  CHECK(world.network.served() == first_creative);
  CHECK(world.network.count(keeping_network::tie) == 1);
  CHECK(world.kept.entries().empty());
}

TEST_CASE("a create that is repeated gives no creatives that an update has taken away") {
  sold_world world;
  world.network.add_creative("banner");
  REQUIRE(world.now.assign("[]").ok());
  REQUIRE(world.now.buy().ok());
  CHECK(world.network.served().empty());
}

TEST_CASE("a package whose end moves in the update that assigns to it waits until that end") {
  sold_world world;
  auto const changed = world.now.update(R"({"end_time":"2027-03-31T00:00:00Z","packages":[
      {"package_id":"gam-li-8801","creative_assignments":[{"creative_id":"banner"},{"creative_id":"film"}]}]})");
  REQUIRE_MESSAGE(changed.ok(), changed.operator_detail());
  auto const end = std::chrono::sys_days{std::chrono::year{2027} / 3 / 31}.time_since_epoch() / 1s;
  CHECK(ends_in(world.kept) == std::vector<std::int64_t>{end, end});
}

TEST_CASE("an update that is not done within its lease is submitted, and does not write any more") {
  sold_world world;
  world.network.fail_next("GET networks/1/lineItems/8801/creatives", answer(200, "{}").after(60s));
  auto const request = json::parse(R"({"media_buy_id":"gam-3300",
      "packages":[{"package_id":"gam-li-8801","creative_assignments":[]}]})")
                           .as_object();
  auto changing = world.now.host.call("update_media_buy", request, call_options().idempotency_key("update-1"));
  world.now.host.advance(59s);
  REQUIRE_FALSE(changing.done());
  CHECK(result_of(world.now.sync()).contains("assignment_errors"));
  world.now.host.advance(2s);
  REQUIRE(changing.done());
  REQUIRE(changing.reply().submitted());
  CHECK(world.network.count(keeping_network::patch) == 0);
  CHECK(world.now.awaited() == json::array{"banner"});
  auto const done = world.now.update(R"({"packages":[{"package_id":"gam-li-8801","creative_assignments":[]}]})",
                                     call_options().idempotency_key("update-1").resume(changing.reply().resume(), 1));
  REQUIRE_MESSAGE(done.ok(), done.operator_detail());
  CHECK(world.network.served().empty());
  CHECK(world.kept.entries().empty());
}

TEST_CASE("an entry that is lost while its package changes is written down again") {
  sold_world world;
  world.network.before_next(keeping_network::patch, [&] { erase_all(world.kept); });
  REQUIRE(world.now.update(R"({"end_time":"2027-03-31T00:00:00Z"})").ok());
  CHECK(world.now.awaited() == json::array{"banner"});
  CHECK(result_of(world.now.sync()).at("assigned_to") == json::array{sold_package});
}

TEST_CASE("a package that its buy does not list goes on waiting") {
  sold_world world;
  world.network.fail_next(items, answer(200, "{}"));
  auto const early = result_of(world.now.sync());
  CHECK(early.at("assignment_errors").as_object().contains(sold_package));
  CHECK(world.network.associations().empty());
  CHECK(world.kept.entries().size() == 1);
  CHECK(result_of(world.now.sync()).at("assigned_to") == json::array{sold_package});
}

TEST_CASE("an update that fails lets go of what it held") {
  sold_world world;
  world.network.fail_next(keeping_network::patch, answer(400, R"({"error":{"code":400,"status":"INVALID_ARGUMENT",
      "message":"no","details":[{"fieldViolations":[{"field":"lineItem.targetEndTime","description":"no"}]}]}})"));
  auto const refused = world.now.update(R"({"end_time":"2027-03-31T00:00:00Z"})");
  REQUIRE_FALSE(refused.ok());
  REQUIRE_FALSE(refused.submitted());
  CHECK(result_of(world.now.sync()).at("assigned_to") == json::array{sold_package});
}

TEST_CASE("a creative that comes while the end of its package moves is assigned after that") {
  sold_world world;
  world.network.fail_next(keeping_network::patch, answer(200, "{}").after(5s));
  json::object const request{{"media_buy_id", sold_id}, {"end_time", "2027-03-31T00:00:00Z"}};
  auto changing = world.now.host.call("update_media_buy", request, call_options().idempotency_key("update-1"));
  world.now.host.run();
  REQUIRE_FALSE(changing.done());
  CHECK(result_of(world.now.sync()).contains("assignment_errors"));
  CHECK(world.network.associations().empty());
  world.now.host.advance(6s);
  REQUIRE(changing.done());
  REQUIRE(changing.reply().ok());
  CHECK(world.network.served() == first_creative);
  CHECK(world.kept.entries().empty());
}

TEST_CASE("a cancellation that is repeated after a kill forgets what waited") {
  sold_world world;
  auto left = world.kept;
  REQUIRE(world.now.update(R"({"canceled":true})").ok());
  awaiting_world after(world.network, left);
  REQUIRE(after.update(R"({"canceled":true})").ok());
  CHECK(world.network.writes() == 0);
  CHECK(left.entries().empty());
}

TEST_CASE("a creative is looked for once by each part of a request, however often it is named") {
  keeping_network network;
  memory_store kept;
  awaiting_world world(network, kept);
  auto const sold = world.buy(R"([{"creative_id":"banner"},{"creative_id":"banner"},{"creative_id":"banner"}])");
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  CHECK(network.count(creatives) == 3);  // may it wait, is it there, has it come
  CHECK(kept.entries().size() == 1);
}
