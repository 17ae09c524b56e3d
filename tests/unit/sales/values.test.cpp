// Goal: what both adapters compute with (money, goals, moments, sizes) is exact at its edges. Method: tables.
#include "plugins/sales/catalogue.hpp"
#include "plugins/sales/dates.hpp"
#include "plugins/sales/money.hpp"
#include "plugins/sales/retry.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace tenon::sales;
using namespace std::chrono_literals;

TEST_CASE("a goal is what the budget buys, rounded down") {
  struct row {
    double budget;
    double rate;
    pricing_model model;
    std::int64_t units;
  };
  for (auto const& each :
       {row{5000, 12.5, pricing_model::cpm, 400'000}, row{10, 3, pricing_model::cpm, 3333},
        row{0.01, 12.5, pricing_model::cpm, 0}, row{10, 3, pricing_model::cpc, 3}, row{2.99, 3, pricing_model::cpc, 0},
        row{100, 8, pricing_model::vcpm, 12'500}, row{100, 0, pricing_model::cpm, 0}, row{-1, 5, pricing_model::cpm, 0},
        row{1e9, 0.000001, pricing_model::cpm, 1'000'000'000'000'000'000},
        row{100, 100, pricing_model::flat_rate, 0}}) {
    CAPTURE(each.budget);
    CAPTURE(each.rate);
    CHECK(units_bought(*money_from(each.budget), *money_from(each.rate), each.model) == each.units);
  }
}

TEST_CASE("an amount that is no amount of money is refused") {
  CHECK_FALSE(money_from(std::nan("")));
  CHECK_FALSE(money_from(1e10));
  CHECK_FALSE(money_from(-INFINITY));
  CHECK(money_from(0.1)->micros == 100'000);
}

TEST_CASE("a cap is rounded up to whole units") {
  CHECK(whole_units_up({5'000'000'000}) == 5000);
  CHECK(whole_units_up({5'000'000'001}) == 5001);
  CHECK(whole_units_up({0}) == 0);
}

TEST_CASE("moments are read in every form that the two ad servers and buyers write") {
  struct row {
    std::string_view text;
    std::string_view utc;
  };
  for (auto const& each :
       {row{"2026-12-01T05:00:00Z", "2026-12-01T05:00:00Z"}, row{"2026-12-01T05:00:00.123456Z", "2026-12-01T05:00:00Z"},
        row{"2019-07-01T00:00:00.0000000", "2019-07-01T00:00:00Z"},
        row{"2026-12-01T00:30:00+02:00", "2026-11-30T22:30:00Z"},
        row{"2026-12-01T23:30:00-05:30", "2026-12-02T05:00:00Z"}}) {
    CAPTURE(each.text);
    auto const read = parse_instant(each.text);
    REQUIRE(read);
    CHECK(format_instant(*read) == each.utc);
  }
  for (auto const* wrong : {"", "asap", "2026-12-01", "2026-02-30T00:00:00Z", "2026-12-01T24:00:00Z",
                            "2026-12-01T05:00:00Zx", "2026-12-01T05:00:00+2:00", "2026-12-01T05:00:00.Z"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_instant(wrong));
  }
}

TEST_CASE("a report's day is read from its number") {
  CHECK(format_day(*day_from_number(20261201)) == "2026-12-01");
  CHECK_FALSE(day_from_number(20261301));
  CHECK_FALSE(day_from_number(1201));
}

TEST_CASE("Retry-After is read as seconds or as a date, and nothing else") {
  auto const now = *parse_instant("1994-11-06T08:49:30Z");
  CHECK(parse_retry_after("7", now) == 7s);
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now) == 7s);
  CHECK_FALSE(parse_retry_after("-7", now));
  CHECK_FALSE(parse_retry_after("", now));
  CHECK_FALSE(parse_retry_after("soon", now));
  CHECK_FALSE(parse_retry_after("Sun, 06 Nov 1994 08:49:20 GMT", now));
}

TEST_CASE("back-off doubles up to five seconds, and chance spreads it over all of that") {
  CHECK(backoff(0, 0.0) == 0ms);
  CHECK(backoff(0, 0.5) == 125ms);
  CHECK(backoff(2, 0.5) == 500ms);
  CHECK(backoff(9, 0.5) == 2500ms);
}

TEST_CASE("only what cannot have taken effect is repeated, and what reads") {
  using tenon::sdk::http_phase;
  using tenon::sdk::http_response;
  auto const answered = [](unsigned status) {
    tenon_http_response lent{};
    lent.struct_size = sizeof lent;
    lent.http_status = status;
    return http_response(lent);
  };
  http_response const not_sent(TENON_E_IO, http_phase::not_sent, "refused");
  http_response const sent(TENON_E_IO, http_phase::sent, "reset");
  CHECK(may_repeat(not_sent, false));
  CHECK_FALSE(may_repeat(sent, false));
  CHECK(may_repeat(sent, true));
  CHECK(may_repeat(answered(429), false));
  CHECK_FALSE(may_repeat(answered(503), false));
  CHECK(may_repeat(answered(503), true));
  CHECK_FALSE(may_repeat(answered(400), true));
  CHECK(may_have_taken_effect(sent));
  CHECK(may_have_taken_effect(answered(500)));
  CHECK_FALSE(may_have_taken_effect(not_sent));
  CHECK_FALSE(may_have_taken_effect(answered(429)));
}

TEST_CASE("a size is found in a format's name") {
  CHECK(size_in_name("display_300x250") == std::pair{300, 250});
  CHECK(size_in_name("max_728x90_image") == std::pair{728, 90});
  CHECK_FALSE(size_in_name("video_30s"));
  CHECK_FALSE(size_in_name("x300"));
}
