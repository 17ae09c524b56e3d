// Goal: errors carry what the contract says, and move-only callables behave.
#include <tenon/call.hpp>
#include <tenon/error.hpp>
#include <tenon/unique_function.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <sstream>

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
