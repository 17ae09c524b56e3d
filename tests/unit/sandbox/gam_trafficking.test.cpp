// Goal: orders, line items, creatives and reports move through their states as Ad Manager moves them.
// Method: whole flows through the API; the clock is turned to where something starts, ends or has been delivered.

#include "stand.hpp"

#include <doctest/doctest.h>

using namespace tenon::testing;

namespace {

reply act(stand& at, std::string_view collection, std::string_view action, std::string_view name) {
  return at.post("/v1/networks/123456/" + std::string(collection) + ":batch" + std::string(action),
                 json::object{{"names", json::array{name}}});
}

std::string status(stand& at, std::string_view name) { return at.get("/v1/" + std::string(name)).text("/status"); }

/// An order that is approved and whose line item has its creative.
booking book_approved(stand& at) {
  const auto made = book(at);
  add_creative(at, made.line_item);
  REQUIRE(act(at, "orders", "Approve", made.order).status == 200);
  return made;
}

void check_rule(const reply& answer, std::string_view reason) {
  CHECK(answer.status == 400);
  CHECK(answer.reason() == reason);
}

}  // namespace

TEST_CASE("a media buy from draft to completed") {
  stand at;
  const auto made = book(at);
  CHECK(status(at, made.order) == "DRAFT");
  CHECK(status(at, made.line_item) == "DRAFT");
  CHECK(act(at, "orders", "ApproveAndOverbook", made.order).status == 200);
  CHECK(status(at, made.order) == "APPROVED");
  CHECK(status(at, made.line_item) == "INACTIVE");
  CHECK(at.get("/v1/" + made.line_item).at("/missingCreatives") == true);
  add_creative(at, made.line_item);
  CHECK(status(at, made.line_item) == "READY");
  CHECK(at.get("/v1/" + made.line_item).text("/reservationStatus") == "RESERVED");

  at.clock.advance(std::chrono::hours(24 + 200));
  at.bearer = at.token_of("123456");
  CHECK(status(at, made.line_item) == "DELIVERING");
  CHECK(at.get("/v1/" + made.line_item).text("/stats/impressionsDelivered") == "200000");
  CHECK(at.get("/v1/" + made.order).text("/impressionsDelivered") == "200000");
  at.clock.advance(std::chrono::hours(300));
  at.bearer = at.token_of("123456");
  CHECK(status(at, made.line_item) == "COMPLETED");
  CHECK(at.get("/v1/" + made.line_item).text("/stats/impressionsDelivered") == "400000");
}

TEST_CASE("an order approved without line items stays a draft") {
  stand at;
  const auto order =
      at.post("/v1/networks/123456/orders:batchCreate", batch("order", order_body())).text("/orders/0/name");
  CHECK(act(at, "orders", "Approve", order).status == 200);
  CHECK(status(at, order) == "DRAFT");
}

TEST_CASE("the budget of a line item is computed from its goal and its rate") {
  stand at;
  const auto item = at.get("/v1/" + book(at).line_item);
  CHECK(item.text("/budget/units") == "5000");
  CHECK(item.at("/priority") == 8);
  CHECK(item.text("/deliveryRateType") == "EVENLY");
}

TEST_CASE("a paused line item stands still and goes on when resumed") {
  stand at;
  const auto made = book_approved(at);
  at.clock.advance(std::chrono::hours(24 + 100));
  at.bearer = at.token_of("123456");
  CHECK(act(at, "lineItems", "Pause", made.line_item).status == 200);
  CHECK(status(at, made.line_item) == "PAUSED");
  at.clock.advance(std::chrono::hours(100));
  at.bearer = at.token_of("123456");
  CHECK(at.get("/v1/" + made.line_item).text("/stats/impressionsDelivered") == "100000");
  check_rule(act(at, "lineItems", "Pause", made.line_item), "NOT_APPLICABLE");
  CHECK(act(at, "lineItems", "Resume", made.line_item).status == 200);
  CHECK(status(at, made.line_item) == "DELIVERING");
  check_rule(act(at, "lineItems", "Resume", made.line_item), "NOT_APPLICABLE");
}

