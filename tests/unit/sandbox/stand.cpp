#include "stand.hpp"

namespace tenon::testing {

using namespace sandbox;

std::string reply::reason() const {
  if (!body.as_object().contains("error") || !at("/error").is_object()) return {};
  for (const auto& detail : array_of(at("/error").as_object(), "details"))
    if (const auto text = text_of(detail.as_object(), "reason"); !text.empty()) return std::string(text);
  return {};
}

std::string reply::field() const {
  for (const auto& detail : array_of(at("/error").as_object(), "details"))
    for (const auto& each : array_of(detail.as_object(), "fieldViolations"))
      return std::string(text_of(each.as_object(), "field"));
  return {};
}

const service_account& stand::account() {
  static const auto made = make_service_account("123456");
  return made;
}

const service_account& stand::other_account() {
  static const auto made = make_service_account("789012");
  return made;
}

stand::stand() {
  served.configure({.token_uri = std::string(token_uri)});
  served.add(account());
  served.add(other_account());
  const auto north = make_api_key("north");
  served.add(north);
  served.add(api_key{.name = "south", .secret = "south-secret"});
  kevel_secret = north.secret;
  bearer = token_of("123456");
}

reply parse(const http::response& answer) {
  boost::system::error_code not_json;
  auto body = json::parse(answer.body, not_json);
  return {.status = answer.status, .body = std::move(body), .raw = answer};
}

outcome stand::raw(std::string_view method, std::string_view target, http::header_list headers, std::string body) {
  http::request request{.method = std::string(method),
                        .path = std::string(target.substr(0, target.find('?'))),
                        .query = {},
                        .headers = std::move(headers),
                        .body = std::move(body),
                        .peer = "127.0.0.1"};
  if (target.find('?') != target.npos) request.query = target.substr(target.find('?') + 1);
  last = request;
  return served.handle(request);
}

outcome stand::raw_post(std::string_view target, const json::value& body) {
  return raw("POST", target, {{"authorization", "Bearer " + bearer}, {"content-type", "application/json"}},
             json::serialize(body));
}

reply stand::get(std::string_view target) { return send("GET", target); }

reply stand::send(std::string_view method, std::string_view target, const json::value& body) {
  http::header_list headers{{"authorization", "Bearer " + bearer}, {"x-adzerk-apikey", kevel_secret}};
  if (body.is_null()) return parse(raw(method, target, std::move(headers)).response);
  headers.emplace_back("content-type", "application/json");
  return parse(raw(method, target, std::move(headers), json::serialize(body)).response);
}

json::object stand::claims() const {
  const auto issued = now().time_since_epoch().count();
  return {{"iss", account().email},
          {"scope", "https://www.googleapis.com/auth/admanager"},
          {"aud", token_uri},
          {"iat", issued},
          {"exp", issued + 3600}};
}

json::object stand::header() const { return {{"alg", "RS256"}, {"typ", "JWT"}, {"kid", account().key_id}}; }

std::string stand::sign(const json::object& header, const json::object& claims, const rsa_key& key) const {
  const auto part = base64url_encode(json::serialize(header)) + "." + base64url_encode(json::serialize(claims));
  return part + "." + base64url_encode(key.sign(part));
}

reply stand::exchange(const std::string& assertion) {
  return parse(raw("POST", "/token", {{"content-type", "application/x-www-form-urlencoded"}},
                   "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + assertion)
                   .response);
}

std::string stand::token_of(std::string_view network) {
  const auto& whose = network == "123456" ? account() : other_account();
  auto wanted = claims();
  auto head = header();
  wanted["iss"] = whose.email;
  head["kid"] = whose.key_id;
  return exchange(sign(head, wanted, whose.key)).text("/access_token");
}

sys_seconds stand::now() const { return std::chrono::floor<std::chrono::seconds>(clock.wall_now()); }
std::string stand::in_hours(int hours) const { return rfc3339(now() + std::chrono::hours(hours)); }

json::object order_body(std::string_view name) {
  return {{"displayName", name},
          {"trafficker", "networks/123456/users/77"},
          {"advertiser", "networks/123456/companies/555"},
          {"poNumber", "PO-9"}};
}

json::object line_item_body(const stand& at, std::string_view order) {
  json::object made = json::parse(R"({
    "displayName": "pkg_1 homepage 300x250", "externalLineItemId": "mb_9f:pkg_1", "lineItemType": "STANDARD",
    "costType": "CPM",
    "rate": {"currencyCode": "USD", "units": "12", "nanos": 500000000},
    "goal": {"goalType": "LIFETIME", "unitType": "IMPRESSIONS", "units": "400000"},
    "creativeRotationType": "EVENLY",
    "creativePlaceholders": [{"size": {"width": 300, "height": 250, "sizeType": "PIXEL"}, "expectedCreativeCount": 1}],
    "frequencyCaps": [{"maxImpressions": "1", "timeAmount": "6", "timeUnit": "HOUR"}],
    "targeting": {
      "inventoryTargeting": {"targetedAdUnits": [{"adUnit": "networks/123456/adUnits/99", "includeDescendants": true}],
                             "targetedPlacements": ["networks/123456/placements/7"]},
      "geoTargeting": {"targetedGeos": ["networks/123456/geoTargets/2840"]},
      "technologyTargeting": {"deviceCategoryTargeting": {
        "targetedCategories": ["networks/123456/deviceCategories/40002"]}},
      "customTargeting": {"customTargetingClauses": [{"customTargetingLiterals": [
        {"customTargetingKey": "networks/123456/customTargetingKeys/1",
         "customTargetingValues": ["networks/123456/customTargetingValues/2"]}]}]}}})")
                          .as_object();
  made["order"] = order;
  made["startTime"] = at.in_hours(24);
  made["targetEndTime"] = at.in_hours(24 + 400);
  return made;
}

json::object batch(std::string_view member, json::object object, std::string_view parent) {
  return {{"requests", json::array{json::object{{"parent", parent}, {member, std::move(object)}}}}};
}

booking book(stand& at) {
  booking made;
  made.order = at.post("/v1/networks/123456/orders:batchCreate", batch("order", order_body())).text("/orders/0/name");
  made.line_item =
      at.post("/v1/networks/123456/lineItems:batchCreate", batch("lineItem", line_item_body(at, made.order)))
          .text("/lineItems/0/name");
  return made;
}

std::string add_creative(stand& at, std::string_view line_item) {
  const auto creative = at.post("/v1/networks/123456/creatives", json::parse(R"({
    "displayName": "c1", "advertiser": "networks/123456/companies/555",
    "size": {"width": 300, "height": 250, "sizeType": "PIXEL"},
    "imageRedirectCreative": {"imageUrl": "https://cdn.example/x.png", "destinationUrl": "https://lp.example"}})"))
                            .text("/name");
  at.post("/v1/" + std::string(line_item) + "/creatives",
          json::object{{"lineItem", line_item}, {"creative", creative}});
  return creative;
}

}  // namespace tenon::testing
