// Goal: the stand-in is as strict about requests as Ad Manager: unknown and output-only fields, types, references,
// masks, pages and filters. Method: a body that works, spoilt in one place.

#include "stand.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace tenon::testing;

namespace {

constexpr auto create_orders = "/v1/networks/123456/orders:batchCreate";

reply create_order(stand& at, json::object order) { return at.post(create_orders, batch("order", std::move(order))); }

void check_violation(const reply& answer, std::string_view field) {
  CHECK(answer.status == 400);
  CHECK(answer.text("/error/status") == "INVALID_ARGUMENT");
  CHECK(answer.field() == field);
}

}  // namespace

TEST_CASE("an unknown field is a violation that names it") {
  stand at;
  auto order = order_body();
  order["colour"] = "blue";
  check_violation(create_order(at, order), "requests[0].order.colour");
  auto snake = order_body();
  snake["po_number"] = "PO-1";
  check_violation(create_order(at, snake), "requests[0].order.po_number");
}

TEST_CASE("writing an output-only field is a violation") {
  stand at;
  auto order = order_body();
  order["status"] = "APPROVED";
  check_violation(create_order(at, order), "requests[0].order.status");
  const auto made = book(at);
  for (const auto name : {"status", "endTime", "budget", "missingCreatives", "archived"}) {
    auto item = line_item_body(at, made.order);
    item[name] = "x";
    check_violation(at.post("/v1/networks/123456/lineItems", item), "lineItem." + std::string(name));
  }
  const auto patched =
      at.send("PATCH", "/v1/" + made.line_item + "?updateMask=status", json::object{{"status", "PAUSED"}});
  CHECK(patched.status == 400);
}

TEST_CASE("a missing required field is a violation") {
  stand at;
  for (const auto name : {"displayName", "trafficker", "advertiser"}) {
    auto order = order_body();
    order.erase(name);
    check_violation(create_order(at, order), "requests[0].order." + std::string(name));
  }
}

TEST_CASE("wrong types, enums and times are violations deep inside") {
  stand at;
  const auto made = book(at);
  const auto refuse = [&](std::string_view pointer, json::value value, std::string_view field) {
    json::value item = line_item_body(at, made.order);
    item.at_pointer(pointer) = std::move(value);
    check_violation(at.post("/v1/networks/123456/lineItems", item), field);
  };
  refuse("/goal/units", "many", "lineItem.goal.units");
  refuse("/goal/goalType", "FOREVER", "lineItem.goal.goalType");
  refuse("/startTime", "tomorrow", "lineItem.startTime");
  refuse("/startTime", "2030-01-01T00:00:00", "lineItem.startTime");
  refuse("/creativePlaceholders/0/size/width", 1.5, "lineItem.creativePlaceholders[0].size.width");
  refuse("/targeting/inventoryTargeting/targetedAdUnits", "all",
         "lineItem.targeting.inventoryTargeting.targetedAdUnits");
  refuse("/rate/currencyCode", "EUR", "lineItem.rate.currencyCode");
}

TEST_CASE("a 64-bit integer is taken as a number and given back as a string") {
  stand at;
  const auto made = book(at);
  auto item = line_item_body(at, made.order);
  item["goal"].as_object()["units"] = 1000;
  CHECK(at.post("/v1/networks/123456/lineItems", item).text("/goal/units") == "1000");
}

TEST_CASE("a time is given back in UTC") {
  stand at;
  const auto made = book(at);
  auto item = line_item_body(at, made.order);
  item["targetEndTime"] = "2030-01-01T00:00:00+05:00";
  CHECK(at.post("/v1/networks/123456/lineItems", item).text("/endTime") == "2029-12-31T19:00:00Z");
}

TEST_CASE("input-only fields are accepted and never shown") {
  stand at;
  const auto made = book(at);
  auto item = line_item_body(at, made.order);
  item["skipInventoryCheck"] = true;
  item["allowOverbook"] = true;
  const auto answer = at.post("/v1/networks/123456/lineItems", item);
  CHECK(answer.status == 200);
  CHECK_FALSE(answer.body.as_object().contains("skipInventoryCheck"));
}

