// Goal: a request reaches the tenant that its account, its path or its host name says, where these agree, and whoever
// may not see a tenant learns no more than if it were not there.
// Method: a directory over deployments made by hand, resolved directly; nothing is loaded.
#include "host/directory.hpp"

#include "print_result.hpp"

#include <doctest/doctest.h>

using namespace tenon;

namespace {

std::shared_ptr<tenant_entry> entry(const std::string& name) {
  auto made = std::make_shared<tenant_entry>();
  made->name = name;
  made->plugin = "echo";
  made->accounts = {{.account_id = name + "-main"}};
  made->hosts = {name + ".example"};
  return made;
}

void add(deployment_map& to, std::shared_ptr<tenant_entry> what) {
  const auto name = what->name;
  to[name] = std::make_shared<deployment>(deployment{.entry = std::move(what), .image = nullptr});
}

/// Tenants "open" and "closed", which is for alice alone, and "off", which is disabled.
deployment_map three_tenants() {
  deployment_map made;
  add(made, entry("open"));
  auto closed = entry("closed");
  closed->principals = {"alice"};
  add(made, closed);
  auto off = entry("off");
  off->enabled = false;
  add(made, off);
  return made;
}

result<account> resolve(const tenant_directory& from, call_target target, std::string principal = {}) {
  std::optional<result<account>> got;
  from.resolve(std::move(target), std::move(principal), [&got](auto outcome) { got = std::move(outcome); });
  REQUIRE(got.has_value());
  return *got;
}

std::string tenant_or_code(const result<account>& found) {
  return found ? found->tenant_id().value_or("none") : found.error().code;
}

}  // namespace

TEST_CASE("before the first reload nobody is found") {
  const tenant_directory empty;
  CHECK(tenant_or_code(resolve(empty, {.tenant = "open"})) == "ACCOUNT_NOT_FOUND");
  CHECK(tenant_or_code(resolve(empty, {.account = {.account_id = "open-main"}})) == "ACCOUNT_NOT_FOUND");
  CHECK_FALSE(empty.tenant_for_host("open.example"));
}

TEST_CASE("a tenant is reached by its account, by its name, and by both where they agree") {
  tenant_directory at;
  at.assign(three_tenants());
  CHECK(tenant_or_code(resolve(at, {.account = {.account_id = "open-main"}})) == "open");
  CHECK(tenant_or_code(resolve(at, {.tenant = "open", .account = {.account_id = "open-main"}})) == "open");
  const auto own = resolve(at, {.tenant = "open"});
  REQUIRE(own);
  CHECK(own->id == "open");
  CHECK(own->tenant_id() == "open");
}

TEST_CASE("a tenant with implicit accounts has one for every brand and operator, and a sandbox for whatever is named") {
  deployment_map made = three_tenants();
  auto implicit = entry("implicit");
  implicit->implicit_accounts = true;
  implicit->principals = {"bob"};
  add(made, implicit);
  auto sandbox = entry("sandbox");
  sandbox->sandbox = true;
  sandbox->principals = {"carol"};
  add(made, sandbox);
  tenant_directory at;
  at.assign(made);
  const account_reference natural{.brand = "Brand.example", .operator_name = "agency.example", .sandbox = true};
  const account_reference by_its_id{.account_id = "brand.example/agency.example/sandbox"};
  const account_reference listed_elsewhere{.account_id = "open-main"};
  const account_reference no_domain{.brand = "no domain", .operator_name = "agency.example"};
  for (const std::string tenant : {"implicit", ""}) {  // by the path, and by who calls
    CAPTURE(tenant);
    const auto found = resolve(at, {.tenant = tenant, .account = natural}, "bob");
    REQUIRE(found);
    CHECK(found->id == by_its_id.account_id);
    CHECK(found->tenant_id() == "implicit");
    CHECK(resolve(at, {.tenant = tenant, .account = by_its_id}, "bob") == found);
    CHECK(tenant_or_code(resolve(at, {.tenant = tenant, .account = {.account_id = "any"}}, "bob")) ==
          "ACCOUNT_NOT_FOUND");
    CHECK(tenant_or_code(resolve(at, {.tenant = tenant, .account = no_domain}, "bob")) == "ACCOUNT_NOT_FOUND");
    CHECK(tenant_or_code(resolve(at, {.tenant = tenant, .account = natural}, "carl")) == "ACCOUNT_NOT_FOUND");
  }
  CHECK(tenant_or_code(resolve(at, {.tenant = "sandbox", .account = {.account_id = "any"}}, "carol")) == "sandbox");
  CHECK(tenant_or_code(resolve(at, {.account = {.account_id = "any"}}, "carol")) == "sandbox");
  // What another tenant lists is here the tenant's own, however it was named.
  CHECK(tenant_or_code(resolve(at, {.tenant = "sandbox", .account = listed_elsewhere}, "carol")) == "sandbox");
  CHECK(tenant_or_code(resolve(at, {.account = listed_elsewhere}, "carol")) == "sandbox");
  CHECK(tenant_or_code(resolve(at, {.tenant = "open", .account = natural}, "bob")) == "ACCOUNT_NOT_FOUND");
}

