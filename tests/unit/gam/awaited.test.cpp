// Goal: a package may name a creative that has not been sent; it gets it when it comes, once, and from its own buyer
// alone, whatever happens in between. Method: the plugin below the fake host, with a store and a network that outlive
// it.
#include "awaiting_world.hpp"

#include <doctest/doctest.h>

using namespace tenon::test;
using namespace std::chrono_literals;
using answer = scripted_upstream::answer;
using tenon::sdk::http_phase;

TEST_CASE("a buy may name a creative that has not been sent, and says that it waits for it") {
  keeping_network network;
  memory_store kept;
  awaiting_world world(network, kept);
  auto const sold = world.buy();
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  CHECK(sold.body().at("status") == "pending_creatives");
  auto const package = sold.body().at("packages").at(0);
  CHECK(package.at("ext").at("tenon").at("awaited_creatives") == json::array{"banner"});
  CHECK(package.at("creative_assignments").at(0).at("creative_id") == "banner");
  CHECK(world.awaited() == json::array{"banner"});
  CHECK(network.associations().empty());
  CHECK(kept.entries().size() == 1);
}

TEST_CASE("the creative that comes goes to the package that waits for it, with its weight, and once") {
  keeping_network network;
  memory_store kept;
  awaiting_world world(network, kept);
  REQUIRE(world.buy(R"([{"creative_id":"banner","weight":40}])").ok());
  auto const first = result_of(world.sync());
  CHECK(first.at("action") == "created");
  CHECK(first.at("assigned_to") == json::array{sold_package});
  CHECK(network.served() == first_creative);
  CHECK(network.associations().at(0).at("manualCreativeRotationWeight").to_number<double>() == 40);
  CHECK(kept.entries().empty());
  CHECK(world.awaited() == json::array());
  auto const again = result_of(world.sync());
  CHECK(again.at("action") == "unchanged");
  CHECK_FALSE(again.contains("assigned_to"));
  CHECK(network.count(keeping_network::tie) == 1);
}

TEST_CASE("what waits is kept over a reload") {
  keeping_network network;
  memory_store kept;
  {
    awaiting_world before(network, kept);
    REQUIRE(before.buy().ok());
  }
  awaiting_world after(network, kept);
  CHECK(after.awaited() == json::array{"banner"});
  CHECK(result_of(after.sync()).at("assigned_to") == json::array{sold_package});
  CHECK(network.served() == first_creative);
}

TEST_CASE("a creative that another buyer sends goes to none of this buyer's packages") {
  sold_world world;
  CHECK_FALSE(result_of(world.now.sync(buyer("buyer-2"))).contains("assigned_to"));
  CHECK(world.network.associations().empty());
  CHECK(world.network.count("GET networks/1/orders/3300") == 0);  // it learns nothing of the buy either
  CHECK(world.now.awaited() == json::array{"banner"});
  CHECK(result_of(world.now.sync()).at("assigned_to") == json::array{sold_package});
  CHECK(world.network.served() == first_creative);
}

TEST_CASE("an entry that leads to another buyer's media buy is worth nothing") {
  sold_world world;
  auto const entry = *world.kept.entries().begin();
  auto const digest = entry.first.substr(entry.first.find('/', std::string("awaiting/").size()));
  CHECK_FALSE(result_of(world.now.sync(buyer("buyer-2"))).contains("assigned_to"));
  auto const theirs = tenon::sdk::hex(telling_digest("acme\nbuyer-2")).substr(0, 16);
  keep(world.kept, "awaiting/" + theirs + digest, entry.second.text);
  CHECK_FALSE(result_of(world.now.sync(buyer("buyer-2"))).contains("assigned_to"));
  CHECK(world.network.associations().empty());
  REQUIRE(world.kept.entries().size() == 1);
  CHECK(world.kept.entries().begin()->first == entry.first);
}

