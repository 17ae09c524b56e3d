// Goal: the handshake proves the credentials, tokens are renewed early and once, and a refusal is the seller's trouble,
// told to nobody else. Method: the plugin below the fake host, the network scripted.
#include "gam_world.hpp"

#include <doctest/doctest.h>

using namespace tenon::test;
using namespace std::chrono_literals;
using sequence = std::vector<std::string>;
using answer = scripted_upstream::answer;

TEST_CASE("opening exchanges a signed assertion and reads the network") {
  gam_world world;
  REQUIRE(world.host.create().ok());
  CHECK(world.network.seen() == sequence{"POST /token", "GET /v1/networks/1"});
  auto const body = world.network.last("POST /token").body();
  CHECK(body.starts_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion="));
  CHECK(body.find("PRIVATE") == std::string::npos);
  CHECK(world.network.last("GET /v1/networks/1").header("authorization") == "Bearer t-1");
}

TEST_CASE("a refused service account is a configuration error that leaks nothing") {
  gam_world world;
  world.network.always("POST /token",
                       answer(400, R"({"error":"invalid_grant","error_description":"Invalid JWT Signature."})"));
  auto const opened = world.host.create();
  CHECK_FALSE(opened.ok());
  CHECK(opened.code() == "CONFIGURATION_ERROR");
  CHECK(opened.message().find("JWT") == std::string::npos);
  CHECK(opened.operator_detail().find("invalid_grant") != std::string::npos);
}

TEST_CASE("a network without access for the account is a configuration error") {
  gam_world world;
  world.network.always("GET /v1/networks/1", answer(403, R"({"error":{"code":403,"status":"PERMISSION_DENIED",
      "message":"secret-project","details":[{"reason":"NETWORK_API_ACCESS_DISABLED",
      "metadata":{"project":"secret-project"}}]}})"));
  auto const opened = world.host.create();
  CHECK(opened.code() == "CONFIGURATION_ERROR");
  CHECK(opened.message().find("secret-project") == std::string::npos);
}

TEST_CASE("a token endpoint that is down is the moment's trouble") {
  gam_world world;
  world.network.always("POST /token", answer(503, "<html>"));
  CHECK(world.host.create().code() == "SERVICE_UNAVAILABLE");
}

TEST_CASE("a handshake waits two seconds at most, and passes on when to come back") {
  struct row {
    const char* request;
    unsigned status;
    const char* code;
  };
  for (auto const& each :
       {row{"POST /token", 503, "SERVICE_UNAVAILABLE"}, row{"POST /token", 429, "SERVICE_UNAVAILABLE"},
        row{"GET /v1/networks/1", 503, "SERVICE_UNAVAILABLE"}, row{"GET /v1/networks/1", 429, "RATE_LIMITED"}}) {
    CAPTURE(each.request);
    CAPTURE(each.status);
    gam_world world;
    world.network.always(each.request, answer(each.status, "{}").header("retry-after", "7"));
    auto const opened = world.host.create();
    CHECK(opened.code() == each.code);
    CHECK(opened.retry_after_s() == 7);
    CHECK(world.network.count(each.request) == 1);
  }
}

TEST_CASE("a write of unknown outcome passes on when to come back, by a date too") {
  gam_world world;
  world.open();
  world.network_books();
  world.network.always("POST /v1/networks/1/orders:batchCreate",
                       answer(503, "{}").header("retry-after", "Mon, 23 Nov 2026 12:01:00 GMT"));
  auto const booked = world.host.ask("create_media_buy", gam_world::sale(), gam_world::keyed());
  CHECK(booked.submitted());
  CHECK(booked.delay() == 60s);
}

TEST_CASE("a token serves until five minutes before it expires") {
  gam_world world;
  world.open();
  world.network.always("GET /v1/networks/1/creatives", tenon::sdk::json::object());
  world.host.advance(54min);
  REQUIRE(world.host.ask("list_creatives").ok());
  CHECK(world.network.count("POST /token") == 0);
  world.host.advance(2min);
  world.network.always("POST /token", tenon::sdk::json::object{{"access_token", "t-2"}, {"expires_in", 3600}});
  REQUIRE(world.host.ask("list_creatives").ok());
  CHECK(world.network.count("POST /token") == 1);
  CHECK(world.network.last("GET /v1/networks/1/creatives").header("authorization") == "Bearer t-2");
}

