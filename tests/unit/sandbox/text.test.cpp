// Goal: the notations both upstreams share are read strictly and written exactly. Method: values, and texts that are no
// value.

#include "sandbox/text.hpp"

#include <doctest/doctest.h>

using namespace tenon::sandbox;

TEST_CASE("base64url is read back as written, and only without padding") {
  for (const std::string text : {"", "f", "fo", "foo", "\xff\xfe\xfd"})
    CHECK(base64url_decode(base64url_encode(text)) == text);
  CHECK(base64url_encode("\xff\xfe") == "__4");
  for (const auto bad : {"Zg==", "Z", "Z+8", "Zg\n"}) CHECK_FALSE(base64url_decode(bad));
}

TEST_CASE("a time is read with its zone and written in either notation") {
  const auto time = parse_time("2026-12-01T05:00:00Z", true);
  REQUIRE(time);
  CHECK(rfc3339(*time) == "2026-12-01T05:00:00Z");
  CHECK(kevel_time(*time) == "2026-12-01T05:00:00.0000000");
  CHECK(parse_time("2026-12-01T00:00:00.123-05:00", true) == time);
  CHECK(parse_time(kevel_time(*time), false) == time);
  CHECK(parse_time("2026-12-01", false) == sys_seconds(std::chrono::sys_days(std::chrono::year(2026) / 12 / 1)));
  for (const auto bad : {"2026-12-01T05:00:00", "2026-12-01", "2026-02-30T00:00:00Z", "2026-12-01T24:00:00Z",
                         "2026-12-01 05:00:00Z", "", "2026-12-01T05:00:00+5"})
    CHECK_FALSE(parse_time(bad, true));
}

TEST_CASE("a form is decoded, in order, malformed escapes and all") {
  const auto form = parse_form("a=1%2B1&b=x+y&c&d=%zz%4");
  CHECK(value_of(form, "a") == "1+1");
  CHECK(value_of(form, "b") == "x y");
  CHECK(has(form, "c"));
  CHECK(value_of(form, "d") == "%zz%4");
  CHECK_FALSE(has(form, "e"));
}
