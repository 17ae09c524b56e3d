// Goal: a media buy is there for the buyer who made it, and for another one exactly as much as one that nobody made.
// Method: the plugin below the fake host; a network that has the order and line item of a sale as they were written.
#include "gam_world.hpp"

#include <doctest/doctest.h>

using namespace tenon::test;
using answer = scripted_upstream::answer;
using tenon::sdk::testing::call_options;
using tenon::sdk::testing::fake_reply;

namespace {

std::string const orders = "GET /v1/networks/1/orders";
std::string const create_order = "POST /v1/networks/1/orders:batchCreate";
std::string const create_items = "POST /v1/networks/1/lineItems:batchCreate";
std::string const sold_id = "gam-3300";
std::string const sold_package = "gam-li-8801";
std::string const no_id = "gam-4400";
std::string const no_package = "gam-li-9901";

call_options buyer(std::string name) { return call_options().principal(std::move(name)); }

// Beside the order 3300, whose records are those that "buyer-1" bought with, there is nothing.
class sold_world : public gam_world {
 public:
  sold_world() {
    open();
    network_books("DELIVERING");
    auto const sold = host.ask("create_media_buy", sale(), keyed());
    REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
    auto const made = network.body_of(create_order).at("requests").at(0).at("order").as_object();
    auto const item_made = network.body_of(create_items).at("requests").at(0).at("lineItem").as_object();
    stands(made.at("notes"), item_made.at("notes"));
  }

  void stands(json::value const& notes, json::value const& item_notes) {
    auto whole = order("APPROVED");
    auto item = line_item("DELIVERING");
    whole["notes"] = notes;
    item["notes"] = item_notes;
    network.always(orders, json::object{{"orders", json::array{whole}}});
    network.always("GET /v1/networks/1/orders/3300", whole);
    network.always("GET /v1/networks/1/lineItems", json::object{{"lineItems", json::array{item}}});
    network.always("GET /v1/networks/1/lineItems/8801", item);
    network.always("GET /v1/networks/1/orders/4400", answer(404, "{}"));
    network.always("GET /v1/networks/1/lineItems/9901", answer(404, "{}"));
    network.always("GET /v1/networks/1/creatives", json::object());
    for (auto const* write : {"PATCH /v1/networks/1/lineItems/8801", "POST /v1/networks/1/lineItems:batchPause",
                              "POST /v1/networks/1/orders:batchUpdate"}) {
      network.always(write, json::object());
    }
    network.forget();
  }

  fake_reply update(std::string const& id, call_options options) {
    return host.ask("update_media_buy", {{"media_buy_id", id}, {"paused", true}}, std::move(options));
  }
  fake_reply deliver(std::string const& id, call_options options) {
    return host.ask("get_media_buy_delivery", {{"media_buy_ids", json::array{id}}}, std::move(options));
  }
  json::object named(std::string const& id, call_options options) {
    auto const got = host.ask("get_media_buys", {{"media_buy_ids", json::array{id}}}, std::move(options));
    REQUIRE(got.ok());
    return got.body().as_object();
  }
  std::size_t listed(call_options options) {
    auto const got = host.ask("get_media_buys", {{"status_filter", json::array{"active"}}}, std::move(options));
    REQUIRE(got.ok());
    CHECK_FALSE(got.body().as_object().contains("errors"));
    return got.body().at("media_buys").as_array().size();
  }
  std::string assign(std::string const& package, call_options options) {
    json::object entry{{"creative_id", "banner"}, {"package_id", package}};
    auto const got = host.ask("sync_creatives", {{"assignments", json::array{entry}}}, std::move(options));
    REQUIRE(got.ok());
    return std::string(got.body().at("creatives").at(0).at("assignment_errors").at(package).as_string());
  }
};

void check_same(fake_reply const& one, fake_reply const& other) {
  CHECK(one.code() == "MEDIA_BUY_NOT_FOUND");
  CHECK(one.code() == other.code());
  CHECK(one.message() == other.message());
  CHECK(one.field() == other.field());
  CHECK(one.suggestion() == other.suggestion());
  CHECK(one.details() == other.details());
  CHECK(one.recovery() == other.recovery());
  CHECK(one.retry_after_s() == other.retry_after_s());
}

}  // namespace

