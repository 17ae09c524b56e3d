// Goal: faults do what they say, the counters tell who called what, and a reset forgets everything but the credentials.
// Method: the control endpoints themselves, around ordinary requests.

#include "stand.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace tenon::testing;

namespace {

constexpr auto list_orders = "GET /v1/networks/{n}/orders";
constexpr auto create_orders = "POST /v1/networks/{n}/orders:batchCreate";

reply arm(stand& at, json::object fault) { return at.post("/_sandbox/faults", fault); }

std::size_t orders_in(stand& at) {
  const auto state = at.get("/_sandbox/state/gam/123456");
  return state.body.as_object().contains("orders") ? state.at("/orders").as_array().size() : 0;
}

}  // namespace

TEST_CASE("requests are counted by route, credential and status") {
  stand at;
  at.get("/v1/networks/123456/orders");
  at.get("/v1/networks/123456/orders?pageSize=1");
  at.get("/v1/networks/789012/orders");
  at.get("/kevel/v1/site");
  at.get("/_sandbox/healthz");
  const auto routes = at.get("/_sandbox/traffic").at("/routes").as_object();
  const auto& orders = routes.at(list_orders).as_object();
  CHECK(orders.at("total") == 3);
  CHECK(orders.at("by_credential").at(stand::account().email) == 3);
  CHECK(orders.at("by_status").at("403") == 1);
  CHECK(routes.at("POST /token").at("by_credential").at(stand::account().email) == 1);
  CHECK(routes.at("GET /kevel/v1/site").at("by_credential").at("north") == 1);
  CHECK_FALSE(routes.contains("GET /_sandbox/healthz"));
  CHECK(json::serialize(routes).find(at.kevel_secret) == std::string::npos);
}

TEST_CASE("a fault answers in the upstream's place, as often as it says, and does nothing") {
  stand at;
  CHECK(arm(at, {{"match", create_orders}, {"count", 2}, {"preset", "rate_limited"}, {"retry_after_s", 7}}).status ==
        200);
  const auto order = batch("order", order_body());
  const auto limited = at.post("/v1/networks/123456/orders:batchCreate", order);
  CHECK(limited.status == 429);
  CHECK(limited.text("/error/status") == "RESOURCE_EXHAUSTED");
  CHECK(limited.raw.headers.back() == std::pair<std::string, std::string>("retry-after", "7"));
  CHECK(at.post("/v1/networks/123456/orders:batchCreate", order).status == 429);
  CHECK(orders_in(at) == 0);
  CHECK(at.post("/v1/networks/123456/orders:batchCreate", order).status == 200);
}

TEST_CASE("a fault may answer with any status and body") {
  stand at;
  arm(at, {{"match", list_orders}, {"count", 1}, {"status", 502}, {"body", "<html>Bad gateway</html>"}});
  const auto answer = at.get("/v1/networks/123456/orders");
  CHECK(answer.status == 502);
  CHECK(answer.raw.body == "<html>Bad gateway</html>");
  arm(at, {{"match", "POST /kevel/v1/campaign"}, {"preset", "unavailable"}});
  CHECK(at.post("/kevel/v1/campaign", json::object()).text("/message") == "Service unavailable");
  arm(at, {{"match", "POST /v1/networks/{n}/orders:batchApprove"}, {"preset", "no_forecast_yet"}});
  CHECK(at.post("/v1/networks/123456/orders:batchApprove", json::object()).reason() == "NO_FORECAST_YET");
}

TEST_CASE("a fault may be for one credential alone") {
  stand at;
  arm(at, {{"match", "*"}, {"credential", stand::other_account().email}, {"status", 500}});
  CHECK(at.get("/v1/networks/123456/orders").status == 200);
  at.bearer = "";
  CHECK(at.get("/kevel/v1/site").status == 200);
}

TEST_CASE("a dropped request is never answered, and was done or not as the fault says") {
  stand at;
  const tenon::http::header_list headers{{"authorization", "Bearer " + at.bearer},
                                         {"content-type", "application/json"}};
  const auto send = [&](std::string_view name) {
    return at.raw("POST", "/v1/networks/123456/orders:batchCreate", headers,
                  json::serialize(batch("order", order_body(name))));
  };
  arm(at, {{"match", create_orders}, {"count", 1}, {"drop", "before"}});
  CHECK_FALSE(send("one").answered);
  CHECK(orders_in(at) == 0);
  arm(at, {{"match", create_orders}, {"count", 1}, {"drop", "after"}});
  CHECK_FALSE(send("two").answered);
  CHECK(orders_in(at) == 1);
  CHECK(send("three").answered);
  CHECK(at.get("/_sandbox/traffic").at("/routes").at(create_orders).at("by_status").at("dropped") == 2);
}

