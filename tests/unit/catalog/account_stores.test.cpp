// Goal: a reference leads to the one tenant that lists it or to one error that tells nothing; a principal reaches what
// is there for it and nothing else. Method: catalogs made from text, resolved in place.
#include "config_directory.hpp"

using namespace tenon;

namespace {

result<account> resolve(const account_store& store, account_reference reference, std::string principal = {}) {
  std::optional<result<account>> answer;
  int answers = 0;
  store.resolve(std::move(reference), std::move(principal), [&](result<account> found) {
    answer = std::move(found);
    ++answers;
  });
  REQUIRE(answers == 1);
  return *answer;
}

/// "id@tenant", or the code of the error.
std::string outcome(const account_store& store, account_reference reference, std::string principal = {}) {
  const auto found = resolve(store, std::move(reference), std::move(principal));
  return found ? found->id + '@' + found->tenant_id().value_or("") : found.error().code;
}

std::shared_ptr<const account_store> store_of(const std::string& tenants) {
  const config_directory directory;
  auto read = directory.main(tenants).read();
  REQUIRE(read->broken.empty());
  return make_catalog_account_store(std::move(read));
}

const std::string open_tenant = inline_tenant("open", R"(plugin = 'gam'
accounts = [{ id = 'open-main' }, { brand = 'b.example', operator = 'o.example' },
            { brand = 'b.example', operator = 'o.example', sandbox = true }])");
const std::string bound_tenant =
    inline_tenant("bound", "plugin = 'gam'\naccounts = [{ id = 'bound-main' }]\nprincipals = ['p', 'q']");
const std::string other_tenant =
    inline_tenant("other", "plugin = 'gam'\naccounts = [{ id = 'other-main' }]\nprincipals = ['r']");
const std::string disabled_tenant =
    inline_tenant("off", "plugin = 'gam'\nenabled = false\naccounts = [{ id = 'off-main' }]\nprincipals = ['s']");

}  // namespace

TEST_CASE("a listed account leads to its tenant, by id and by brand and operator") {
  const auto store = store_of(open_tenant);
  CHECK(outcome(*store, {.account_id = "open-main"}) == "open-main@open");
  CHECK(outcome(*store, {.account_id = "open-main"}, "anybody") == "open-main@open");
  CHECK(outcome(*store, {.brand = "b.example", .operator_name = "o.example"}) == "b.example/o.example@open");
  CHECK(outcome(*store, {.brand = "B.Example", .operator_name = "O.example"}) == "b.example/o.example@open");
  CHECK(outcome(*store, {.brand = "b.example", .operator_name = "o.example", .sandbox = true}) ==
        "b.example/o.example/sandbox@open");
}

TEST_CASE("the id of a resolved account leads to the same account again") {
  const auto store = store_of(open_tenant + bound_tenant);
  CHECK(outcome(*store, {.account_id = "b.example/o.example"}) == "b.example/o.example@open");
  CHECK(outcome(*store, {}, "p") == "bound@bound");
  CHECK(outcome(*store, {.account_id = "bound"}, "p") == "bound@bound");
}

TEST_CASE("an entry without sandbox is not the sandbox account, nor the other way round") {
  const auto store =
      store_of(inline_tenant("a", "plugin = 'gam'\naccounts = [{ brand = 'b.example', operator = 'o.example' }]") +
               inline_tenant("s",
                             "plugin = 'gam'\naccounts = [{ brand = 't.example', operator = 'o.example', "
                             "sandbox = true }]"));
  CHECK(outcome(*store, {.brand = "b.example", .operator_name = "o.example", .sandbox = true}) == "ACCOUNT_NOT_FOUND");
  CHECK(outcome(*store, {.brand = "t.example", .operator_name = "o.example"}) == "ACCOUNT_NOT_FOUND");
}

TEST_CASE("a reference that is not exactly listed leads nowhere") {
  const auto store = store_of(open_tenant);
  const account_reference references[] = {
      {.account_id = "OPEN-MAIN"},
      {.account_id = "open"},
      {.brand = "b.example"},
      {.operator_name = "o.example"},
      {.brand = "b.example", .operator_name = "x.example"},
      {.brand = "b.example/o.example", .operator_name = "sandbox"},
      {.account_id = "unknown", .brand = "b.example", .operator_name = "o.example"},
      {},
  };
  for (const auto& reference : references) CHECK(outcome(*store, reference, "p") == "ACCOUNT_NOT_FOUND");
}

TEST_CASE("a tenant that lists principals is there for them alone") {
  const auto store = store_of(bound_tenant + other_tenant);
  for (const auto* principal : {"p", "q"}) {
    CHECK(outcome(*store, {.account_id = "bound-main"}, principal) == "bound-main@bound");
    CHECK(outcome(*store, {}, principal) == "bound@bound");
  }
  for (const auto* principal : {"", "r", "P", "stranger"}) {
    CHECK(outcome(*store, {.account_id = "bound-main"}, principal) == "ACCOUNT_NOT_FOUND");
    CHECK(outcome(*store, {.account_id = "bound"}, principal) == "ACCOUNT_NOT_FOUND");
  }
  CHECK(outcome(*store, {}, "r") == "other@other");
}

TEST_CASE("no tenant is a default: not for strangers, not for nobody, not when there is only one") {
  const auto only = store_of(open_tenant);
  CHECK(outcome(*only, {}) == "ACCOUNT_NOT_FOUND");
  CHECK(outcome(*only, {}, "stranger") == "ACCOUNT_NOT_FOUND");
  CHECK(outcome(*store_of(bound_tenant), {}) == "ACCOUNT_NOT_FOUND");
}

TEST_CASE("missing, disabled and forbidden look the same, but for the operator") {
  const auto store = store_of(bound_tenant + disabled_tenant);
  const auto missing = resolve(*store, {.account_id = "none"}, "s").error();
  CHECK(missing.recover == recovery::terminal);
  const account_reference references[] = {
      {.account_id = "bound-main"}, {.account_id = "off-main"}, {.account_id = "off"}, {}};
  for (const auto& reference : references) {
    auto refused = resolve(*store, reference, "s").error();
    refused.operator_detail = missing.operator_detail;
    CHECK(refused == missing);
  }
  CHECK(missing == tenant_not_found(missing.operator_detail));
}

TEST_CASE("the operator reads what was asked for, without control characters") {
  const auto refused = resolve(*store_of(""), {.account_id = "a\nb"}, "p\x1b").error();
  CHECK(refused.operator_detail ==
        "the account id \"a\\x0ab\" leads to no enabled tenant that is there for principal \"p\\x1b\"");
}

TEST_CASE("what two entries claim resolves for neither") {
  auto doubled = std::make_shared<catalog>();
  for (const auto* name : {"a", "b"}) {
    tenant_entry entry;
    entry.name = name;
    entry.accounts = {{.account_id = "shared"}, {.account_id = std::string("own-") + name}};
    entry.principals = {"both", std::string("of-") + name};
    doubled->tenants.emplace(name, std::make_shared<const tenant_entry>(entry));
  }
  const auto store = make_catalog_account_store(doubled);
  CHECK(outcome(*store, {.account_id = "shared"}, "of-a") == "ACCOUNT_NOT_FOUND");
  CHECK(outcome(*store, {}, "both") == "ACCOUNT_NOT_FOUND");
  CHECK(outcome(*store, {.account_id = "own-a"}, "both") == "ACCOUNT_NOT_FOUND");
  CHECK(outcome(*store, {.account_id = "own-a"}, "of-a") == "own-a@a");
}