TEST_CASE("pausing, resuming and archiving an order moves its line items") {
  stand at;
  const auto made = book_approved(at);
  CHECK(act(at, "orders", "Pause", made.order).status == 200);
  CHECK(status(at, made.line_item) == "PAUSED");
  CHECK(act(at, "orders", "Resume", made.order).status == 200);
  CHECK(status(at, made.line_item) == "READY");
  CHECK(act(at, "orders", "Archive", made.order).status == 200);
  CHECK(at.get("/v1/" + made.order).at("/archived") == true);
  CHECK(at.get("/v1/" + made.line_item).at("/archived") == true);
  check_rule(act(at, "orders", "Pause", made.order), "IS_ARCHIVED");
  check_rule(at.post("/v1/networks/123456/lineItems", line_item_body(at, made.order)),
             "UPDATE_ARCHIVED_ORDER_NOT_ALLOWED");
}

TEST_CASE("only a draft can be deleted") {
  stand at;
  const auto approved = book_approved(at);
  check_rule(act(at, "orders", "Delete", approved.order), "NOT_APPLICABLE");
  const auto draft =
      at.post("/v1/networks/123456/orders:batchCreate", batch("order", order_body("draft"))).text("/orders/0/name");
  CHECK(act(at, "orders", "Delete", draft).status == 200);
  CHECK(status(at, draft) == "DELETED");
  const auto item = at.post("/v1/networks/123456/lineItems", line_item_body(at, approved.order)).text("/name");
  CHECK(act(at, "lineItems", "Delete", item).status == 200);
  CHECK(at.get("/v1/" + item).status == 404);
  CHECK(act(at, "lineItems", "Delete", item).status == 404);
}

TEST_CASE("an action is taken on all names or on none, and on each once") {
  stand at;
  const auto made = book_approved(at);
  const auto draft = at.post("/v1/networks/123456/lineItems", line_item_body(at, made.order)).text("/name");
  const auto both =
      at.post("/v1/networks/123456/lineItems:batchPause", json::object{{"names", json::array{made.line_item, draft}}});
  check_rule(both, "NOT_APPLICABLE");
  CHECK(status(at, made.line_item) == "READY");
  const auto twice =
      at.post("/v1/networks/123456/lineItems:batchDelete", json::object{{"names", json::array{draft, draft}}});
  CHECK(twice.status == 400);
}

TEST_CASE("a line item added to an approved order waits until it is activated") {
  stand at;
  const auto made = book_approved(at);
  const auto added = at.post("/v1/networks/123456/lineItems", line_item_body(at, made.order)).text("/name");
  CHECK(status(at, added) == "DRAFT");
  check_rule(act(at, "lineItems", "Activate", added), "HAS_NO_ACTIVE_CREATIVES");
  add_creative(at, added);
  CHECK(act(at, "lineItems", "Activate", added).status == 200);
  CHECK(status(at, added) == "READY");
  auto reserved = line_item_body(at, made.order);
  reserved["reserveOnCreation"] = true;
  CHECK(at.post("/v1/networks/123456/lineItems", reserved).text("/reservationStatus") == "RESERVED");
}

TEST_CASE("the rules between a line item's fields are kept") {
  stand at;
  const auto made = book(at);
  const auto refuse = [&](auto&& spoil, std::string_view reason) {
    auto item = line_item_body(at, made.order);
    spoil(item);
    check_rule(at.post("/v1/networks/123456/lineItems", item), reason);
  };
  refuse([&](json::object& item) { item["startTime"] = at.in_hours(-1); }, "START_DATE_TIME_IS_IN_PAST");
  refuse([&](json::object& item) { item["targetEndTime"] = at.in_hours(23); }, "END_DATE_TIME_NOT_AFTER_START_TIME");
  refuse([&](json::object& item) { item["endTimeUnlimited"] = true; }, "UNLIMITED_END_DATE_TIME_NOT_ALLOWED");
  refuse([&](json::object& item) { item["costType"] = "CPD"; }, "COST_TYPE_NOT_ALLOWED");
  refuse([&](json::object& item) { item["costType"] = "VCPM"; }, "COST_TYPE_UNIT_TYPE_MISMATCH_NOT_ALLOWED");
  refuse([&](json::object& item) { item["lineItemType"] = "ADSENSE"; }, "LINE_ITEM_TYPE_NOT_ALLOWED");
  refuse([&](json::object& item) { item["goal"].as_object()["units"] = "0"; }, "TOO_LOW");
  refuse([&](json::object& item) { item["targeting"].as_object().erase("inventoryTargeting"); },
         "AT_LEAST_ONE_PLACEMENT_OR_INVENTORY_UNIT_REQUIRED");
  refuse(
      [&](json::object& item) {
        item["targeting"].as_object()["geoTargeting"].as_object()["targetedGeos"] =
            json::array{"networks/123456/geoTargets/9000005"};
      },
      "UNTARGETABLE_LOCATION");
}