TEST_CASE("a buy that was canceled meanwhile is not touched, and is waited for no more") {
  sold_world canceled_there;
  canceled_there.network.cancel();
  CHECK_FALSE(result_of(canceled_there.now.sync()).contains("assigned_to"));
  CHECK(canceled_there.network.associations().empty());
  CHECK(canceled_there.kept.entries().empty());

  sold_world canceled_here;
  REQUIRE(canceled_here.now.update(R"({"canceled":true})").ok());
  CHECK(canceled_here.kept.entries().empty());

  sold_world package_canceled;
  REQUIRE(package_canceled.now.update(R"({"packages":[{"package_id":"gam-li-8801","canceled":true}]})").ok());
  CHECK(package_canceled.kept.entries().empty());
}

TEST_CASE("a package that has ended is waited for no more") {
  sold_world world;
  world.now.host.advance(std::chrono::days{60});
  CHECK_FALSE(result_of(world.now.sync()).contains("assigned_to"));
  CHECK(world.network.associations().empty());
  CHECK(world.kept.entries().empty());
}

TEST_CASE("a process that dies after the association and before its entry is erased leaves it to be found done") {
  sold_world world;
  auto died_with = world.kept;
  REQUIRE(world.now.sync().ok());
  REQUIRE(world.kept.entries().empty());
  awaiting_world after(world.network, died_with);
  CHECK(result_of(after.sync()).at("assigned_to") == json::array{sold_package});
  CHECK(world.network.associations().size() == 1);
  CHECK(world.network.count(keeping_network::tie) == 0);
  CHECK(died_with.entries().empty());
}

TEST_CASE("who dies while holding an entry loses it after a minute") {
  sold_world world;
  world.network.fail_next(keeping_network::tie, answer(200, "{}").after(1h));
  auto dying = world.now.host.call("sync_creatives", {{"creatives", json::array{creative("banner")}}});
  world.now.host.run();
  REQUIRE_FALSE(dying.done());
  auto died_with = world.kept;
  awaiting_world after(world.network, died_with);
  auto const early = result_of(after.sync());
  CHECK(early.at("assignment_errors").as_object().contains(sold_package));
  CHECK(world.network.associations().empty());
  CHECK(after.awaited() == json::array{"banner"});
  after.host.advance(61s);
  CHECK(result_of(after.sync()).at("assigned_to") == json::array{sold_package});
  CHECK(world.network.served() == first_creative);
  CHECK(died_with.entries().empty());
}

TEST_CASE("an association of unknown outcome is looked for when the creative is sent again") {
  sold_world world;
  world.network.fail_next(keeping_network::tie, answer(http_phase::sent, "connection reset"));
  CHECK(world.now.sync().code() == "SERVICE_UNAVAILABLE");
  CHECK(world.kept.entries().size() == 1);
  CHECK(result_of(world.now.sync()).at("assigned_to") == json::array{sold_package});
  CHECK(world.network.served() == first_creative);
}

TEST_CASE("a package that refuses the creative goes on waiting, and the buyer learns why") {
  sold_world world;
  world.network.fail_next(keeping_network::tie, answer(400, R"({"error":{"code":400,"status":"INVALID_ARGUMENT",
      "message":"no","details":[{"reason":"INVALID_LINEITEM_CREATIVE_PAIRING"}]}})"));
  auto const refused = result_of(world.now.sync());
  CHECK(refused.at("action") == "created");
  CHECK(refused.at("assignment_errors").as_object().contains(sold_package));
  CHECK_FALSE(refused.contains("assigned_to"));
  CHECK(world.now.awaited() == json::array{"banner"});
}

