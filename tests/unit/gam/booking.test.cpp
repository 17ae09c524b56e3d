// Goal: a sale is booked once, whole, and approved last, whatever the network does in between. Method: the plugin below
// the fake host, the network scripted; the sequence of requests is what is looked at.
#include "gam_world.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace tenon::test;
using namespace std::chrono_literals;
using sequence = std::vector<std::string>;
using answer = scripted_upstream::answer;
using tenon::sdk::http_phase;

namespace {

std::string const orders = "GET /v1/networks/1/orders";
std::string const create_order = "POST /v1/networks/1/orders:batchCreate";
std::string const create_items = "POST /v1/networks/1/lineItems:batchCreate";
std::string const approve = "POST /v1/networks/1/orders:batchApprove";
std::string const discard = "POST /v1/networks/1/orders:batchDelete";
std::string const read_order = "GET /v1/networks/1/orders/3300";
std::string const read_items = "GET /v1/networks/1/lineItems";

}  // namespace

TEST_CASE("a sale is a draft, its line items, and approval last") {
  gam_world world;
  world.open();
  world.network_books();
  auto const sold = world.host.ask("create_media_buy", gam_world::sale(), gam_world::keyed());
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  CHECK(world.network.seen() == sequence{orders, create_order, create_items, approve, read_order, read_items});
  CHECK(sold.body().at("media_buy_id") == "gam-3300");
  CHECK(sold.body().at("status") == "pending_creatives");
  CHECK(sold.body().at("packages").at(0).at("package_id") == "gam-li-8801");
  CHECK(sold.body().at("packages").at(0).at("product_id") == "sports");
  CHECK(sold.body().at("idempotency_key") == "0123456789abcdef");
  auto const item = world.network.body_of(create_items).at("requests").at(0).at("lineItem");
  CHECK(item.at("externalLineItemId").as_string() == gam_world::marker + ":0");
  CHECK(item.at("goal").at("units") == "400000");
  CHECK(item.at("lineItemType") == "STANDARD");
  CHECK(item.at("targeting").at("inventoryTargeting").at("targetedAdUnits").at(0).at("adUnit") ==
        "networks/1/adUnits/99");
}

TEST_CASE("an order whose creation went unanswered is found by its marker and not made again") {
  gam_world world;
  world.open();
  world.network_books();
  auto found = gam_world::order("DRAFT");
  world.network.once(orders, json::object());
  world.network.once(orders, json::object{{"orders", json::array{found}}});
  world.network.once(create_order, answer(http_phase::sent, "connection reset"));
  world.network.once(read_items, json::object());
  auto const sold = world.host.ask("create_media_buy", gam_world::sale(), gam_world::keyed());
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  CHECK(world.network.count(create_order) == 1);
  CHECK(sold.body().at("media_buy_id") == "gam-3300");
}

TEST_CASE("an order of unknown outcome that is not found is not made again by the same request") {
  gam_world world;
  world.open();
  world.network_books();
  world.network.once(create_order, answer(502, "<html>"));
  auto const sold = world.host.ask("create_media_buy", gam_world::sale(), gam_world::keyed());
  REQUIRE(sold.submitted());
  CHECK(sold.delay() == 15s);
  CHECK(world.network.seen() == sequence{orders, create_order, orders});

  // It took effect after all.
  world.network.forget();
  world.network.always(orders, json::object{{"orders", json::array{gam_world::order("DRAFT")}}});
  world.network.once(read_items, json::object());
  auto const later = world.host.ask("create_media_buy", gam_world::sale(), gam_world::keyed().resume(sold.resume(), 0));
  REQUIRE_MESSAGE(later.ok(), later.operator_detail());
  CHECK(later.body().at("media_buy_id") == "gam-3300");
  CHECK(world.network.count(create_order) == 0);
  CHECK(world.network.count(create_items) == 1);
}

TEST_CASE("a buy without an idempotency key is gone on with under the marker that it got") {
  gam_world world;
  world.open();
  world.network_books();
  world.network.once(create_order, answer(502, "<html>"));
  auto const sold = world.host.ask("create_media_buy", gam_world::sale());
  REQUIRE(sold.submitted());
  auto const asked = world.network.last(orders).url();
  world.host.ask("create_media_buy", gam_world::sale(), tenon::sdk::testing::call_options().resume(sold.resume(), 0));
  CHECK(world.network.requests_of(orders).front().url() == asked);
}

TEST_CASE("a half-made buy whose ad server stays away is submitted, finished later, and starts when it can") {
  gam_world world;
  world.open();
  world.network_books();
  world.network.once(create_items, answer(503, ""));
  world.network.once(read_items, json::object());  // none of them was made
  auto const sold = world.host.ask("create_media_buy", gam_world::sale(), gam_world::keyed());
  REQUIRE(sold.submitted());
  CHECK(world.network.count(discard) == 0);

  world.host.advance(std::chrono::days{10});  // past the start that the buyer asked for
  world.network.forget();
  world.network.always(orders, json::object{{"orders", json::array{gam_world::order("DRAFT")}}});
  world.network.once(read_items, json::object());
  auto const later = world.host.ask("create_media_buy", gam_world::sale(), gam_world::keyed().resume(sold.resume(), 3));
  REQUIRE_MESSAGE(later.ok(), later.operator_detail());
  CHECK(world.network.count(create_order) == 0);
  CHECK(world.network.body_of(create_items).at("requests").at(0).at("lineItem").at("startTime") ==
        "2026-12-03T12:02:00Z");
}

