// Goal: changes, creatives and delivery reach the network as its own actions, and its answers are believed only as far
// as they can be. Method: the plugin below the fake host, the network scripted.
#include "gam_world.hpp"

#include <doctest/doctest.h>

using namespace tenon::test;
using namespace std::chrono_literals;
using sequence = std::vector<std::string>;
using answer = scripted_upstream::answer;

namespace {

std::string const read_order = "GET /v1/networks/1/orders/3300";
std::string const read_items = "GET /v1/networks/1/lineItems";
std::string const patch_item = "PATCH /v1/networks/1/lineItems/8801";
std::string const pause_items = "POST /v1/networks/1/lineItems:batchPause";
std::string const resume = "POST /v1/networks/1/lineItems:batchResume";
std::string const archive = "POST /v1/networks/1/orders:batchArchive";
std::string const write_order = "POST /v1/networks/1/orders:batchUpdate";

// A world with a booked order, ready for changes.
class booked_world : public gam_world {
 public:
  explicit booked_world(std::string const& status = "DELIVERING") {
    open();
    network_books(status);
    for (auto const& write : {patch_item, pause_items, resume, archive, write_order}) {
      network.always(write, json::object());
    }
  }

  tenon::sdk::testing::fake_reply update(std::string_view members) {
    auto request = json::parse(members).as_object();
    request["media_buy_id"] = "gam-3300";
    return host.ask("update_media_buy", request, keyed());
  }
};

json::object report_row(std::string_view money) {
  return json::parse(R"({"dimensionValues":[{"intValue":"20261123"},{"intValue":"3300"},{"intValue":"8801"}],
      "metricValueGroups":[{"primaryValues":[{"intValue":"15234"},{"intValue":"41"},)" +
                     std::string(money) + "]}]}")
      .as_object();
}

// A world whose order has run since November 20, with a report of one row.
class reported_world : public booked_world {
 public:
  explicit reported_world(std::string_view money) {
    auto item = line_item("DELIVERING");
    item["startTime"] = "2026-11-20T00:00:00Z";
    network.always(read_items, json::object{{"lineItems", json::array{item}}});
    network.always("GET /v1/networks/1/reports", json::object());
    network.always("POST /v1/networks/1/reports", json::object{{"name", "networks/1/reports/41"}});
    network.always("POST /v1/networks/1/reports/41:run",
                   json::object{{"name", "networks/1/operations/reports/runs/8"}});
    auto const operation = "GET /v1/networks/1/operations/reports/runs/8";
    network.once(operation, json::object{{"done", false}});
    network.always(operation,
                   json::parse(R"({"done":true,"response":{"reportResult":"networks/1/reports/41/results/9"}})"));
    network.always("GET /v1/networks/1/reports/41/results/9:fetchRows",
                   json::object{{"rows", json::array{report_row(money)}}});
  }

  tenon::sdk::testing::fake_reply ask() {
    auto pending = host.call("get_media_buy_delivery", {{"media_buy_ids", json::array{"gam-3300"}}}, keyed());
    host.advance(30s);
    return pending.reply();
  }
};

}  // namespace

TEST_CASE("pausing is an action, never a status that is written") {
  booked_world world;
  auto const updated = world.update(R"({"paused":true})");
  REQUIRE_MESSAGE(updated.ok(), updated.operator_detail());
  CHECK(world.network.body_of(pause_items).at("names").at(0) == "networks/1/lineItems/8801");
  CHECK(world.network.count(archive) == 0);
  CHECK(world.network.body_of(patch_item).contains("status") == false);
}

TEST_CASE("resuming is an action too, and only what is paused is resumed") {
  booked_world running;
  REQUIRE(running.update(R"({"paused":false})").ok());
  CHECK(running.network.count(resume) == 0);
  booked_world paused("PAUSED");
  REQUIRE(paused.update(R"({"paused":false})").ok());
  CHECK(paused.network.count(resume) == 1);
}

TEST_CASE("a budget becomes a goal, and the record keeps what the buyer said") {
  booked_world world;
  auto const updated = world.update(R"({"packages":[{"package_id":"gam-li-8801","budget":10000}]})");
  REQUIRE_MESSAGE(updated.ok(), updated.operator_detail());
  auto const patch = world.network.body_of(patch_item);
  CHECK(patch.at("goal").at("units") == "800000");
  CHECK(patch.at("notes").as_string().find("\"budget\":10000") != std::string::npos);
  CHECK(world.network.last(patch_item).url().find("updateMask=goal,notes") != std::string::npos);
  CHECK(updated.body().at("affected_packages").as_array().size() == 1);
}

TEST_CASE("a budget below what was delivered is refused") {
  booked_world world;
  auto const updated = world.update(R"({"packages":[{"package_id":"gam-li-8801","budget":5}]})");
  CHECK(updated.code() == "BUDGET_EXCEEDED");
  CHECK(world.network.count(patch_item) == 0);
}

TEST_CASE("the bid of a fixed price cannot change") {
  booked_world world;
  CHECK(world.update(R"({"packages":[{"package_id":"gam-li-8801","bid_price":20}]})").field() ==
        "packages[0].bid_price");
}

TEST_CASE("an end moves the writable end") {
  booked_world world;
  REQUIRE(world.update(R"({"end_time":"2027-01-31T00:00:00Z"})").ok());
  auto const patch = world.network.body_of(patch_item);
  CHECK(patch.at("targetEndTime") == "2027-01-31T00:00:00Z");
  CHECK_FALSE(patch.contains("endTime"));
}

TEST_CASE("every change makes a revision") {
  booked_world world;
  REQUIRE(world.update(R"({"paused":true,"revision":1})").ok());
  auto const notes = world.network.body_of(write_order).at("requests").at(0).at("order").at("notes");
  CHECK(json::parse(notes.as_string()).at("revision") == 2);
  CHECK(world.update(R"({"paused":true,"revision":7})").code() == "CONFLICT");
}

TEST_CASE("cancelling notes the reason, pauses what serves and archives the order") {
  booked_world world;
  REQUIRE(world.update(R"({"canceled":true,"cancellation_reason":"plans changed"})").ok());
  CHECK(world.network.seen() ==
        sequence{read_order, read_items, write_order, pause_items, archive, read_order, read_items});
  auto const notes = world.network.body_of(write_order).at("requests").at(0).at("order").at("notes");
  CHECK(notes.as_string().find("plans changed") != std::string::npos);
}

TEST_CASE("what is canceled cannot be canceled again") {
  booked_world world;
  auto order = gam_world::order("APPROVED");
  order["archived"] = true;
  world.network.always(read_order, order);
  CHECK(world.update(R"({"canceled":true})").code() == "NOT_CANCELLABLE");
  CHECK(world.update(R"({"paused":true})").code() == "INVALID_STATE");
}

TEST_CASE("orders that are not ours do not exist") {
  booked_world world;
  auto theirs = gam_world::order("APPROVED");
  theirs["notes"] = "booked by hand";
  world.network.always(read_order, theirs);
  CHECK(world.update(R"({"paused":true})").code() == "MEDIA_BUY_NOT_FOUND");
  auto other = gam_world::order("APPROVED");
  other["advertiser"] = "networks/1/companies/6";
  world.network.always(read_order, other);
  CHECK(world.update(R"({"paused":true})").code() == "MEDIA_BUY_NOT_FOUND");
  world.network.always(read_order, answer(404, "{}"));
  CHECK(world.update(R"({"paused":true})").code() == "MEDIA_BUY_NOT_FOUND");
  world.network.forget();
  CHECK(world.host.ask("update_media_buy", {{"media_buy_id", "gam-3300/../../x"}}).code() == "MEDIA_BUY_NOT_FOUND");
  CHECK(world.network.seen().empty());
}

TEST_CASE("a package of another buy does not exist") {
  booked_world world;
  auto const updated = world.update(R"({"packages":[{"package_id":"gam-li-1","paused":true}]})");
  CHECK(updated.code() == "PACKAGE_NOT_FOUND");
  CHECK(updated.field() == "packages[0].package_id");
}

TEST_CASE("what cannot be changed is refused and not dropped") {
  booked_world world;
  CHECK(world.update(R"({"new_packages":[{}]})").field() == "new_packages");
  CHECK(world.update(R"({"packages":[{"package_id":"gam-li-8801","targeting_overlay":{"daypart_targets":[{}]}}]})")
            .code() == "UNSUPPORTED_FEATURE");
  CHECK(world.network.count(patch_item) == 0);
}

TEST_CASE("media buys are told from the network alone") {
  booked_world world;
  auto const listed = world.host.ask("get_media_buys", {{"media_buy_ids", json::array{"gam-3300", "gam-x"}}});
  REQUIRE(listed.ok());
  auto const body = listed.body();
  CHECK(body.at("media_buys").as_array().size() == 1);
  CHECK(body.at("media_buys").at(0).at("status") == "active");
  CHECK(body.at("media_buys").at(0).at("total_budget").to_number<double>() == 5000);
  CHECK(body.at("errors").at(0).at("code") == "MEDIA_BUY_NOT_FOUND");
}

TEST_CASE("delivery is a report, run, awaited and read by day") {
  reported_world world(R"({"doubleValue":190.43})");
  auto const delivered = world.ask();
  REQUIRE_MESSAGE(delivered.ok(), delivered.operator_detail());
  auto const body = delivered.body();
  auto const package = body.at("media_buy_deliveries").at(0).at("by_package").at(0);
  CHECK(package.at("impressions") == 15234);
  CHECK(package.at("spend").to_number<double>() == doctest::Approx(190.43));
  CHECK(package.at("rate").to_number<double>() == 12.5);
  CHECK(body.at("reporting_period").at("start") == "2026-11-20T00:00:00Z");
  CHECK(world.network.body_of("POST /v1/networks/1/reports").at("visibility") == "HIDDEN");
}

TEST_CASE("money that might be millionths is not believed") {
  reported_world world(R"({"intValue":"190430000"})");
  CHECK(world.ask().code() == "SERVICE_UNAVAILABLE");
}

TEST_CASE("a report that exists is run again instead of leaving one behind each time") {
  reported_world world(R"({"doubleValue":1})");
  world.network.always("GET /v1/networks/1/reports", json::parse(R"({"reports":[{"name":"networks/1/reports/41"}]})"));
  world.network.always("PATCH /v1/networks/1/reports/41", json::object());
  REQUIRE(world.ask().ok());
  CHECK(world.network.count("POST /v1/networks/1/reports") == 0);
  CHECK(world.network.count("PATCH /v1/networks/1/reports/41") == 1);
}

TEST_CASE("delivery of a buy that has not begun needs no report") {
  booked_world world;
  auto const delivered = world.host.ask("get_media_buy_delivery", {{"media_buy_ids", json::array{"gam-3300"}}});
  REQUIRE(delivered.ok());
  CHECK(delivered.body().at("media_buy_deliveries").at(0).at("totals").at("spend").to_number<double>() == 0);
}

TEST_CASE("a creative is made under the buyer's id, and its landing page is never the picture") {
  booked_world world;
  world.network.always("GET /v1/networks/1/creatives", json::object());
  world.network.always("POST /v1/networks/1/creatives", json::object{{"name", "networks/1/creatives/70"}});
  auto const synced = world.host.ask("sync_creatives", json::parse(R"({"creatives":[
      {"creative_id":"banner","name":"Banner","format_id":{"agent_url":"https://other.example","id":"display_300x250"},
       "assets":{"image":{"asset_type":"image","url":"https://cdn.example/b.png","width":300,"height":250}}},
      {"creative_id":"film","name":"Film","format_id":{"agent_url":"https://f.example","id":"display_300x250"},
       "assets":{"video":{"asset_type":"video","url":"https://cdn.example/v.mp4"}}}]})")
                                                           .as_object());
  REQUIRE(synced.ok());
  auto const creative = world.network.body_of("POST /v1/networks/1/creatives");
  CHECK(creative.at("displayName") == "banner");
  CHECK(creative.at("imageRedirectCreative").at("destinationUrlType") == "NONE");
  CHECK_FALSE(creative.at("imageRedirectCreative").as_object().contains("destinationUrl"));
  auto const results = synced.body().at("creatives");
  CHECK(results.at(0).at("action") == "created");
  CHECK(results.at(1).at("action") == "failed");
  CHECK_FALSE(results.at(1).as_object().contains("status"));
}

TEST_CASE("a creative that is already so is left alone") {
  booked_world world;
  world.network.always("GET /v1/networks/1/creatives", json::parse(R"({"creatives":[{"name":"networks/1/creatives/70",
      "displayName":"banner","size":{"width":300,"height":250},"imageRedirectCreative":
      {"imageUrl":"https://cdn.example/b.png","destinationUrlType":"NONE","altText":""}}]})"));
  auto const synced = world.host.ask("sync_creatives", json::parse(R"({"creatives":[
      {"creative_id":"banner","name":"Banner","format_id":{"agent_url":"https://f.example","id":"display_300x250"},
       "assets":{"image":{"asset_type":"image","url":"https://cdn.example/b.png","width":300,"height":250}}}]})")
                                                           .as_object());
  CHECK(synced.body().at("creatives").at(0).at("action") == "unchanged");
}