TEST_CASE("a dry run and a creative that fails carry nothing out") {
  sold_world world;
  json::object request{{"creatives", json::array{creative("banner")}}, {"dry_run", true}};
  REQUIRE(world.now.host.ask("sync_creatives", request).ok());
  world.network.add_creative("banner");
  REQUIRE(world.now.host.ask("sync_creatives", request).ok());
  auto film = creative("banner");
  film["assets"] = json::parse(R"({"video":{"asset_type":"video","url":"https://cdn.example/v.mp4"}})");
  auto const failed = world.now.host.ask("sync_creatives", {{"creatives", json::array{film}}});
  CHECK(result_of(failed).at("action") == "failed");
  CHECK(world.network.writes() == 0);
  CHECK(world.kept.entries().size() == 1);
}

TEST_CASE("an assignment by sync_creatives is not waited for any more") {
  sold_world world;
  world.network.add_creative("banner");
  json::object entry{{"creative_id", "banner"}, {"package_id", sold_package}};
  REQUIRE(world.now.host.ask("sync_creatives", {{"assignments", json::array{entry}}}).ok());
  CHECK(world.network.served() == first_creative);
  CHECK(world.kept.entries().empty());
}

TEST_CASE("a creative that comes while the buy is made is there when it has been made") {
  keeping_network network;
  memory_store kept;
  awaiting_world world(network, kept);
  // After the package was seen to lack it, and before that was written down.
  network.before_next("POST networks/1/lineItems:batchCreate", [&] {
    network.before_next("GET networks/1/creatives", [&] {
      network.before_next("GET networks/1/creatives", [&] { network.add_creative("banner"); });
    });
  });
  auto const sold = world.buy();
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  CHECK(network.served() == first_creative);
  CHECK(kept.entries().empty());
  CHECK(sold.body().at("status") == "pending_start");
}

TEST_CASE("what waits is written down before the buyer is answered, and a buy that is undone waits for nothing") {
  keeping_network network;
  memory_store kept;
  awaiting_world world(network, kept);
  network.fail_next(keeping_network::approve, answer(400, R"({"error":{"code":400,"status":"INVALID_ARGUMENT",
      "message":"no","details":[{"reason":"NOT_ENOUGH_INVENTORY"}]}})"));
  std::size_t before_approval = 0;
  network.before_next(keeping_network::approve, [&] { before_approval = kept.entries().size(); });
  CHECK(world.buy().code() == "PRODUCT_UNAVAILABLE");
  CHECK(before_approval == 1);
  CHECK(network.count("POST networks/1/orders:batchDelete") == 1);
  CHECK(kept.entries().empty());
}

TEST_CASE("no more wait than may, and a buy that would be too much is refused before anything is written") {
  sold_world world;
  fill(world.kept, "4000000000");
  REQUIRE(world.kept.entries().size() == 1000);
  auto const refused = world.now.assign(R"([{"creative_id":"banner"},{"creative_id":"film"}])");
  CHECK(refused.code() == "CREATIVE_NOT_FOUND");
  CHECK(refused.field() == "packages[0].creative_assignments");
  CHECK(world.network.writes() == 0);
  CHECK(world.kept.entries().size() == 1000);

  sold_world roomy;
  fill(roomy.kept, "1000");  // packages that ended long ago
  REQUIRE(roomy.now.assign(R"([{"creative_id":"banner"},{"creative_id":"film"}])").ok());
  CHECK(roomy.now.awaited() == json::array{"banner", "film"});
}

TEST_CASE("an update adds to what a package waits for, and takes away from it") {
  sold_world world;
  auto const added = world.now.assign(R"([{"creative_id":"banner"},{"creative_id":"film"}])");
  REQUIRE_MESSAGE(added.ok(), added.operator_detail());
  CHECK(added.body().at("affected_packages").at(0).at("ext").at("tenon").at("awaited_creatives") ==
        json::array{"banner", "film"});
  CHECK(world.kept.entries().size() == 2);
  REQUIRE(world.now
              .update(R"({"packages":[{"package_id":"gam-li-8801","creative_assignments":[]}]})",
                      call_options().idempotency_key("update-2"))
              .ok());
  CHECK(world.kept.entries().empty());
  CHECK_FALSE(result_of(world.now.sync()).contains("assigned_to"));
  CHECK(world.network.associations().empty());
}

