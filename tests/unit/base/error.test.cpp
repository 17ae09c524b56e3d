// Goal: errors carry what the contract says, and move-only callables behave.
#include <tenon/call.hpp>
#include <tenon/error.hpp>
#include <tenon/unique_function.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <sstream>
#include <utility>

using namespace tenon;

TEST_CASE("a missing tenant is ACCOUNT_NOT_FOUND, terminal, on the tenant's field, and the buyer does not learn why") {
  const auto made = tenant_not_found("tenant acme is disabled");
  CHECK(made.code == "ACCOUNT_NOT_FOUND");
  CHECK(made.recover == recovery::terminal);
  CHECK(made.field == "account.metadata.tenant_id");
  CHECK(made.message.find("disabled") == std::string::npos);
}

TEST_CASE("the value of a failed result throws the error") {
  const result<int> failed = make_error("PRODUCT_NOT_FOUND", "no such product");
  CHECK_THROWS_AS(failed.value(), error_exception);
  try {
    failed.value();
  } catch (const error_exception& caught) {
    CHECK(caught.value() == failed.error());
  }
}

TEST_CASE("an error that passes by itself says when to try again, any other says nothing of it") {
  CHECK(make_error("SERVICE_UNAVAILABLE", "away").retry_after_s == 5);
  CHECK(make_error("RATE_LIMITED", "slow down").retry_after_s == 5);
  CHECK(make_error("CONFLICT", "changed").retry_after_s == 0);
  CHECK(make_error("INTERNAL_ERROR", "broken").retry_after_s == 0);
}

TEST_CASE("an error prints its operator detail last") {
  std::ostringstream out;
  out << make_error("INVALID_REQUEST", "bad", "line 3");
  CHECK(out.str() == "INVALID_REQUEST (correctable): bad -- line 3");
}

TEST_CASE("an account without a tenant or with an empty one has none") {
  CHECK_FALSE(account{.id = "a"}.tenant_id());
  CHECK_FALSE(account{.id = "a", .metadata = {{"tenant_id", ""}}}.tenant_id());
  CHECK(account{.id = "a", .metadata = {{"tenant_id", "acme"}}}.tenant_id() == "acme");
}

TEST_CASE("a unique_function holds what cannot be copied, and is empty when moved from") {
  unique_function<int(int)> add = [held = std::make_unique<int>(40)](int more) { return *held + more; };
  auto moved = std::move(add);
  CHECK_FALSE(add);  // NOLINT(bugprone-use-after-move): that is the claim
  CHECK(moved(2) == 42);
}

TEST_CASE("a unique_function keeps what it is told to keep, until the callable is gone") {
  auto first = std::make_shared<int>(1);
  auto second = std::make_shared<int>(2);
  unique_function<void()> nothing = [] {};
  nothing.keep(first);
  nothing.keep(second);
  const std::weak_ptr<int> first_seen = std::exchange(first, nullptr);
  const std::weak_ptr<int> second_seen = std::exchange(second, nullptr);
  CHECK_FALSE(first_seen.expired());
  CHECK_FALSE(second_seen.expired());
  nothing = {};
  CHECK(first_seen.expired());
  CHECK(second_seen.expired());
}

TEST_CASE("a spare calls the same callable after the first handle was lost, and knows whether that was called") {
  int calls = 0;
  unique_function<void()> count = [&calls] { ++calls; };
  auto spare = count.spare();
  { const auto lost = std::move(count); }
  CHECK_FALSE(spare.called());
  spare();
  CHECK(calls == 1);
  CHECK(spare.called());
}