TEST_CASE("a line item that has started keeps its start, and its goal covers what was delivered") {
  stand at;
  const auto made = book_approved(at);
  at.clock.advance(std::chrono::hours(24 + 200));
  at.bearer = at.token_of("123456");
  const auto target = "/v1/" + made.line_item;
  check_rule(at.send("PATCH", target + "?updateMask=startTime", json::object{{"startTime", at.in_hours(1)}}),
             "ALREADY_STARTED");
  check_rule(
      at.send("PATCH", target + "?updateMask=goal.units", json::object{{"goal", json::object{{"units", "1000"}}}}),
      "TOO_LOW");
  const auto extended =
      at.send("PATCH", target + "?updateMask=targetEndTime", json::object{{"targetEndTime", at.in_hours(800)}});
  CHECK(extended.text("/endTime") == at.in_hours(800));
}

TEST_CASE("a creative has exactly one kind and knows where a click leads") {
  stand at;
  const json::object good = json::parse(R"({"displayName": "c", "advertiser": "networks/123456/companies/555",
    "size": {"width": 300, "height": 250, "sizeType": "PIXEL"},
    "imageRedirectCreative": {"imageUrl": "https://cdn.example/x.png", "destinationUrl": "https://lp.example"}})")
                                .as_object();
  const auto create = [&](const json::object& body) { return at.post("/v1/networks/123456/creatives", body); };
  CHECK(create(good).status == 200);
  auto none = good;
  none.erase("imageRedirectCreative");
  CHECK(create(none).status == 400);
  auto both = good;
  both["thirdPartyCreative"] = json::object{{"snippet", "<b>"}};
  CHECK(create(both).status == 400);
  auto nowhere = good;
  nowhere["imageRedirectCreative"].as_object().erase("destinationUrl");
  CHECK(create(nowhere).field() == "creative.imageRedirectCreative.destinationUrl");
  nowhere["imageRedirectCreative"].as_object()["destinationUrlType"] = "NONE";
  CHECK(create(nowhere).status == 200);
  auto invented = good;
  invented["videoSourceUrl"] = "https://cdn.example/x.mp4";
  CHECK(create(invented).status == 400);
}

TEST_CASE("an association needs a fitting size, the order's advertiser, and to be new") {
  stand at;
  const auto made = book(at);
  const auto create = [&](std::string_view company, int width) {
    return at
        .post("/v1/networks/123456/creatives",
              json::object{{"displayName", "c"},
                           {"advertiser", company},
                           {"size", json::object{{"width", width}, {"height", 250}, {"sizeType", "PIXEL"}}},
                           {"thirdPartyCreative", json::object{{"snippet", "<script></script>"}}}})
        .text("/name");
  };
  const auto associate = [&](std::string_view creative) {
    return at.post("/v1/" + made.line_item + "/creatives",
                   json::object{{"lineItem", made.line_item}, {"creative", creative}});
  };
  check_rule(associate(create("networks/123456/companies/555", 728)), "INVALID_LINEITEM_CREATIVE_PAIRING");
  check_rule(associate(create("networks/123456/companies/556", 300)), "CREATIVE_IN_WRONG_ADVERTISERS_LIBRARY");
  const auto fits = create("networks/123456/companies/555", 300);
  CHECK(associate(fits).text("/status") == "ACTIVE");
  CHECK(associate(fits).status == 409);
  const auto weighted = at.post("/v1/" + made.line_item + "/creatives",
                                json::object{{"lineItem", made.line_item},
                                             {"creative", create("networks/123456/companies/555", 300)},
                                             {"manualCreativeRotationWeight", 10}});
  CHECK(weighted.status == 400);
}

TEST_CASE("associations are created in a batch over line items, listed and switched off") {
  stand at;
  const auto made = book_approved(at);
  const auto list = at.get("/v1/" + made.line_item + "/creatives");
  REQUIRE(list.at("/lineItemCreativeAssociations").as_array().size() == 1);
  const auto name = list.text("/lineItemCreativeAssociations/0/name");
  const auto off =
      at.post("/v1/" + made.line_item + "/creatives:batchDeactivate", json::object{{"names", json::array{name}}});
  CHECK(off.status == 200);
  CHECK(status(at, made.line_item) == "INACTIVE");

  const auto second = at.post("/v1/networks/123456/lineItems", line_item_body(at, made.order)).text("/name");
  const auto creative = at.get("/v1/networks/123456/creatives").text("/creatives/0/name");
  const json::object association{{"lineItem", second}, {"creative", creative}};
  const auto answer = at.post("/v1/networks/123456/lineItems/-/creatives:batchCreate",
                              batch("lineItemCreativeAssociation", association, second));
  CHECK(answer.status == 200);
  CHECK(at.get("/v1/networks/123456/lineItems/-/creatives").at("/lineItemCreativeAssociations").as_array().size() == 2);
}