TEST_CASE("another buyer gets for a media buy what it gets for one that is not there") {
  sold_world world;
  auto const other = buyer("buyer-2");
  check_same(world.update(sold_id, other), world.update(no_id, other));
  check_same(world.deliver(sold_id, other), world.deliver(no_id, other));
  check_same(world.update(sold_id, buyer("")), world.update("gam-x", buyer("")));
  CHECK(world.named(sold_id, other) == world.named(no_id, other));
  CHECK(world.named(sold_id, other).at("errors").at(0).at("code") == "MEDIA_BUY_NOT_FOUND");
  CHECK(world.listed(other) == 0);
  CHECK(world.assign(sold_package, other) == world.assign(no_package, other));
  for (auto const& each : world.network.seen()) {
    CHECK(each.starts_with("GET "));
  }
}

TEST_CASE("it takes as many requests to tell that a media buy is another's as that it is not there") {
  sold_world world;
  auto const other = buyer("buyer-2");
  auto const costs = [&](auto const& ask) {
    world.network.forget();
    ask();
    return world.network.seen().size();
  };
  CHECK(costs([&] { world.update(sold_id, other); }) == costs([&] { world.update(no_id, other); }));
  CHECK(costs([&] { world.deliver(sold_id, other); }) == costs([&] { world.deliver(no_id, other); }));
  CHECK(costs([&] { world.named(sold_id, other); }) == costs([&] { world.named(no_id, other); }));
  CHECK(costs([&] { world.assign(sold_package, other); }) == costs([&] { world.assign(no_package, other); }));
  CHECK(costs([&] { world.listed(other); }) == 1);
}

TEST_CASE("who bought sees the media buy, and changes it under the same name") {
  sold_world world;
  auto const own = buyer("buyer-1");
  CHECK(world.listed(own) == 1);
  CHECK(world.named(sold_id, own).at("media_buys").as_array().size() == 1);
  CHECK(world.deliver(sold_id, own).ok());
  CHECK(world.assign(sold_package, own) == "There is no creative banner");
  auto const updated = world.update(sold_id, own);
  REQUIRE_MESSAGE(updated.ok(), updated.operator_detail());
  auto const written = world.network.body_of("POST /v1/networks/1/orders:batchUpdate");
  auto const record = json::parse(written.at("requests").at(0).at("order").at("notes").as_string());
  auto const item = json::parse(world.network.body_of("PATCH /v1/networks/1/lineItems/8801").at("notes").as_string());
  CHECK(record.at("buyer").as_string().size() == 16);
  CHECK(record.at("buyer") == item.at("buyer"));
  CHECK(updated.text().find("\"buyer\":") == std::string::npos);
}

TEST_CASE("a media buy that names nobody is there for every buyer") {
  sold_world world;
  world.stands(gam_world::order("APPROVED").at("notes"), gam_world::line_item("DELIVERING").at("notes"));
  for (auto const* name : {"buyer-1", "buyer-2"}) {
    CHECK(world.listed(buyer(name)) == 1);
    CHECK(world.deliver(sold_id, buyer(name)).ok());
    CHECK(world.assign(sold_package, buyer(name)) == "There is no creative banner");
    CHECK(world.update(sold_id, buyer(name)).ok());
  }
}

TEST_CASE("a package that names nobody is as much another's as its media buy") {
  sold_world world;
  world.stands(R"({"tenon":1,"key":"k","revision":1,"buyer":"0123456789abcdef"})",
               gam_world::line_item("DELIVERING").at("notes"));
  auto const other = buyer("buyer-2");
  CHECK(world.assign(sold_package, other) == world.assign(no_package, other));
}

TEST_CASE("what is gone on with is for the buyer who asked, whoever the host says it is") {
  gam_world world;
  world.open();
  world.network_books();
  world.network.once(create_order, answer(502, "<html>"));
  auto const sold = world.host.ask("create_media_buy", gam_world::sale(), gam_world::keyed());
  REQUIRE(sold.submitted());
  auto const asked = world.network.body_of(create_order).at("requests").at(0).at("order").at("notes");
  world.network.forget();
  auto const later = world.host.ask("create_media_buy", gam_world::sale(), buyer("").resume(sold.resume(), 0));
  REQUIRE_MESSAGE(later.ok(), later.operator_detail());
  CHECK(world.network.body_of(create_order).at("requests").at(0).at("order").at("notes") == asked);
  CHECK(json::parse(asked.as_string()).as_object().contains("buyer"));
}
