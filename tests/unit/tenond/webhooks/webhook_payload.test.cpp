// Goal: the bytes on the wire are those that AdCP describes. Method: bodies are parsed, the signature is compared with
// a vector that was made by another implementation (Python's hmac).
#include "webhooks/webhook_payload.hpp"

#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace tenon::tenond;
using namespace std::literals;
namespace json = boost::json;

namespace {

constexpr tenon::wall_time when{1'700'000'000s};
constexpr std::size_t room = 1u << 20;

const webhook_target target{.url = "https://buyer.example/", .host = "buyer.example"};
const webhook_subject subject{
    .tenant = "acme", .principal = "buyer", .task_type = "create_media_buy", .task_id = "task_1"};

json::object body_of(const webhook_target& to, const webhook_outcome& outcome, std::size_t largest = room) {
  const auto text = webhook_body(to, subject, outcome, "whk_0123456789abcdef", when, largest);
  CHECK(text.size() <= largest);
  return json::parse(text).as_object();
}

}  // namespace

TEST_CASE("a body has every member of the payload") {
  auto to = target;
  to.operation_id = "op_1";
  to.token = "0123456789abcdef";
  const auto body = body_of(to, {.status = "completed", .message = "Done.", .result = R"({"media_buy_id":"mb_1"})"});
  CHECK(body == json::object{{"idempotency_key", "whk_0123456789abcdef"},
                             {"operation_id", "op_1"},
                             {"task_id", "task_1"},
                             {"task_type", "create_media_buy"},
                             {"protocol", "media-buy"},
                             {"status", "completed"},
                             {"timestamp", "2023-11-14T22:13:20Z"},
                             {"message", "Done."},
                             {"token", "0123456789abcdef"},
                             {"result", {{"media_buy_id", "mb_1"}}}});
}

TEST_CASE("what there is not is left away") {
  const auto body = body_of(target, {.status = "failed"});
  for (const auto* name : {"operation_id", "message", "token", "result"}) CHECK_FALSE(body.contains(name));
  CHECK(body.at("status") == "failed");
}

TEST_CASE("a failed task's result has its errors") {
  const auto body = body_of(target, {.status = "failed", .result = failure_result(R"({"code":"BUDGET_TOO_LOW"})")});
  CHECK(body.at("result") == json::value({{"errors", json::array{{{"code", "BUDGET_TOO_LOW"}}}}}));
}

TEST_CASE("a result's bytes are not touched") {
  const auto result = R"({"n":1.50,"big":12345678901234567890123,"e":"\u00e9"})"s;
  const auto body = webhook_body(target, subject, {.status = "completed", .result = result}, "k", when, room);
  CHECK(body.ends_with(",\"result\":" + result + "}"));
}

TEST_CASE("a result that is no object, or too large, is left away") {
  for (const auto* result : {"nonsense", "[]", "{} {}", "{}\"x\":1", "1", "{"})
    CHECK_FALSE(body_of(target, {.status = "completed", .result = result}).contains("result"));
  const auto large = R"({"x":")" + std::string(400, 'x') + R"("})";
  CHECK_FALSE(body_of(target, {.status = "completed", .result = large}, 400).contains("result"));
  CHECK(body_of(target, {.status = "completed", .result = large}, 1'000).contains("result"));
}

TEST_CASE("the schemes' headers") {
  const std::string secret = "0123456789abcdef0123456789abcdef";
  const std::string body = R"({"idempotency_key":"whk_1","task_id":"t"})";
  using headers = std::vector<std::pair<std::string, std::string>>;
  CHECK(webhook_headers(webhook_scheme::none, "", body, when) == headers{{"Content-Type", "application/json"}});
  CHECK(webhook_headers(webhook_scheme::bearer, secret, body, when) ==
        headers{{"Content-Type", "application/json"}, {"Authorization", "Bearer " + secret}});
  CHECK(webhook_headers(webhook_scheme::hmac_sha256, secret, body, when + 999ms) ==
        headers{{"Content-Type", "application/json"},
                {"X-ADCP-Timestamp", "1700000000"},
                {"X-ADCP-Signature", "sha256=b91da4dc43a67261aa84f2b62f69779ee5b9c7a08ec31225581930ef771c171b"}});
}

TEST_CASE("a key belongs to one event") {
  const auto key = [](const webhook_subject& of, std::string_view secret = "secret") {
    return webhook_key(secret, of).value();
  };
  const auto first = key(subject);
  CHECK(first.starts_with("whk_"));
  CHECK(first.size() == 44);
  CHECK(first.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == std::string::npos);
  CHECK(key(subject) == first);
  CHECK(key(subject, "another") != first);
  for (const auto member : {&webhook_subject::tenant, &webhook_subject::principal, &webhook_subject::task_type,
                            &webhook_subject::task_id, &webhook_subject::name}) {
    auto other = subject;
    other.*member += 'x';
    CHECK(key(other) != first);
  }
  CHECK(key({"ab", "c", "t", "x", ""}) != key({"a", "bc", "t", "x", ""}));
  CHECK(key({"a", "b", "t", "x", ""}) != key({"a", "b", "t", "", "x"}));
  CHECK_FALSE(webhook_key("", subject).has_value());
}

TEST_CASE("only the tasks of the release's enumeration have webhooks") {
  CHECK(has_webhooks("create_media_buy"));
  CHECK(has_webhooks("update_property_list"));
  CHECK_FALSE(has_webhooks("get_products"));
  CHECK_FALSE(has_webhooks(""));
}
