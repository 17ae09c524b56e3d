// Goal: whatever a plugin answers, the buyer sees a well-formed answer without control characters or made-up codes.
// Method: the mapping alone.
#include "platform/reply_mapping.hpp"
#include "platform/plain_text.hpp"

#include "print_result.hpp"

#include <doctest/doctest.h>

using namespace tenon;

namespace {

tenon_reply reply_with(tenon_status status, std::string_view body = {}) {
  tenon_reply made{};
  made.struct_size = sizeof made;
  made.status = status;
  made.body = abi_text(body);
  return made;
}

}  // namespace

TEST_CASE("a JSON object comes through byte by byte") {
  const auto mapped = map_reply(reply_with(TENON_OK, " {\"name\":\"caf\xc3\xa9\"}\n"));
  REQUIRE(mapped);
  CHECK(mapped->body == " {\"name\":\"caf\xc3\xa9\"}\n");
}

TEST_CASE("a body that is no JSON object in UTF-8 is INTERNAL_ERROR, terminal") {
  for (const std::string_view body :
       {"", "  ", "[]", "\"text\"", "{", "}", "{\"a\":\"\xff\"}", "{\"a\":\"\xc0\xaf\"}"}) {
    CAPTURE(body);
    const auto mapped = map_reply(reply_with(TENON_OK, body));
    REQUIRE_FALSE(mapped);
    CHECK(mapped.error().code == "INTERNAL_ERROR");
    CHECK(mapped.error().recover == recovery::terminal);
    CHECK(mapped.error().by_plugin);
  }
}

TEST_CASE("what a plugin answers to a call is told from what the host says in its place") {
  CHECK(map_reply(reply_with(TENON_E_IO)).error().by_plugin);
  CHECK(map_refusal(TENON_E_FAILED).by_plugin);
  CHECK_FALSE(answer_timed_out().by_plugin);
  CHECK_FALSE(answer_closing().by_plugin);
  CHECK_FALSE(account_misconfigured("no such file").by_plugin);
}

TEST_CASE("an error keeps its code, and its recovery is the release's") {
  auto answer = reply_with(TENON_E_FAILED);
  answer.code = abi_text("PRODUCT_NOT_FOUND");
  answer.message = abi_text("No such product.");
  answer.field = abi_text("product_id");
  answer.suggestion = abi_text("Ask for products first.");
  answer.details = abi_text("{\"product_id\":\"p1\"}");
  answer.operator_detail = abi_text("line item 12");
  answer.retry_after_s = 90'000;
  const auto mapped = map_reply(answer);
  REQUIRE_FALSE(mapped);
  CHECK(mapped.error() == error{.code = "PRODUCT_NOT_FOUND",
                                .message = "No such product.",
                                .recover = recovery::correctable,
                                .field = "product_id",
                                .suggestion = "Ask for products first.",
                                .retry_after_s = 3600,
                                .details = "{\"product_id\":\"p1\"}",
                                .operator_detail = "line item 12",
                                .by_plugin = true});
}

TEST_CASE("a plugin may say what can be done about its error") {
  auto answer = reply_with(TENON_E_FAILED);
  answer.code = abi_text("PRODUCT_NOT_FOUND");
  answer.recovery = TENON_RECOVERY_TERMINAL;
  CHECK(map_reply(answer).error().recover == recovery::terminal);
  answer.recovery = TENON_RECOVERY_TRANSIENT;
  CHECK(map_reply(answer).error().recover == recovery::transient);
  answer.recovery = 77;
  CHECK(map_reply(answer).error().recover == recovery::correctable);
}

