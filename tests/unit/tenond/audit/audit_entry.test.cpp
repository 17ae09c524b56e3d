// Goal: a line is one JSON object on one line, whatever stands in the values. Method: hostile values, read back by a
// JSON parser.
#include "audit/audit_entry.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <doctest/doctest.h>

#include <algorithm>

using namespace tenon;
using namespace tenon::tenond;
namespace json = boost::json;

namespace {

const wall_time when = wall_time(std::chrono::seconds(1'700'000'000) + std::chrono::milliseconds(7));

json::object read(const std::string& line) {
  CAPTURE(line);
  REQUIRE(line.ends_with("}\n"));
  CHECK(std::ranges::count(line, '\n') == 1);
  return json::parse(line).as_object();
}

std::string through(const std::string& value) {
  audit_entry entry;
  entry.idempotency_key = value;
  return std::string(read(audit_line(entry, when)).at("idempotency_key").as_string());
}

}  // namespace

TEST_CASE("a whole entry has its members, an empty one those that are always there") {
  const audit_entry entry{.request_id = "r-1",
                          .tenant = "acme",
                          .principal = "buyer",
                          .task = "create_media_buy",
                          .account_id = "acme-main",
                          .outcome = "completed",
                          .idempotency_key = "0123456789abcdef",
                          .media_buy_id = "mb-1",
                          .task_id = "t-1",
                          .remote = "192.0.2.1",
                          .latency = std::chrono::microseconds(1234)};
  CHECK(audit_line(entry, when) ==
        R"({"time":"2023-11-14T22:13:20.007Z","event":"call","request_id":"r-1","tenant":"acme","principal":"buyer",)"
        R"("task":"create_media_buy","account_id":"acme-main","outcome":"completed","idempotency_key":)"
        R"("0123456789abcdef","media_buy_id":"mb-1","task_id":"t-1","latency_us":1234,"remote":"192.0.2.1"})"
        "\n");
  CHECK(audit_line(audit_entry(), when) == "{\"time\":\"2023-11-14T22:13:20.007Z\",\"event\":\"call\"}\n");
  CHECK(audit_line({.outcome = "unauthorized", .principal = {}, .count = 3, .since = when}, when) ==
        R"({"time":"2023-11-14T22:13:20.007Z","event":"summary","outcome":"unauthorized","count":3,)"
        R"("since":"2023-11-14T22:13:20.007Z"})"
        "\n");
}

TEST_CASE("a time before 1970 and one between two milliseconds are times") {
  const auto early = read(audit_line(audit_entry(), wall_time(std::chrono::microseconds(-1))));
  CHECK(early.at("time") == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("what would break the line or the terminal is escaped, and comes back as it was") {
  for (const std::string& value :
       {std::string("\",\"outcome\":\"completed"), std::string("a\nb\r\tc\\"), std::string("\x1b[31m\x7f"),
        std::string("nul\0nul", 7), std::string("käse 漢字 😀"), std::string("\u2028"),
        std::string("\xc2\x9b"
                    "31m")}) {
    CHECK(through(value) == value);
  }
  audit_entry entry;
  entry.task = "\x1b\x7f\xc2\x9b";
  CHECK(audit_line(entry, when).find(R"("task":"\u001b\u007f\u009b")") != std::string::npos);
}

TEST_CASE("bytes that are no UTF-8 become U+FFFD, each") {
  CHECK(through("a\xff"
                "b") == "a\ufffdb");
  CHECK(through("\xc3") == "\ufffd");                      // cut off
  CHECK(through("\xc0\xaf") == "\ufffd\ufffd");            // longer than need be
  CHECK(through("\xed\xa0\x80") == "\ufffd\ufffd\ufffd");  // a surrogate
  CHECK(through("\xf4\x90\x80\x80") == "\ufffd\ufffd\ufffd\ufffd");
  CHECK(through("\xe2\x82"
                "a") == "\ufffd\ufffda");
}

TEST_CASE("a value is cut where it gets too long, between two characters") {
  CHECK(through(std::string(255, 'k')) == std::string(255, 'k'));
  CHECK(through(std::string(256, 'k')) == std::string(255, 'k') + "…");
  CHECK(through(std::string(254, 'k') + "é") == std::string(254, 'k') + "…");
  audit_entry entry;
  for (auto* each : {&entry.request_id, &entry.tenant, &entry.principal, &entry.task, &entry.account_id, &entry.outcome,
                     &entry.idempotency_key, &entry.media_buy_id, &entry.task_id, &entry.remote}) {
    *each = std::string(100'000, '\x01');
  }
  CHECK(audit_line(entry, when).size() < 10'000);
}