TEST_CASE("a buy that cannot be made any more is undone, and the buyer learns why") {
  gam_world world;
  world.open();
  world.network_books();
  world.network.once(create_items, answer(503, ""));
  world.network.once(read_items, json::object());
  auto const sold = world.host.ask("create_media_buy", gam_world::sale(), gam_world::keyed());
  REQUIRE(sold.submitted());
  world.network.always(orders, json::object{{"orders", json::array{gam_world::order("DRAFT")}}});
  world.network.always(read_items, json::object());
  world.network.once(create_items, answer(400, R"({"error":{"code":400,"status":"INVALID_ARGUMENT","message":"no",
      "details":[{"fieldViolations":[{"field":"requests[0].lineItem.startTime","description":"too early"}]}]}})"));
  world.network.once(read_order, gam_world::order("DRAFT"));
  world.network.once(discard, answer(503, ""));
  auto const undoing =
      world.host.ask("create_media_buy", gam_world::sale(), gam_world::keyed().resume(sold.resume(), 1));
  REQUIRE(undoing.submitted());
  world.network.forget();
  world.network.once(read_order, gam_world::order("DRAFT"));
  auto const undone =
      world.host.ask("create_media_buy", gam_world::sale(), gam_world::keyed().resume(undoing.resume(), 2));
  CHECK(undone.code() == "VALIDATION_ERROR");
  CHECK(undone.field() == "start_time");
  CHECK(world.network.seen() == sequence{read_order, discard});
}

TEST_CASE("bytes of another format are told, and nothing is done") {
  gam_world world;
  world.open();
  auto const options = gam_world::keyed().resume(R"({"format":9})", 1);
  CHECK(world.host.ask("create_media_buy", gam_world::sale(), options).code() == "INTERNAL_ERROR");
  CHECK(world.network.seen().empty());
}

TEST_CASE("a forecast that takes longer than the call is waited for later") {
  gam_world world;
  world.open();
  world.network_books();
  world.network.always(approve, answer(400, R"({"error":{"code":400,"status":"FAILED_PRECONDITION","message":"",
      "details":[{"reason":"NO_FORECAST_YET"}]}})"));
  auto selling = world.host.call("create_media_buy", gam_world::sale(), gam_world::keyed());
  world.host.advance(60s);
  REQUIRE(selling.done());
  REQUIRE(selling.reply().submitted());
  CHECK(selling.reply().delay() == 30s);
  CHECK(world.network.count(discard) == 0);
}

TEST_CASE("a repeated request finds everything done and writes nothing") {
  gam_world world;
  world.open();
  world.network_books();
  world.network.always(orders, json::object{{"orders", json::array{gam_world::order("APPROVED")}}});
  auto const sold = world.host.ask("create_media_buy", gam_world::sale(), gam_world::keyed().recovering());
  REQUIRE(sold.ok());
  CHECK(world.network.seen() == sequence{orders, read_items, read_order, read_items});
}

TEST_CASE("line items of unknown outcome are looked up by their markers") {
  gam_world world;
  world.open();
  world.network_books();
  world.network.once(create_items, answer(504, ""));
  auto const sold = world.host.ask("create_media_buy", gam_world::sale(), gam_world::keyed());
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  CHECK(world.network.count(create_items) == 1);
  CHECK(world.network.count(discard) == 0);
}

TEST_CASE("a draft whose line items are refused is deleted") {
  gam_world world;
  world.open();
  world.network_books();
  world.network.once(create_items, answer(400, R"({"error":{"code":400,"status":"INVALID_ARGUMENT","message":"no",
      "details":[{"fieldViolations":[{"field":"requests[0].lineItem.startTime","description":"too early"}]}]}})"));
  world.network.once(read_order, gam_world::order("DRAFT"));
  auto const sold = world.host.ask("create_media_buy", gam_world::sale(), gam_world::keyed());
  CHECK(sold.code() == "VALIDATION_ERROR");
  CHECK(sold.field() == "start_time");
  CHECK(world.network.seen() == sequence{orders, create_order, create_items, read_order, discard});
  CHECK(world.network.body_of(discard).at("names").at(0) == "networks/1/orders/3300");
}

TEST_CASE("a write that is refused for its rate is repeated after the pause it asks for") {
  gam_world world;
  world.open();
  world.network_books();
  world.network.once(create_order, answer(429, "{}").header("retry-after", "3"));
  auto selling = world.host.call("create_media_buy", gam_world::sale(), gam_world::keyed());
  world.host.run();
  CHECK_FALSE(selling.done());
  world.host.advance(3s);
  REQUIRE(selling.done());
  REQUIRE(selling.reply().ok());
  CHECK(world.network.count(create_order) == 2);
}