TEST_CASE("a report is run, polled and fetched row by row") {
  stand at;
  const auto made = book_approved(at);
  at.clock.advance(std::chrono::hours(24 + 400 + 24));
  at.bearer = at.token_of("123456");
  const auto id = made.order.substr(made.order.rfind('/') + 1);
  json::value body = json::parse(R"({"displayName": "r", "visibility": "HIDDEN", "reportDefinition": {
    "dimensions": ["DATE", "ORDER_ID", "LINE_ITEM_ID"], "metrics": ["AD_SERVER_IMPRESSIONS", "AD_SERVER_CLICKS",
    "AD_SERVER_REVENUE"],
    "filters": [{"fieldFilter": {"field": {"dimension": "ORDER_ID"}, "operation": "IN",
    "values": [{"intValue": "0"}]}}],
    "timeZoneSource": "PUBLISHER", "currencyCode": "USD", "dateRange": {"relative": "LAST_30_DAYS"},
    "reportType": "HISTORICAL"}})");
  body.at_pointer("/reportDefinition/filters/0/fieldFilter/values/0/intValue") = id;
  const auto report = at.post("/v1/networks/123456/reports", body).text("/name");
  const auto run = at.post("/v1/" + report + ":run", json::object());
  CHECK_FALSE(run.body.as_object().contains("done"));
  const auto operation = "/v1/" + run.text("/name");
  CHECK_FALSE(at.get(operation).body.as_object().contains("done"));
  const auto result = at.get(operation).text("/response/reportResult");

  double revenue = 0;
  std::string token;
  int pages = 0;
  do {
    const auto page = at.get("/v1/" + result + ":fetchRows?pageSize=10" + (token.empty() ? "" : "&pageToken=" + token));
    REQUIRE(page.status == 200);
    CHECK(page.body.as_object().contains("totalRowCount") == token.empty());
    for (const auto& row : page.at("/rows").as_array()) {
      CHECK(row.at_pointer("/dimensionValues/1/intValue").as_string() == json::string(id));
      CHECK(row.at_pointer("/dimensionValues/0/intValue").as_string().size() == 8);
      revenue += row.at_pointer("/metricValueGroups/0/primaryValues/2/doubleValue").to_number<double>();
    }
    token = page.body.as_object().contains("nextPageToken") ? page.text("/nextPageToken") : "";
    ++pages;
  } while (!token.empty());
  CHECK(pages == 2);
  CHECK(revenue == doctest::Approx(5000));
}

TEST_CASE("a report that cannot be answered truthfully is refused") {
  stand at;
  const json::value good =
      json::parse(R"({"reportDefinition": {"dimensions": ["DATE"], "metrics": ["AD_SERVER_IMPRESSIONS"],
    "dateRange": {"relative": "TODAY"}, "reportType": "HISTORICAL"}})");
  CHECK(at.post("/v1/networks/123456/reports", good).status == 200);
  const auto refuse = [&](std::string_view pointer, json::value value) {
    auto body = good;
    body.at_pointer(pointer) = std::move(value);
    CHECK(at.post("/v1/networks/123456/reports", body).status == 400);
  };
  refuse("/reportDefinition/dimensions", json::array{"HOUR"});
  refuse("/reportDefinition/metrics", json::array{"SOLD"});
  refuse("/reportDefinition/dateRange", json::object());
  refuse("/reportDefinition/dateRange",
         json::parse(
             R"({"fixed": {"startDate": {"year": 2026, "month": 2, "day": 30}, "endDate": {"year": 2026, "month": 3,
    "day": 1}}})"));
  refuse("/reportDefinition/dateRange",
         json::parse(
             R"({"fixed": {"startDate": {"year": 2026, "month": 258, "day": 1}, "endDate": {"year": 2026, "month": 3,
    "day": 1}}})"));
  refuse("/reportDefinition/reportType", "REACH");
}