TEST_CASE("calls that need a token at once share one exchange") {
  gam_world world;
  world.open();
  world.network.always("GET /v1/networks/1/creatives", tenon::sdk::json::object());
  world.host.advance(56min);
  auto first = world.host.call("list_creatives");
  auto second = world.host.call("list_creatives");
  world.host.run();
  REQUIRE(first.reply().ok());
  REQUIRE(second.reply().ok());
  CHECK(world.network.count("POST /token") == 1);
}

TEST_CASE("a token refused once is renewed, and the request repeated once") {
  gam_world world;
  world.open();
  world.network.once("GET /v1/networks/1/creatives", answer(401, "{}"));
  world.network.always("GET /v1/networks/1/creatives", tenon::sdk::json::object());
  REQUIRE(world.host.ask("list_creatives").ok());
  CHECK(world.network.seen() ==
        sequence{"GET /v1/networks/1/creatives", "POST /token", "GET /v1/networks/1/creatives"});
}

TEST_CASE("a token refused twice is a configuration error") {
  gam_world world;
  world.open();
  world.network.always("GET /v1/networks/1/creatives", answer(401, "{}"));
  CHECK(world.host.ask("list_creatives").code() == "CONFIGURATION_ERROR");
  CHECK(world.network.count("GET /v1/networks/1/creatives") == 2);
}

TEST_CASE("products are offered while the network has their inventory") {
  gam_world world;
  world.open();
  world.network.always("GET /v1/networks/1/adUnits",
                       json::parse(R"({"adUnits":[{"name":"networks/1/adUnits/99","status":"ACTIVE"}]})"));
  auto const offered = world.host.ask("get_products", {{"buying_mode", "brief"}, {"brief", "sports"}});
  REQUIRE(offered.ok());
  auto const products = offered.body().at("products").as_array();
  REQUIRE(products.size() == 1);
  CHECK(products[0].at("pricing_options").at(0).at("fixed_price").to_number<double>() == 12.5);
  CHECK(products[0].at("reporting_capabilities").at("date_range_support") == "date_range");
}

TEST_CASE("a product whose ad unit is gone is not offered, and the operator hears of it") {
  gam_world world;
  world.open();
  world.network.always("GET /v1/networks/1/adUnits",
                       json::parse(R"({"adUnits":[{"name":"networks/1/adUnits/99","status":"ARCHIVED"}]})"));
  auto const offered = world.host.ask("get_products");
  CHECK(offered.body().at("products").as_array().empty());
  CHECK(world.host.log_lines().back().find("sports") != std::string::npos);
}

TEST_CASE("a list is read page by page") {
  gam_world world;
  world.open();
  world.network.once("GET /v1/networks/1/adUnits", json::parse(R"({"adUnits":[],"nextPageToken":"p 2"})"));
  world.network.once("GET /v1/networks/1/adUnits",
                     json::parse(R"({"adUnits":[{"name":"networks/1/adUnits/99","status":"ACTIVE"}]})"));
  CHECK(world.host.ask("get_products").body().at("products").as_array().size() == 1);
  CHECK(world.network.last("GET /v1/networks/1/adUnits").url().find("pageToken=p%202") != std::string::npos);
}

TEST_CASE("a platform leaves its token to the next, which asks for none until that one ends") {
  gam_world first;
  first.open();
  auto const left = first.host.hand_over();
  REQUIRE(left.ok());
  gam_world second;
  second.host.inherited(json::parse(left.text()).as_object());
  REQUIRE(second.host.create().ok());
  CHECK(second.network.count("POST /token") == 0);
  CHECK(second.network.count("GET /v1/networks/1") == 1);  // the token is tried, whoever got it
  second.host.advance(std::chrono::hours{1});
  CHECK(json::parse(second.host.hand_over().text()).as_object().empty());  // what is about to end is not handed on
}

TEST_CASE("an inheritance of another format, for another scope or past its time is no token") {
  gam_world first;
  first.open();
  auto const left = json::parse(first.host.hand_over().text()).as_object();
  auto const tokens_asked_with = [&](char const* member, json::value other) {
    auto changed = left;
    changed[member] = std::move(other);
    gam_world second;
    second.host.inherited(std::move(changed));
    REQUIRE(second.host.create().ok());
    return second.network.count("POST /token");
  };
  CHECK(tokens_asked_with("format", 2) == 1);
  CHECK(tokens_asked_with("scope", "another") == 1);
  CHECK(tokens_asked_with("refresh_at_ns", 1) == 1);
}
