// Goal: a buyer reaches the accounts that are theirs, by each way of naming one, and learns nothing about others.
// Method: small fixed lists, resolved directly.
#include "print_result.hpp"

#include <tenon/account_store.hpp>

#include <doctest/doctest.h>

#include <optional>

using namespace tenon;

namespace {

result<account> resolve(const account_store& from, account_reference reference, std::string principal = {}) {
  std::optional<result<account>> got;
  from.resolve(std::move(reference), std::move(principal),
               [&got](result<account> outcome) { got = std::move(outcome); });
  REQUIRE(got.has_value());
  return *got;
}

std::shared_ptr<const account_store> make_store() {
  return make_explicit_account_store(
             {
                 {.reference = {.account_id = "open"}, .account = {.id = "1"}},
                 {.reference = {.account_id = "closed"}, .account = {.id = "2"}, .principals = {"alice"}},
                 {.reference = {.brand = "acme.example", .operator_name = "agency.example"},
                  .account = {.id = "3"},
                  .principals = {"bob", "carol"}},
                 {.reference = {.brand = "acme.example", .operator_name = "agency.example", .sandbox = true},
                  .account = {.id = "4"},
                  .principals = {"carol"}},
                 {.reference = {.account_id = "both", .brand = "both.example"}, .account = {.id = "5"}},
             })
      .value();
}

}  // namespace

TEST_CASE("an account is found by id, by brand and operator, and as a sandbox") {
  const auto store = make_store();
  CHECK(resolve(*store, {.account_id = "open"})->id == "1");
  CHECK(resolve(*store, {.brand = "acme.example", .operator_name = "agency.example"}, "bob")->id == "3");
  CHECK(resolve(*store, {.brand = "acme.example", .operator_name = "agency.example", .sandbox = true}, "carol")->id ==
        "4");
  CHECK(resolve(*store, {.account_id = "both"})->id == "5");
  CHECK(resolve(*store, {.brand = "both.example"})->id == "5");
}

TEST_CASE("an account that does not exist and one that is somebody else's are the same error") {
  const auto store = make_store();
  const auto missing = resolve(*store, {.account_id = "missing"}, "mallory");
  const auto foreign = resolve(*store, {.account_id = "closed"}, "mallory");
  REQUIRE_FALSE(missing);
  REQUIRE_FALSE(foreign);
  CHECK(missing.error() == foreign.error());
  CHECK(missing.error().code == "ACCOUNT_NOT_FOUND");
  CHECK(missing.error().field == "account.account_id");
  CHECK_FALSE(resolve(*store, {.account_id = "closed"}).has_value());
  CHECK(resolve(*store, {.account_id = "closed"}, "alice")->id == "2");
}

TEST_CASE("half a reference is no reference") {
  const auto store = make_store();
  CHECK_FALSE(resolve(*store, {.brand = "acme.example"}, "bob").has_value());
  CHECK_FALSE(resolve(*store, {.operator_name = "agency.example"}, "bob").has_value());
}

TEST_CASE("who names no account gets the one that is theirs alone, never an open one") {
  const auto store = make_store();
  CHECK(resolve(*store, {}, "alice")->id == "2");
  CHECK(resolve(*store, {}, "mallory").error().code == "ACCOUNT_NOT_FOUND");
  CHECK(resolve(*store, {}).error().code == "ACCOUNT_NOT_FOUND");
  CHECK(resolve(*store, {}, "carol").error().code == "ACCOUNT_AMBIGUOUS");
}

TEST_CASE("two accounts with one reference are refused by name, and so is an account without any") {
  const auto twice = make_explicit_account_store({{.reference = {.account_id = "x"}, .account = {.id = "1"}},
                                                  {.reference = {.account_id = "x"}, .account = {.id = "2"}}});
  REQUIRE_FALSE(twice.has_value());
  CHECK(twice.error().message.find("\"x\"") != std::string::npos);
  const auto brands =
      make_explicit_account_store({{.reference = {.brand = "b", .operator_name = "o"}, .account = {.id = "1"}},
                                   {.reference = {.brand = "b", .operator_name = "o"}, .account = {.id = "2"}}});
  CHECK_FALSE(brands.has_value());
  CHECK_FALSE(make_explicit_account_store({{.reference = {}, .account = {.id = "1"}}}).has_value());
  CHECK_FALSE(make_explicit_account_store({{.reference = {.sandbox = true}, .account = {.id = "1"}}}).has_value());
}

TEST_CASE("the principal alone decides where accounts are the callers'") {
  const auto store = make_principal_account_store({{"alice", {.id = "1"}}});
  CHECK(resolve(*store, {}, "alice")->id == "1");
  CHECK(resolve(*store, {.account_id = "ignored"}, "alice")->id == "1");
  CHECK(resolve(*store, {}, "mallory").error().code == "ACCOUNT_NOT_FOUND");
  CHECK(resolve(*store, {}).error().code == "AUTH_REQUIRED");
}