TEST_CASE("latency is told to whoever answers, not waited for here") {
  stand at;
  arm(at, {{"match", "GET /kevel/v1/site"}, {"latency_ms", 250}});
  CHECK(at.raw("GET", "/kevel/v1/site", {{"x-adzerk-apikey", at.kevel_secret}}).latency ==
        std::chrono::milliseconds(250));
  CHECK(at.send("DELETE", "/_sandbox/faults").status == 200);
  CHECK(at.raw("GET", "/kevel/v1/site", {{"x-adzerk-apikey", at.kevel_secret}}).latency ==
        std::chrono::milliseconds(0));
}

TEST_CASE("a fault that makes no sense is refused") {
  stand at;
  CHECK(arm(at, {{"status", 500}}).status == 400);
  CHECK(arm(at, {{"match", "*"}, {"status", 42}}).status == 400);
  CHECK(arm(at, {{"match", "*"}, {"drop", "sometimes"}}).status == 400);
  CHECK(arm(at, {{"match", "*"}, {"preset", "meltdown"}}).status == 400);
  CHECK(arm(at, {{"match", "*"}, {"latency", 5}}).status == 400);
  CHECK(arm(at, {{"match", "*"}, {"count", 0}}).status == 400);
}

TEST_CASE("a reset forgets objects, counters and faults, and keeps credentials") {
  stand at;
  book(at);
  at.post("/kevel/v1/advertiser", json::object{{"Title", "New"}, {"IsActive", true}});
  arm(at, {{"match", "*"}, {"status", 500}});
  CHECK(at.post("/_sandbox/reset", json::object()).status == 200);
  CHECK(at.get("/_sandbox/traffic").at("/routes").as_object().empty());
  CHECK(orders_in(at) == 0);
  CHECK(at.get("/kevel/v1/advertiser").at("/items").as_array().size() == 2);
  CHECK(at.get("/v1/networks/123456/adUnits").status == 200);
}

TEST_CASE("a reset gives every network the ids it had") {
  stand at;
  at.kevel_secret = "south-secret";
  const auto before = at.get("/kevel/v1/zone");
  at.post("/kevel/v1/advertiser", json::object{{"Title", "New"}, {"IsActive", true}});
  at.post("/_sandbox/reset", json::object());
  CHECK(at.get("/kevel/v1/zone").body == before.body);
  const auto fresh = at.post("/kevel/v1/advertiser", json::object{{"Title", "New"}, {"IsActive", true}});
  CHECK(fresh.at("/Id") == 7290023);
}

TEST_CASE("revoked tokens are refused at once") {
  stand at;
  CHECK(at.send("DELETE", "/_sandbox/tokens").status == 200);
  CHECK(at.get("/v1/networks/123456").status == 401);
}

TEST_CASE("the state shows what the upstream computes, and no key") {
  stand at;
  const auto made = book(at);
  const auto state = at.get("/_sandbox/state/gam/123456");
  CHECK(state.text("/lineItems/0/name") == made.line_item);
  CHECK(state.text("/lineItems/0/status") == "DRAFT");
  CHECK(at.get("/_sandbox/state/kevel/north").raw.body.find(at.kevel_secret) == std::string::npos);
  CHECK(at.get("/_sandbox/state/kevel/west").status == 404);
  CHECK(at.get("/_sandbox/state/gam/1").status == 404);
}

TEST_CASE("what is not served is refused in the words of its API, and counted") {
  stand at;
  CHECK(at.get("/v1/networks/123456/nothing").text("/error/status") == "NOT_FOUND");
  CHECK(at.get("/kevel/v1/nothing").status == 404);
  CHECK(at.send("DELETE", "/kevel/v1/site").status == 405);
  CHECK(at.get("/_sandbox/traffic").at("/routes").as_object().contains("GET (unserved)"));
}

TEST_CASE("a network takes as many requests as it is set to, and others are not touched by that") {
  stand at;
  REQUIRE(at.post("/_sandbox/limits", {{"gam_per_second", 2}, {"kevel_per_second", 1}}).status == 200);
  CHECK(at.get("/v1/networks/123456/orders").status == 200);
  CHECK(at.get("/v1/networks/123456/orders").status == 200);
  const auto limited = at.get("/v1/networks/123456/orders");
  CHECK(limited.status == 429);
  CHECK(limited.text("/error/status") == "RESOURCE_EXHAUSTED");
  CHECK(at.get("/kevel/v1/site").status == 200);
  CHECK(at.get("/kevel/v1/site").status == 429);
  at.clock.advance(std::chrono::milliseconds(499));
  CHECK(at.get("/v1/networks/123456/orders").status == 429);
  at.clock.advance(std::chrono::milliseconds(1));
  CHECK(at.get("/v1/networks/123456/orders").status == 200);
  CHECK(at.get("/v1/networks/123456/orders").status == 429);
  CHECK(at.get("/_sandbox/healthz").status == 200);
  CHECK(at.post("/_sandbox/limits", {{"gam_per_second", 0}}).status == 200);
  for (int count = 0; count < 10; ++count) CHECK(at.get("/v1/networks/123456/orders").status == 200);
  CHECK(at.post("/_sandbox/limits", {{"gam_per_second", -1}}).status == 400);
  CHECK(at.post("/_sandbox/limits", {{"per_second", 1}}).status == 400);
}

