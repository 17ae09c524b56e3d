// Goal: what a package waits for is what its record and the entries both say, and of what is over nothing. Method: pure
// functions, one state spoiled in one way per row.
#include "plugins/sales/awaited.hpp"
#include "plugins/sales/overlay.hpp"

#include <tenon/sdk/error.hpp>

#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

#include <functional>

using namespace tenon::sales;
using names = std::vector<std::string>;

namespace {

instant const now = *parse_instant("2026-11-23T12:00:00Z");
instant const later = *parse_instant("2026-12-31T00:00:00Z");

json::object parsed(std::string_view text) { return json::parse(text).as_object(); }

buy_state waiting_buy() {
  package_state package;
  package.package_id = "p-1";
  package.record = parsed(R"({"creative_assignments":[{"creative_id":"b","weight":40},{"creative_id":"a"}]})");
  package.end = later;
  buy_state state;
  state.media_buy_id = "m-1";
  state.status = "pending_creatives";
  state.packages.push_back(package);
  return state;
}

awaited_creative entry(std::string creative_id, std::string package_id) {
  return awaited_creative(std::move(creative_id), std::move(package_id), "m-1", later);
}

}  // namespace

TEST_CASE("an assignment is open as long as its package may serve it") {
  auto const open = open_assignment(waiting_buy(), "p-1", "b", now);
  REQUIRE(open.has_value());
  CHECK(open->weight == 40);
  CHECK_FALSE(open_assignment(waiting_buy(), "p-1", "a", now)->weight.has_value());
  CHECK_FALSE(open_assignment(waiting_buy(), "p-1", "c", now).has_value());
  CHECK_THROWS_AS(open_assignment(waiting_buy(), "p-2", "b", now), tenon::sdk::error);  // it may be listed later
  for (auto const& spoil : std::vector<std::function<void(buy_state&)>>{
           [](buy_state& state) { state.status = "canceled"; }, [](buy_state& state) { state.status = "rejected"; },
           [](buy_state& state) { state.packages[0].canceled = true; },
           [](buy_state& state) { state.packages[0].end = now; },
           [](buy_state& state) { state.packages[0].record.erase("creative_assignments"); }}) {
    auto state = waiting_buy();
    spoil(state);
    CHECK_FALSE(open_assignment(state, "p-1", "b", now).has_value());
  }
}

TEST_CASE("a package is said to wait for what it names, in its order and once") {
  auto state = waiting_buy();
  mark_awaited(state, {entry("a", "p-1"), entry("b", "p-1"), entry("b", "p-1"), entry("c", "p-1"), entry("a", "p-2")});
  CHECK(state.packages[0].awaited == names{"b", "a"});
  auto canceled = waiting_buy();
  canceled.packages[0].canceled = true;
  mark_awaited(canceled, {entry("a", "p-1")});
  CHECK(canceled.packages[0].awaited.empty());
}

TEST_CASE("assignments are counted by creative and package, and creatives once") {
  asked_assignments asked;
  CHECK(asked.empty());
  std::vector<assignment> const five{
      {"a", std::nullopt}, {"b", 1}, {"c", std::nullopt}, {"d", std::nullopt}, {"e", std::nullopt}};
  for (int i = 0; i < 100; ++i) {
    asked.add({}, five, false, path_of("packages", static_cast<std::size_t>(i)));
  }
  CHECK(asked.creative_ids() == names{"a", "b", "c", "d", "e"});
  asked.leave_out({"b", "x"});
  CHECK(asked.creative_ids() == names{"a", "c", "d", "e"});
  asked.leave_out({"a", "c", "d", "e"});
  CHECK(asked.empty());
}

TEST_CASE("what a package waits for is shown beside what AdCP has members for") {
  auto state = waiting_buy();
  CHECK_FALSE(listed_entry(state).at("packages").at(0).as_object().contains("ext"));
  mark_awaited(state, {entry("a", "p-1")});
  CHECK(listed_entry(state).at("packages").at(0).at("ext") == parsed(R"({"tenon":{"awaited_creatives":["a"]}})"));
}

TEST_CASE("a record names the lists that people apply, first of all, for as long as the overlay has them") {
  json::object record{{"tenon", 1}};
  amend_record(record, parsed(R"({"targeting_overlay":{"geo_countries":["US"],"collection_list_exclude":
      {"agent_url":"https://lists.example","list_id":"v1"}}})"));
  CHECK(record.begin()->key() == "apply_by_hand");
  CHECK(record.at("apply_by_hand") == json::array{"collection_list_exclude: v1 of https://lists.example"});
  CHECK(record.at("tenon") == 1);
  amend_record(record, parsed(R"({"budget":7})"));
  CHECK(record.at("apply_by_hand").as_array().size() == 1);
  amend_record(record, parsed(R"({"targeting_overlay":{"geo_countries":["US"],"property_list":null}})"));
  CHECK_FALSE(record.contains("apply_by_hand"));
}

TEST_CASE("only lists are applied by hand") {
  manual_targeting const some(parsed(R"({"manual_targeting":["property_list"]})"));
  CHECK(some.has("property_list"));
  CHECK_FALSE(some.has("collection_list"));
  CHECK_FALSE(manual_targeting(json::object()).has("property_list"));
  CHECK_THROWS_AS(manual_targeting(parsed(R"({"manual_targeting":["geo_postal_areas"]})")), tenon::sdk::error);
}
