// Goal: patterns match as ECMA 262 has it, in linear time. Method: tables of texts, and texts that break backtrackers.
#include "schemas/pattern.hpp"

#include <doctest/doctest.h>

using namespace tenon::tenond::schemas;

namespace {

bool found(std::string_view expression, std::string_view subject) {
  const auto made = pattern::compile(expression);
  REQUIRE_MESSAGE(made.has_value(), expression);
  return made->found_in(subject);
}

}  // namespace

TEST_CASE("a pattern is found anywhere unless it is anchored") {
  CHECK(found("b", "abc"));
  CHECK(found("", "anything"));
  CHECK(found("", ""));
  CHECK(found("^a", "abc"));
  CHECK_FALSE(found("^b", "abc"));
  CHECK(found("c$", "abc"));
  CHECK_FALSE(found("b$", "abc"));
  CHECK_FALSE(found("a$", "a\n"));
  CHECK(found("^$", ""));
  CHECK_FALSE(found("^$", "a"));
  CHECK(found("^a|b", "xb"));
  CHECK(found("(^a|^b)c$", "bc"));
}

TEST_CASE("repetitions count") {
  struct row {
    const char* expression;
    const char* subject;
    bool found;
  };
  const row rows[] = {
      {"^a*$", "", true},
      {"^a*$", "aaa", true},
      {"^a+$", "", false},
      {"^a+$", "aa", true},
      {"^ab?$", "a", true},
      {"^ab?$", "abb", false},
      {"^a{2}$", "aa", true},
      {"^a{2}$", "aaa", false},
      {"^a{2,}$", "a", false},
      {"^a{2,}$", "aaaa", true},
      {"^a{2,4}$", "aaaa", true},
      {"^a{2,4}$", "aaaaa", false},
      {"^(ab){1,2}$", "abab", true},
      {"^(ab){1,2}$", "aba", false},
      {"^a{0}$", "", true},
      {"^a{0}$", "a", false},
      {"^(a*)*$", "aaaa", true},
      {"^(a|b*)+$", "abba", true},
      {"^a+?b$", "aab", true},
      {"^(?:a|bc|d)$", "bc", true},
      {"^(a{2}){2}$", "aaaa", true},
      {"^(a{2}){2}$", "aaa", false},
      {"^(|a)b$", "b", true},
      {"^(a|)b$", "ab", true},
  };
  for (const auto& row : rows) CHECK_MESSAGE(found(row.expression, row.subject) == row.found, row.expression);
}

TEST_CASE("classes and escapes mean what ECMA 262 says") {
  CHECK(found("^[A-Z]{2}-[A-Z0-9]{1,3}$", "US-NY1"));
  CHECK_FALSE(found("^[A-Z]{2}-[A-Z0-9]{1,3}$", "us-ny"));
  CHECK(found("^[^a-c]$", "d"));
  CHECK_FALSE(found("^[^a-c]$", "b"));
  CHECK(found("^[a-]$", "-"));
  CHECK(found("^[\\]\\-.]+$", "]-."));
  CHECK(found("^\\d{4}-\\d{2}$", "2026-01"));
  CHECK_FALSE(found("^\\d$", "\u0663"));
  CHECK(found("^[\\d_]+$", "1_2"));
  CHECK(found("^[\\s]\\s$", "\u2003\ufeff"));
  CHECK(found("^\\w+\\s\\W\\S\\D$", "ab \u00a0xy"));
  CHECK_FALSE(found("^\\w+\\s\\S\\D$", "ab x9"));
  CHECK(found("^\\w+\\s\\S\\D$", "ab xy"));
  CHECK(found("^a\\.b$", "a.b"));
  CHECK_FALSE(found("^a\\.b$", "axb"));
  CHECK_FALSE(found("^.$", "\n"));
  CHECK(found("^\\u00e9\\x41\\t$", "\u00e9A\t"));
  CHECK(found("^https:\\/\\/", "https://x"));
}

TEST_CASE("a character is a code point") {
  CHECK(found("^.$", "\U0001F600"));
  CHECK(found("^[\u00e4-\u00fc]$", "\u00f6"));
  CHECK(code_points("a\u00e9\u20ac\U0001F600") == 4);
  CHECK(found("^.+$", "\xFF\xC3"));  // no UTF-8: must end, whatever it says
}

TEST_CASE("what the matcher does not know is refused when it is compiled") {
  for (const auto* text : {"(?=a)", "(?<n>a)", "\\bword", "(a)\\1", "a{2", "a{3,2}", "[a", "[z-a]", "(a", "a)", "*a",
                           "\\", "[\\D]", "a{2000}", "(a{1000}){1000}", "\\u12g4"}) {
    const auto made = pattern::compile(text);
    REQUIRE_MESSAGE(!made.has_value(), text);
    CHECK(made.error().operator_detail.find("expected") != std::string::npos);
  }
  CHECK_FALSE(pattern::compile(std::string(100, '(') + std::string(100, ')')).has_value());
  CHECK_FALSE(pattern::compile(std::string(2000, 'a')).has_value());
}

TEST_CASE("no text makes a pattern slow") {
  // With a matcher that backtracks this does not end.
  CHECK_FALSE(found("^(a+)+$", std::string(100'000, 'a') + '!'));
  CHECK_FALSE(found("^(a|a)*$", std::string(100'000, 'a') + '!'));
  const auto domain = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$";
  CHECK_FALSE(found(domain, std::string(1'000'000, 'a') + '!'));
  CHECK_FALSE(found("^[A-Za-z0-9_.:-]{16,255}$", std::string(1'000'000, 'a')));
}