TEST_CASE("work may be done although nobody was told, at once or later") {
  stand at;
  const auto order = batch("order", order_body());
  const auto path = "/v1/networks/123456/orders:batchCreate";
  SUBCASE("reset before") {
    arm(at, {{"match", create_orders}, {"count", 1}, {"drop", "reset_before"}});
    CHECK(at.raw_post(path, order).response.sent.reset == tenon::http::disruption::cut::before);
    CHECK(orders_in(at) == 0);
  }
  SUBCASE("reset after") {
    arm(at, {{"match", create_orders}, {"count", 1}, {"drop", "reset_after"}});
    CHECK(at.raw_post(path, order).response.sent.reset == tenon::http::disruption::cut::before);
    CHECK(orders_in(at) == 1);
  }
  SUBCASE("late") {
    arm(at, {{"match", create_orders}, {"count", 1}, {"late_commit_ms", 300}});
    const auto outcome = at.raw_post(path, order);
    CHECK(outcome.response.sent.reset == tenon::http::disruption::cut::before);
    CHECK(outcome.commits_late == std::chrono::milliseconds(300));
    const auto sent = at.last;
    CHECK(orders_in(at) == 0);
    at.served.perform(sent);
    CHECK(orders_in(at) == 1);
  }
  SUBCASE("cut, truncated or slow") {
    arm(at, {{"match", create_orders}, {"count", 1}, {"cut", "body"}, {"truncate", true}, {"drip_ms", 5}});
    const auto outcome = at.raw_post(path, order);
    CHECK(outcome.response.sent.reset == tenon::http::disruption::cut::in_body);
    CHECK(outcome.response.sent.drip == std::chrono::milliseconds(5));
    CHECK_THROWS(json::parse(outcome.response.body));
    CHECK(orders_in(at) == 1);
  }
}

TEST_CASE("tokens may expire in between, and clocks differ") {
  stand at;
  arm(at, {{"match", list_orders}, {"count", 1}, {"expire_tokens", true}});
  CHECK(at.get("/v1/networks/123456/orders").status == 401);
  CHECK(at.get("/v1/networks/123456/orders").status == 401);
  arm(at, {{"match", "POST /token"}, {"count", 1}, {"clock_skew_s", 7200}});
  const auto assertion = at.sign(at.header(), at.claims(), stand::account().key);
  const auto refused = at.exchange(assertion);
  CHECK(refused.status == 400);
  CHECK(refused.text("/error") == "invalid_grant");
  CHECK(at.exchange(assertion).status == 200);
}

TEST_CASE("a fault with a probability hits a part of the requests, the same ones for the same seed") {
  const auto hits = [](int seed) {
    stand at;
    arm(at, {{"match", list_orders}, {"probability", 0.25}, {"seed", seed}, {"status", 503}});
    std::string seen;
    for (int count = 0; count < 400; ++count) seen += at.get("/v1/networks/123456/orders").status == 503 ? '!' : '.';
    return seen;
  };
  const auto first = hits(1);
  CHECK(first == hits(1));
  CHECK(first != hits(2));
  const auto count = std::ranges::count(first, '!');
  CHECK(count > 60);
  CHECK(count < 140);
}

TEST_CASE("what is wrong with a fault is told") {
  stand at;
  for (const json::object& wrong : std::initializer_list<json::object>{{{"match", "*"}, {"drop", "sometimes"}},
                                                                       {{"match", "*"}, {"cut", "head"}},
                                                                       {{"match", "*"}, {"probability", 2}},
                                                                       {{"match", "*"}, {"late_commit_ms", -1}},
                                                                       {{"match", "*"}, {"drips", 1}}})
    CHECK(arm(at, wrong).status == 400);
}

TEST_CASE("a person can look at what is there, at the networks and at the faults, and changes nothing by it") {
  stand at;
  arm(at, {{"match", list_orders}, {"count", 3}, {"latency_ms", 5}, {"drop", "reset_after"}});
  const auto page = at.raw("GET", "/_sandbox/", {}).response;
  CHECK(page.status == 200);
  CHECK(page.headers.front().second == "text/html; charset=utf-8");
  CHECK(page.body.find("innerHTML") == page.body.npos);
  CHECK(at.get("/_sandbox/networks").at("/gam").as_array().size() == 2);
  const auto faults = at.get("/_sandbox/faults").at("/faults").as_array();
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].at("what") == "reset after it is done, 5 ms late");
  CHECK(faults[0].at("left") == 3);
}