TEST_CASE("a reference must lead to an object of the same network") {
  stand at;
  auto order = order_body();
  order["advertiser"] = "networks/123456/companies/1";
  CHECK(create_order(at, order).status == 404);
  order["advertiser"] = "networks/789012/companies/555";
  check_violation(create_order(at, order), "requests[0].order.advertiser");
  order["advertiser"] = "555";
  check_violation(create_order(at, order), "requests[0].order.advertiser");
  order["advertiser"] = "networks/123456/companies/600";
  check_violation(create_order(at, order), "requests[0].order.advertiser");
}

TEST_CASE("a body must be JSON and say so") {
  stand at;
  const tenon::http::header_list token{{"authorization", "Bearer " + at.bearer}};
  CHECK(at.raw("POST", create_orders, token, "{}").response.status == 400);
  auto typed = token;
  typed.emplace_back("content-type", "application/json");
  CHECK(at.raw("POST", create_orders, typed, "{").response.status == 400);
  CHECK(at.raw("POST", create_orders, typed, "[]").response.status == 400);
}

TEST_CASE("a batch holds 1 to 100 requests, each with the batch's parent, and is done whole or not at all") {
  stand at;
  CHECK(at.post(create_orders, json::object{{"requests", json::array()}}).status == 400);
  json::array many;
  for (int i = 0; i < 101; ++i)
    many.push_back(json::object{{"parent", "networks/123456"}, {"order", order_body("o" + std::to_string(i))}});
  CHECK(at.post(create_orders, json::object{{"requests", many}}).status == 400);
  check_violation(at.post(create_orders, batch("order", order_body(), "networks/789012")), "requests[0].parent");

  many.resize(2);
  many[1].as_object()["order"].as_object().erase("displayName");
  CHECK(at.post(create_orders, json::object{{"requests", many}}).status == 400);
  CHECK_FALSE(at.get("/v1/networks/123456/orders").body.as_object().contains("orders"));
}

TEST_CASE("the name of an order is unique") {
  stand at;
  CHECK(create_order(at, order_body()).status == 200);
  const auto again = create_order(at, order_body());
  CHECK(again.status == 409);
  CHECK(again.text("/error/status") == "ALREADY_EXISTS");
}

TEST_CASE("lists come in pages, and a token belongs to its request") {
  stand at;
  for (int i = 0; i < 5; ++i) create_order(at, order_body("order " + std::to_string(i)));
  std::set<std::string> seen;
  std::string token;
  int pages = 0;
  do {
    const auto page = at.get("/v1/networks/123456/orders?pageSize=2" + (token.empty() ? "" : "&pageToken=" + token));
    REQUIRE(page.status == 200);
    for (const auto& each : page.at("/orders").as_array()) seen.emplace(each.at("name").as_string());
    token = page.body.as_object().contains("nextPageToken") ? page.text("/nextPageToken") : "";
    if (pages++ == 0) CHECK(at.get("/v1/networks/123456/orders?pageSize=3&pageToken=" + token).status == 400);
  } while (!token.empty());
  CHECK(pages == 3);
  CHECK(seen.size() == 5);
  CHECK(at.get("/v1/networks/123456/orders?pageToken=nonsense").status == 400);
  CHECK(at.get("/v1/networks/123456/orders?pageSize=-1").status == 400);
}

TEST_CASE("without a page size there are fifty a page") {
  stand at;
  json::array many;
  for (int i = 0; i < 60; ++i)
    many.push_back(json::object{{"parent", "networks/123456"}, {"order", order_body("o" + std::to_string(i))}});
  CHECK(at.post(create_orders, json::object{{"requests", many}}).status == 200);
  CHECK(at.get("/v1/networks/123456/orders").at("/orders").as_array().size() == 50);
  CHECK(at.get("/v1/networks/123456/orders?pageSize=5000").at("/orders").as_array().size() == 60);
}

