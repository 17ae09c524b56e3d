// Goal: a media buy is there for the buyer who made it, and for another one exactly as much as one that nobody made.
// Method: the plugin below the fake host; a Kevel that has the campaign and flight of a sale as they were written.
#include "kevel_world.hpp"

#include <doctest/doctest.h>

using namespace tenon::test;
using answer = scripted_upstream::answer;
using tenon::sdk::testing::call_options;
using tenon::sdk::testing::fake_reply;

namespace {

std::string const create_campaign = "POST /v1/campaign";
std::string const read_campaign = "GET /v1/campaign/456";
std::string const put_campaign = "PUT /v1/campaign/456";
std::string const sold_id = "kevel-456";
std::string const sold_package = "kevel-fl-7";
std::string const no_package = "kevel-fl-9";

call_options buyer(std::string name) { return call_options().principal(std::move(name)); }

// Beside the campaign 456, whose records are those that "buyer-1" bought with, there is nothing; 457 to 459 are gone in
// each way that Kevel has of saying so.
class sold_world : public kevel_world {
 public:
  sold_world() {
    open();
    kevel_books();
    auto const sold = host.ask("create_media_buy", sale(), keyed());
    REQUIRE_MESSAGE(sold.ok(), sold.operator_detail());
    auto const flight_made = kevel.body_of("POST /v1/flight");
    auto record = json::parse(kevel.body_of(create_campaign).at("CustomFieldsJson").as_string()).as_object();
    record.erase("draft");
    stands(json::value(json::serialize(record)), flight_made.at("CustomFieldsJson"));
  }

  // One whose records are these.
  sold_world(json::value const& record, json::value const& flight_record) {
    open();
    kevel.always(put_campaign, campaign(true, false));
    stands(record, flight_record);
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
    json::array any{"active", "pending_start", "pending_creatives", "paused"};
    auto const got = host.ask("get_media_buys", {{"status_filter", any}}, std::move(options));
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

 private:
  void stands(json::value const& record, json::value const& flight_record) {
    auto whole = campaign(true, false);
    auto booked = flight();
    whole["CustomFieldsJson"] = record;
    booked["CustomFieldsJson"] = flight_record;
    kevel.always(read_campaign, whole);
    kevel.always("GET /v1/flight/7", booked);
    list("GET /v1/campaign", json::array{whole});
    list("GET /v1/campaign/456/flight", json::array{booked});
    list("GET /v1/campaign/456/flight", json::array{booked});
    list("GET /v1/advertiser/123/creatives", json::array());
    kevel.always("GET /v1/campaign/457", answer(404, R"({"message":"Campaign not found."})"));
    kevel.always("GET /v1/campaign/458", answer(400, R"({"message":"This campaign is not part of your network"})"));
    kevel.always("GET /v1/campaign/459", answer(400, R"({"message":"This campaign has been deleted"})"));
    kevel.always("GET /v1/flight/9", answer(400, R"({"message":"Flight is not a part of your network"})"));
    kevel.forget();
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
  for (std::string const no_id : {"kevel-457", "kevel-458", "kevel-459", "kevel-x"}) {
    CAPTURE(no_id);
    sold_world world;
    auto const other = buyer("buyer-2");
    check_same(world.update(sold_id, other), world.update(no_id, other));
    check_same(world.deliver(sold_id, other), world.deliver(no_id, other));
    check_same(world.update(sold_id, buyer("")), world.update(no_id, buyer("")));
    CHECK(world.named(sold_id, other) == world.named(no_id, other));
    CHECK(world.named(sold_id, other).at("errors").at(0).at("code") == "MEDIA_BUY_NOT_FOUND");
    CHECK(world.listed(other) == 0);
    CHECK(world.assign(sold_package, other) == world.assign(no_package, other));
    for (auto const& each : world.kevel.seen()) {
      CHECK(each.starts_with("GET "));
    }
  }
}

TEST_CASE("it takes as many requests to tell that a media buy is another's as that it is not there") {
  sold_world world;
  auto const other = buyer("buyer-2");
  auto const costs = [&](auto const& ask) {
    world.kevel.forget();
    ask();
    return world.kevel.seen().size();
  };
  CHECK(costs([&] { world.update(sold_id, other); }) == costs([&] { world.update("kevel-457", other); }));
  CHECK(costs([&] { world.deliver(sold_id, other); }) == costs([&] { world.deliver("kevel-457", other); }));
  CHECK(costs([&] { world.named(sold_id, other); }) == costs([&] { world.named("kevel-457", other); }));
  CHECK(costs([&] { world.assign(sold_package, other); }) == costs([&] { world.assign(no_package, other); }));
  CHECK(costs([&] { world.listed(other); }) == 2);  // a page, and the empty one after it
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
  auto const record = json::parse(world.kevel.body_of(put_campaign).at("CustomFieldsJson").as_string());
  CHECK(record.at("buyer").as_string().size() == 16);
  CHECK(updated.text().find("\"buyer\":") == std::string::npos);
}

TEST_CASE("a media buy that names nobody is there for every buyer") {
  sold_world world(kevel_world::campaign(true, false).at("CustomFieldsJson"),
                   kevel_world::flight().at("CustomFieldsJson"));
  for (auto const* name : {"buyer-1", "buyer-2"}) {
    CHECK(world.listed(buyer(name)) == 1);
    CHECK(world.deliver(sold_id, buyer(name)).ok());
    CHECK(world.assign(sold_package, buyer(name)) == "There is no creative banner");
    CHECK(world.update(sold_id, buyer(name)).ok());
  }
}

TEST_CASE("a package that names nobody is as much another's as its media buy") {
  sold_world world(R"({"tenon":1,"key":"k","revision":1,"buyer":"0123456789abcdef"})",
                   kevel_world::flight().at("CustomFieldsJson"));
  auto const other = buyer("buyer-2");
  CHECK(world.assign(sold_package, other) == world.assign(no_package, other));
}
