// Goal: the formats that the schemas use are checked as their standards have them. Method: tables of good and bad
// texts.
#include "schemas/format.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace tenon::tenond::schemas;

namespace {

struct row {
  const char* format;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

}  // namespace

TEST_CASE("a format takes what its standard allows and nothing else") {
  const row rows[] = {
      {"date",
       {"2026-01-31", "2024-02-29", "2000-02-29", "0001-12-31"},
       {"", "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-1-1", "2026-01-01T",
        "20260101"}},
      {"date-time",
       {"2026-01-31T12:00:00Z", "2026-01-31t12:00:00z", "2026-01-31T12:00:00.123456+02:00", "2026-06-30T23:59:60Z",
        "2026-06-30T15:59:60-08:00", "2026-07-01T00:29:60+00:30", "2026-01-31T00:00:00-00:00"},
       {"", "2026-01-31", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "2026-01-31T24:00:00Z", "2026-06-30T22:59:60Z",
        "2026-06-30T23:59:60+01:00", "2026-01-31T12:60:00Z", "2026-01-31T12:00:00.Z", "2026-01-31T12:00Z",
        "2026-01-31T12:00:00+0200", "2026-01-31T12:00:00Zx", "asap"}},
      {"email",
       {"a@b", "sam.adeyemi+billing@pinnacle-media.com", "o'hara@example.com"},
       {"", "@b", "a@", "a.example", ".a@b.c", "a.@b.c", "a..b@c.d", "a b@c.d", "a@-b.c", "a@b_c"}},
      {"hostname",
       {"example.com", "localhost", "a-b.c", "xn--bcher-kva.example"},
       {"", "-a.com", "a-.com", "a..b", "a_b", ".a", "a.", std::string(64, 'a') + ".com"}},
      {"uri",
       {"https://example.com/a?b=c#d", "http://127.0.0.1:4600", "urn:isbn:1", "mailto:a@b.c", "http://[::1]/"},
       {"", "example.com", "/path", "//host/path", "http://a b", "http://a.b:c/d", "http://a/{ID}", "://x", "1http://x",
        "http://\u00e9/"}},
      {"uri-template",
       {"https://x/", "https://x/{ID}?a={b,c}", "{+path}/{x*}", "{var:30}", "/a%20b", "https://x/?{&a.b,c*}", "it's"},
       {"{", "}", "a}b", "{}", "{a b}", "{a:}", "{a:b}", "{a:0}", "{a..b}", "{a*b}", "{,a}", "{a,}", "{{a}}", "a b",
        "%2", "<a>"}},
  };
  for (const auto& row : rows) {
    const auto* rule = find_format(row.format);
    REQUIRE(rule != nullptr);
    for (const auto& text : row.good) CHECK_MESSAGE(rule->matches(text), row.format << " " << text);
    for (const auto& text : row.bad) CHECK_FALSE_MESSAGE(rule->matches(text), row.format << " " << text);
  }
}

TEST_CASE("a format nobody checks is no format") {
  CHECK(find_format("regex") == nullptr);
  CHECK(find_format("") == nullptr);
}