TEST_CASE("an account of another tenant than the one named is not found") {
  tenant_directory at;
  at.assign(three_tenants());
  const call_target crossed{.tenant = "open", .account = {.account_id = "closed-main"}};
  CHECK(tenant_or_code(resolve(at, crossed, "alice")) == "ACCOUNT_NOT_FOUND");
}

TEST_CASE("unknown, disabled and foreign tenants are one error, whichever way they are named") {
  tenant_directory at;
  at.assign(three_tenants());
  auto shown = resolve(at, {.tenant = "unknown"}, "mallory").error();
  shown.operator_detail.clear();
  for (const char* tenant : {"off", "closed"}) {
    auto other = resolve(at, {.tenant = tenant}, "mallory").error();
    other.operator_detail.clear();
    CHECK(other == shown);
    CHECK(tenant_or_code(resolve(at, {.account = {.account_id = std::string(tenant) + "-main"}}, "mallory")) ==
          "ACCOUNT_NOT_FOUND");
  }
  CHECK(tenant_or_code(resolve(at, {.tenant = "closed"}, "alice")) == "closed");
}

TEST_CASE("a tenant without principals is there for everybody, one with them for these") {
  CHECK_FALSE(refuse_stranger(*entry("open"), "anybody"));
  auto closed = entry("closed");
  closed->principals = {"alice", "bob"};
  CHECK_FALSE(refuse_stranger(*closed, "bob"));
  CHECK(refuse_stranger(*closed, "mallory"));
  CHECK(refuse_stranger(*closed, ""));
}

TEST_CASE("a Host header finds its tenant in any case and with a port; a disabled tenant's finds nobody") {
  tenant_directory at;
  at.assign(three_tenants());
  CHECK(at.tenant_for_host("OPEN.example:8443") == "open");
  CHECK(at.tenant_for_host("closed.example") == "closed");
  CHECK_FALSE(at.tenant_for_host("off.example"));
  CHECK_FALSE(at.tenant_for_host("unknown.example"));
  CHECK_FALSE(at.tenant_for_host(""));
}

TEST_CASE("a host name that two tenants claim leads to neither") {
  auto tenants = three_tenants();
  auto rival = entry("rival");
  rival->hosts = {"open.example", "rival.example"};
  add(tenants, rival);
  tenant_directory at;
  at.assign(tenants);
  const auto claimed = at.tenant_for_host("open.example");
  CHECK(claimed.value_or("") == "");
  CHECK(at.tenant_for_host("rival.example") == "rival");
}

TEST_CASE("a reload replaces the directory as a whole") {
  tenant_directory at;
  at.assign(three_tenants());
  deployment_map next;
  add(next, entry("new"));
  at.assign(next);
  CHECK(tenant_or_code(resolve(at, {.tenant = "open"})) == "ACCOUNT_NOT_FOUND");
  CHECK_FALSE(at.tenant_for_host("open.example"));
  CHECK(tenant_or_code(resolve(at, {.tenant = "new"})) == "new");
}
