// Goal: a change that is not done at once is finished or undone, once, whatever stops it and whoever comes between.
// Method: the plugin below the fake host, the network scripted; the host's part of task/1 played by the test.
#include "gam_world.hpp"

#include <doctest/doctest.h>

using namespace tenon::test;
using namespace std::chrono_literals;
using sequence = std::vector<std::string>;
using answer = scripted_upstream::answer;
using tenon::sdk::http_phase;

namespace {

std::string const orders = "GET /v1/networks/1/orders";
std::string const create_order = "POST /v1/networks/1/orders:batchCreate";
std::string const create_items = "POST /v1/networks/1/lineItems:batchCreate";
std::string const delete_items = "POST /v1/networks/1/lineItems:batchDelete";
std::string const pause_items = "POST /v1/networks/1/lineItems:batchPause";
std::string const patch_item = "PATCH /v1/networks/1/lineItems/8801";
std::string const approve = "POST /v1/networks/1/orders:batchApprove";
std::string const discard = "POST /v1/networks/1/orders:batchDelete";
std::string const read_order = "GET /v1/networks/1/orders/3300";
std::string const read_items = "GET /v1/networks/1/lineItems";
std::string const write_order = "POST /v1/networks/1/orders:batchUpdate";

answer no_forecast() {
  return answer(400, R"({"error":{"code":400,"status":"FAILED_PRECONDITION","message":"",
      "details":[{"reason":"NO_FORECAST_YET"}]}})");
}

answer refusal() {
  return answer(400, R"({"error":{"code":400,"status":"INVALID_ARGUMENT","message":"no",
      "details":[{"fieldViolations":[{"field":"requests[0].lineItem.startTime","description":"too early"}]}]}})");
}

json::object order_at(std::int64_t revision, std::string_view updated_by) {
  auto order = gam_world::order("APPROVED");
  json::object record{{"tenon", 1}, {"key", "k"}, {"revision", revision}, {"confirmed_at", "2026-11-23T12:00:00Z"}};
  if (!updated_by.empty()) {
    record["updated_by"] = updated_by;
  }
  order["notes"] = json::serialize(record);
  return order;
}

class open_world : public gam_world {
 public:
  open_world() {
    open();
    network_books();
    network.always(delete_items, json::object());
    network.always(pause_items, json::object());
    network.always(write_order, json::object());
    network.always(patch_item, line_item("DELIVERING"));
  }

  tenon::sdk::testing::fake_reply sell(tenon::sdk::testing::call_options options = keyed()) {
    return host.ask("create_media_buy", sale(), std::move(options));
  }

  tenon::sdk::testing::fake_reply update(std::string_view members,
                                         tenon::sdk::testing::call_options options = keyed()) {
    auto request = json::parse(members).as_object();
    request["media_buy_id"] = "gam-3300";
    return host.ask("update_media_buy", request, std::move(options));
  }
};

}  // namespace

TEST_CASE("a sale that is cancelled in the middle is submitted, and nothing of it is left behind") {
  open_world world;
  world.network.always(approve, no_forecast());
  auto selling = world.host.call("create_media_buy", gam_world::sale(), gam_world::keyed());
  world.host.advance(5s);  // it waits for a forecast
  REQUIRE_FALSE(selling.done());
  selling.cancel();
  world.host.advance(1s);
  REQUIRE(selling.done());
  REQUIRE(selling.reply().submitted());
  world.network.always(approve, json::object());
  world.network.always(orders, json::object{{"orders", json::array{gam_world::order("DRAFT")}}});
  auto const later = world.sell(gam_world::keyed().resume(selling.reply().resume(), 0));
  REQUIRE_MESSAGE(later.ok(), later.operator_detail());
  CHECK(world.network.count(create_order) == 1);
  CHECK(world.network.count(create_items) == 1);
}

TEST_CASE("a sale that is cancelled before anything is written is cancelled") {
  open_world world;
  world.network.once(orders, answer(200, "{}").after(10s));
  auto selling = world.host.call("create_media_buy", gam_world::sale(), gam_world::keyed());
  selling.cancel();
  world.host.advance(20s);
  REQUIRE(selling.done());
  CHECK_FALSE(selling.reply().submitted());
  CHECK(selling.reply().status() == TENON_E_CANCELLED);
  CHECK(world.network.count(create_order) == 0);
}

TEST_CASE("a buy that is approved is not reported as failed: a buyer would book again, and pay twice") {
  open_world world;
  auto sale = gam_world::sale();
  SUBCASE("when its pause is refused") {
    sale["packages"].as_array()[0].as_object()["paused"] = true;
    world.network.once(pause_items, refusal());
  }
  SUBCASE("when it cannot be read back") { world.network.once(read_order, answer(403, "{}")); }
  auto const sold = world.host.ask("create_media_buy", sale, gam_world::keyed());
  REQUIRE(sold.submitted());
  CHECK(world.network.count(discard) == 0);
  world.network.always(orders, json::object{{"orders", json::array{gam_world::order("APPROVED")}}});
  auto const later = world.host.ask("create_media_buy", sale, gam_world::keyed().resume(sold.resume(), 0));
  REQUIRE_MESSAGE(later.ok(), later.operator_detail());
  CHECK(world.network.count(create_order) == 1);
  CHECK(world.network.count(approve) == 1);
}