TEST_CASE("an entry whose package does not name the creative any more is worth nothing") {
  sold_world world;
  auto const stale = world.kept;
  REQUIRE(world.now.assign("[]").ok());
  auto left = stale;
  awaiting_world after(world.network, left);
  CHECK(after.awaited() == json::array());
  CHECK_FALSE(result_of(after.sync()).contains("assigned_to"));
  CHECK(world.network.associations().empty());
  CHECK(left.entries().empty());
}

TEST_CASE("a package is not changed while a creative is assigned to it, and is changed afterwards") {
  sold_world world;
  world.network.fail_next(keeping_network::tie, answer(200, "{}").after(5s));
  auto assigning = world.now.host.call("sync_creatives", {{"creatives", json::array{creative("banner")}}});
  world.now.host.run();
  REQUIRE_FALSE(assigning.done());
  auto const waits = world.now.assign("[]");
  REQUIRE(waits.submitted());
  CHECK(world.network.count(keeping_network::patch) == 0);
  world.now.host.advance(61s);
  REQUIRE(assigning.done());
  auto const done = world.now.update(R"({"packages":[{"package_id":"gam-li-8801","creative_assignments":[]}]})",
                                     call_options().idempotency_key("update-1").resume(waits.resume(), 1));
  REQUIRE_MESSAGE(done.ok(), done.operator_detail());
  CHECK(world.kept.entries().empty());
  CHECK(world.network.item_record().at("creative_assignments") == json::array());
}

TEST_CASE("a creative that comes while its assignment is taken away is not assigned") {
  sold_world world;
  bool refused = false;
  world.network.before_next(keeping_network::patch, [&] { refused = true; });
  world.network.fail_next(keeping_network::patch, answer(200, "{}").after(5s));
  auto const request = json::parse(R"({"media_buy_id":"gam-3300",
      "packages":[{"package_id":"gam-li-8801","creative_assignments":[]}]})")
                           .as_object();
  auto changing = world.now.host.call("update_media_buy", request, call_options().idempotency_key("update-1"));
  world.now.host.run();
  REQUIRE(refused);
  CHECK(result_of(world.now.sync()).at("assignment_errors").as_object().contains(sold_package));
  world.now.host.advance(6s);
  REQUIRE(changing.done());
  CHECK(changing.reply().ok());
  CHECK(world.network.associations().empty());
  CHECK(world.kept.entries().empty());
}

TEST_CASE("a package whose end moves waits as long") {
  sold_world world;
  REQUIRE(world.now.update(R"({"end_time":"2027-03-31T00:00:00Z"})", call_options().idempotency_key("update-0")).ok());
  fill(world.kept, "4000000000");
  world.now.host.advance(std::chrono::days{60});
  CHECK(world.now.assign(R"([{"creative_id":"banner"},{"creative_id":"film"}])").code() == "CREATIVE_NOT_FOUND");
  CHECK(result_of(world.now.sync()).at("assigned_to") == json::array{sold_package});
}

TEST_CASE("a creative that a buy brings goes to the packages that wait for it, too") {
  sold_world world;
  json::object package{{"package_id", sold_package}, {"creatives", json::array{creative("film")}}};
  REQUIRE(world.now.assign(R"([{"creative_id":"banner"},{"creative_id":"film"}])").ok());
  json::object const request{{"media_buy_id", sold_id}, {"packages", json::array{package}}};
  auto const brought = world.now.host.ask("update_media_buy", request, call_options().idempotency_key("update-2"));
  REQUIRE_MESSAGE(brought.ok(), brought.operator_detail());
  CHECK(world.network.served() == first_creative);
  CHECK(world.now.awaited() == json::array{"banner"});
}

TEST_CASE("a name that no creative can have is not waited for") {
  sold_world world;
  auto const refused = world.now.assign(R"([{"creative_id":")" + std::string(256, 'x') + R"("}])");
  CHECK(refused.code() == "VALIDATION_ERROR");
  CHECK(refused.field() == "packages[0].creative_assignments[0].creative_id");
}