TEST_CASE("a filter compares for equality, joined by AND") {
  stand at;
  create_order(at, order_body("first"));
  create_order(at, order_body("the \"second\""));
  const auto count = [&](std::string_view filter) {
    const auto answer = at.get("/v1/networks/123456/orders?filter=" + std::string(filter));
    REQUIRE(answer.status == 200);
    return answer.body.as_object().contains("orders") ? answer.at("/orders").as_array().size() : 0;
  };
  CHECK(count("displayName%20%3D%20%22first%22") == 1);
  CHECK(count("displayName+%3D+%22the+%5C%22second%5C%22%22") == 1);
  CHECK(count("status=%22DRAFT%22%20AND%20archived=false") == 2);
  CHECK(count("status=%22APPROVED%22") == 0);
  for (const auto bad : {"colour=%22blue%22", "status!=%22DRAFT%22", "status=%22DRAFT%22%20OR%20archived=true",
                         "displayName=", "displayName=%22"})
    CHECK(at.get("/v1/networks/123456/orders?filter=" + std::string(bad)).status == 400);
}

TEST_CASE("a field mask trims the answer, and totalSize comes only when asked for") {
  stand at;
  create_order(at, order_body());
  const auto whole = at.get("/v1/networks/123456/orders");
  CHECK_FALSE(whole.body.as_object().contains("totalSize"));
  const auto trimmed = at.get("/v1/networks/123456/orders?$fields=orders(name,status),totalSize");
  CHECK(trimmed.at("/totalSize") == 1);
  CHECK(trimmed.at("/orders/0").as_object().size() == 2);
  const auto dotted = at.get("/v1/networks/123456/orders?%24fields=orders.name");
  CHECK(dotted.at("/orders/0").as_object().size() == 1);
  CHECK(at.get("/v1/networks/123456/orders?$fields=orders(name").status == 400);
}

TEST_CASE("an unknown query parameter or method is refused") {
  stand at;
  CHECK(at.get("/v1/networks/123456/orders?page_size=2").status == 400);
  CHECK(at.get("/v1/networks/123456/flights").status == 404);
  CHECK(at.send("POST", "/v1/networks/123456/orders", order_body()).status == 404);
  CHECK(at.get("/v1/networks/123456/orders/1").status == 404);
}

TEST_CASE("an update writes what its mask names and nothing else") {
  stand at;
  const auto made = book(at);
  auto body = line_item_body(at, made.order);
  body["displayName"] = "renamed";
  body["goal"].as_object()["units"] = "900000";
  body["status"] = "PAUSED";  // outside of the mask, so not written
  const auto answer = at.send("PATCH", "/v1/" + made.line_item + "?updateMask=goal.units", body);
  CHECK(answer.status == 200);
  CHECK(answer.text("/goal/units") == "900000");
  CHECK(answer.text("/displayName") == "pkg_1 homepage 300x250");
  CHECK(at.send("PATCH", "/v1/" + made.line_item + "?updateMask=colour", body).status == 400);
  CHECK(at.send("PATCH", "/v1/" + made.line_item + "?updateMask=displayName", json::object()).status == 400);
}

TEST_CASE("an immutable field stays as it is") {
  stand at;
  const auto made = book(at);
  const auto other = create_order(at, order_body("other")).text("/orders/0/name");
  check_violation(at.send("PATCH", "/v1/" + made.line_item + "?updateMask=order", json::object{{"order", other}}),
                  "lineItem.order");
}

TEST_CASE("inventory is there to be listed and found by name") {
  stand at;
  CHECK(at.get("/v1/networks/123456").text("/currencyCode") == "USD");
  for (const auto collection : {"adUnits", "placements", "companies", "users", "geoTargets", "deviceCategories",
                                "customTargetingKeys", "customTargetingValues"})
    CHECK(
        at.get("/v1/networks/123456/" + std::string(collection)).at("/" + std::string(collection)).as_array().size() >=
        1);
  const auto california = at.get(
      "/v1/networks/123456/geoTargets?filter=canonicalParent%3D%22networks/123456/geoTargets/"
      "2840%22%20AND%20displayName%3D%22California%22");
  CHECK(california.at("/geoTargets").as_array().size() == 1);
  const auto value = at.post("/v1/networks/123456/customTargetingValues",
                             json::object{{"customTargetingKey", "networks/123456/customTargetingKeys/1"},
                                          {"adTagName", "runners"},
                                          {"matchType", "EXACT"}});
  CHECK(value.text("/status") == "ACTIVE");
}