TEST_CASE("the last attempt undoes what it cannot finish") {
  open_world world;
  world.network.always(approve, no_forecast());
  auto selling = world.host.call("create_media_buy", gam_world::sale(), gam_world::keyed());
  world.host.advance(60s);
  REQUIRE(selling.reply().submitted());
  world.network.always(orders, json::object{{"orders", json::array{gam_world::order("DRAFT")}}});
  world.network.always(read_order, gam_world::order("DRAFT"));
  world.network.forget();
  auto ending = world.host.call("create_media_buy", gam_world::sale(),
                                gam_world::keyed().resume(selling.reply().resume(), 700).last());
  world.host.advance(60s);
  REQUIRE(ending.done());
  CHECK_FALSE(ending.reply().submitted());
  CHECK(ending.reply().code() == "SERVICE_UNAVAILABLE");
  CHECK(world.network.count(discard) == 1);
}

TEST_CASE("line items that came through twice are one before they are approved") {
  open_world world;
  world.network.once(create_items, answer(503, ""));
  world.network.once(read_items, json::object());
  auto const sold = world.sell();
  REQUIRE(sold.submitted());
  auto late = gam_world::line_item("INACTIVE");
  late["name"] = "networks/1/lineItems/8802";
  world.network.always(orders, json::object{{"orders", json::array{gam_world::order("DRAFT")}}});
  world.network.once(read_items, json::object{{"lineItems", json::array{gam_world::line_item("INACTIVE"), late}}});
  world.network.forget();
  auto const later = world.sell(gam_world::keyed().resume(sold.resume(), 0));
  REQUIRE_MESSAGE(later.ok(), later.operator_detail());
  CHECK(world.network.body_of(delete_items).at("names") == json::array{"networks/1/lineItems/8802"});
  CHECK(world.network.count(create_items) == 0);
  CHECK(world.network.seen() == sequence{orders, read_items, delete_items, approve, read_order, read_items});
}

TEST_CASE("a token that does not come leaves time to submit what is begun") {
  open_world world;
  world.network.once(create_items, answer(401, ""));
  world.network.once("POST /token", answer(200, R"({"access_token":"t-2","expires_in":3600})").after(29s));
  std::chrono::steady_clock::time_point const deadline{1h + 20s};  // the fake host's clock begins at an hour
  auto selling = world.host.call("create_media_buy", gam_world::sale(), gam_world::keyed().deadline(deadline));
  world.host.advance(19s);
  REQUIRE(selling.done());
  CHECK(selling.reply().submitted());
}

TEST_CASE("an update that is gone on with does not overwrite what was asked for since") {
  open_world world;
  constexpr auto wanted = R"({"revision":1,"packages":[{"package_id":"gam-li-8801","budget":10000}]})";
  world.network.once(patch_item, answer(503, ""));
  auto const begun = world.update(wanted);
  REQUIRE(begun.submitted());
  world.network.forget();
  SUBCASE("somebody has changed it") {
    world.network.always(read_order, order_at(2, "somebody else"));
    auto const later = world.update(wanted, gam_world::keyed().resume(begun.resume(), 0));
    CHECK(later.code() == "CONFLICT");
    CHECK(later.recovery() == tenon::sdk::recovery::correctable);
    CHECK(world.network.count(patch_item) == 0);
  }
  SUBCASE("nobody has") {
    auto const later = world.update(wanted, gam_world::keyed().resume(begun.resume(), 0));
    REQUIRE_MESSAGE(later.ok(), later.operator_detail());
    CHECK(world.network.count(patch_item) == 1);
    auto const notes = world.network.body_of(write_order).at("requests").at(0).at("order").at("notes");
    auto const record = json::parse(notes.as_string());
    CHECK(record.at("revision") == 2);
    CHECK(record.at("updated_by").as_string() == gam_world::marker);
  }
  SUBCASE("it was done, and only the answer was lost") {
    world.network.always(read_order, order_at(2, gam_world::marker));
    auto const later = world.update(wanted, gam_world::keyed().resume(begun.resume(), 0));
    REQUIRE_MESSAGE(later.ok(), later.operator_detail());
    CHECK(later.body().at("affected_packages").as_array().size() == 1);
    CHECK(world.network.seen() == sequence{read_order, read_items});
    // A buyer that repeats it learns the same, though its revision is no longer the current one.
    CHECK(world.update(wanted).ok());
  }
}