TEST_CASE("without a code, or with one that is none, the status decides") {
  CHECK(map_reply(reply_with(TENON_E_IO)).error().code == "SERVICE_UNAVAILABLE");
  CHECK(map_reply(reply_with(TENON_E_CONFLICT)).error().code == "CONFLICT");
  CHECK(map_reply(reply_with(TENON_E_CONFLICT)).error().recover == recovery::transient);
  CHECK(map_reply(reply_with(TENON_E_TIMEOUT)).error().recover == recovery::transient);
  CHECK(map_reply(reply_with(TENON_E_FAILED)).error().code == "INTERNAL_ERROR");
  CHECK(map_reply(reply_with(4711)).error().code == "INTERNAL_ERROR");
  CHECK(map_reply(reply_with(-1)).error().operator_detail.find("unknown status (-1)") != std::string::npos);
  auto answer = reply_with(TENON_E_UNSUPPORTED);
  answer.code = abi_text("not a code");
  CHECK(map_reply(answer).error().code == "UNSUPPORTED_FEATURE");
}

TEST_CASE("a failed create() without a code is a passing trouble or a wrong set-up") {
  CHECK(map_ready(reply_with(TENON_OK)).has_value());
  CHECK(map_ready(reply_with(TENON_E_IO)).error().code == "SERVICE_UNAVAILABLE");
  CHECK(map_ready(reply_with(TENON_E_TIMEOUT)).error().code == "SERVICE_UNAVAILABLE");
  CHECK(map_ready(reply_with(TENON_E_FAILED)).error().code == "CONFIGURATION_ERROR");
  CHECK(map_create_refusal(TENON_E_INVALID).code == "CONFIGURATION_ERROR");
  CHECK(map_create_refusal(TENON_E_IO).code == "SERVICE_UNAVAILABLE");
}

TEST_CASE("a message for a buyer is clean and short, and never empty") {
  auto answer = reply_with(TENON_E_FAILED);
  const std::string message = "bad\nline \x1b[31m\xff" + std::string(5000, 'x');
  answer.message = abi_text(message);
  const auto mapped = map_reply(answer).error().message;
  CHECK(mapped.starts_with("bad line  [31m\xef\xbf\xbdx"));
  CHECK(mapped.size() <= 1024);
  CHECK(is_utf8(mapped));
  CHECK_FALSE(map_reply(reply_with(TENON_E_FAILED)).error().message.empty());
}

TEST_CASE("details that are no JSON object are left out") {
  auto answer = reply_with(TENON_E_FAILED);
  answer.details = abi_text("{\"open\":");
  CHECK(map_reply(answer).error().details.empty());
}

TEST_CASE("members beyond a plugin's struct_size count as zero, and a null pointer with a length as empty") {
  auto answer = reply_with(TENON_E_FAILED);
  answer.code = abi_text("PRODUCT_NOT_FOUND");
  answer.struct_size = offsetof(tenon_reply, code);
  CHECK(map_reply(answer).error().code == "INTERNAL_ERROR");
  answer.struct_size = 0;
  CHECK(map_reply(answer).error().code == "INTERNAL_ERROR");
  auto broken = reply_with(TENON_OK);
  broken.body = {nullptr, 12};
  CHECK(map_reply(broken).error().code == "INTERNAL_ERROR");
}

TEST_CASE("text is cut between characters") {
  CHECK(scrubbed("caf\xc3\xa9", 4) == "caf");
  CHECK(scrubbed("caf\xc3\xa9", 5) == "caf\xc3\xa9");
}

TEST_CASE("only well-formed UTF-8 passes") {
  CHECK(is_utf8(""));
  CHECK(is_utf8("plain text that is longer than a block \xe2\x82\xac \xf0\x9f\x98\x80"));
  for (const std::string_view wrong :
       {"\x80", "\xc1\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8", "abc\xe2\x82", "\xc3"}) {
    CHECK_FALSE(is_utf8(wrong));
  }
}

TEST_CASE("a log line stays one line, and says what was cut") {
  CHECK(escaped("a\nb\t\x1b\\", 100) == "a\\nb\\t\\x1b\\\\");
  CHECK(escaped("\xff", 100) == "\\xff");
  CHECK(escaped("abcdef", 4) == "abcd... (2 bytes more)");
}