TEST_CASE("a rate that stays too high is told with the pause") {
  gam_world world;
  world.open();
  world.network_books();
  world.network.always(orders, answer(429, "{}").header("retry-after", "40"));
  auto selling = world.host.call("create_media_buy", gam_world::sale(), gam_world::keyed());
  world.host.advance(60s);
  REQUIRE(selling.done());
  CHECK(selling.reply().code() == "RATE_LIMITED");
  CHECK(selling.reply().retry_after_s() == 40);
}

TEST_CASE("approval waits for the forecast of new line items") {
  gam_world world;
  world.open();
  world.network_books();
  auto const pending =
      R"({"error":{"code":400,"status":"FAILED_PRECONDITION","message":"","details":[{"reason":"NO_FORECAST_YET"}]}})";
  world.network.once(approve, answer(400, pending));
  auto selling = world.host.call("create_media_buy", gam_world::sale(), gam_world::keyed());
  world.host.advance(11s);
  REQUIRE(selling.done());
  REQUIRE(selling.reply().ok());
  CHECK(world.network.count(approve) == 2);
}

TEST_CASE("an approval that went unanswered is read back") {
  gam_world world;
  world.open();
  world.network_books();
  world.network.once(approve, answer(http_phase::sent, "reset"));
  auto const sold = world.host.ask("create_media_buy", gam_world::sale(), gam_world::keyed());
  REQUIRE(sold.ok());
  CHECK(world.network.count(approve) == 1);
}

TEST_CASE("targeting that the API cannot express is refused before anything is written") {
  for (auto const* member :
       {"daypart_targets", "geo_postal_areas", "property_list", "keyword_targets", "axe_include_segment"}) {
    CAPTURE(member);
    gam_world world;
    world.open();
    auto sale = gam_world::sale();
    sale["packages"].as_array()[0].as_object()["targeting_overlay"] = json::object{{member, json::array{"x"}}};
    auto const sold = world.host.ask("create_media_buy", sale, gam_world::keyed());
    CHECK(sold.code() == "UNSUPPORTED_FEATURE");
    CHECK(sold.field() == "packages[0].targeting_overlay." + std::string(member));
    CHECK(world.network.seen().empty());
  }
}

TEST_CASE("places are found by listing, and one that is not there is refused") {
  gam_world world;
  world.open();
  world.network_books();
  auto const places = "GET /v1/networks/1/geoTargets";
  world.network.once(places,
                     json::parse(R"({"geoTargets":[{"name":"networks/1/geoTargets/2840","targetable":true}]})"));
  world.network.once(places,
                     json::parse(R"({"geoTargets":[{"name":"networks/1/geoTargets/21137","targetable":true}]})"));
  auto sale = gam_world::sale();
  auto& package = sale["packages"].as_array()[0].as_object();
  package["targeting_overlay"] = json::parse(R"({"geo_regions":["US-CA"]})");
  REQUIRE(world.host.ask("create_media_buy", sale, gam_world::keyed()).ok());
  auto const geo =
      world.network.body_of(create_items).at("requests").at(0).at("lineItem").at("targeting").at("geoTargeting");
  CHECK(geo.at("targetedGeos") == json::array{"networks/1/geoTargets/21137"});
  CHECK(world.network.last(places).url().find("displayName%20%3D%20%22California%22") != std::string::npos);

  package["targeting_overlay"] = json::parse(R"({"geo_regions":["FR-IDF"]})");
  auto const refused = world.host.ask("create_media_buy", sale, gam_world::keyed());
  CHECK(refused.code() == "VALIDATION_ERROR");
  CHECK(refused.field() == "packages[0].targeting_overlay.geo_regions");
}

TEST_CASE("an assigned creative is tied to its line item before approval") {
  gam_world world;
  world.open();
  world.network_books("READY");
  world.network.always("GET /v1/networks/1/creatives",
                       json::parse(R"({"creatives":[{"name":"networks/1/creatives/70"}]})"));
  world.network.always("GET /v1/networks/1/lineItems/8801/creatives", json::object());
  std::string const tie = "POST /v1/networks/1/lineItems/8801/creatives:batchCreate";
  world.network.always(tie, json::object());
  auto sale = gam_world::sale();
  sale["packages"].as_array()[0].as_object()["creative_assignments"] = json::parse(R"([{"creative_id":"banner"}])");
  auto const sold = world.host.ask("create_media_buy", sale, gam_world::keyed());
  REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
  CHECK(sold.body().at("status") == "pending_start");
  auto const& seen = world.network.seen();
  CHECK(std::find(seen.begin(), seen.end(), tie) < std::find(seen.begin(), seen.end(), approve));
  CHECK(world.network.body_of(tie).at("requests").at(0).at("lineItemCreativeAssociation").at("creative") ==
        "networks/1/creatives/70");
}
