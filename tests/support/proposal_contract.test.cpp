// Goal: who answers get_products, and which store belongs to whom; the numbers are the contract's, the rest
// is the proposal routing's.
// Method: as router_contract.test.cpp, with managers that write down what they were asked.
#include "contract_setup.hpp"
#include "fake_proposals.hpp"
#include "plain_platform.hpp"

#include <doctest/doctest.h>

using namespace tenon;
using namespace tenon::testing;

namespace {

constexpr const char* brief = R"({"buying_mode":"brief","brief":"sports"})";
constexpr const char* refinement = R"({"buying_mode":"refine","refine":[{"scope":"request","ask":"cheaper"}]})";

call_request products_for(const std::string& tenant, const char* body = brief) {
  return request_for(tenant, "get_products", body);
}

lazy_router_options with_manager(const std::string& tenant, std::shared_ptr<proposal_manager> manager) {
  lazy_router_options options;
  options.proposal_managers[tenant] = std::move(manager);
  return options;
}

}  // namespace

TEST_CASE("22: a manager answers for its tenant, and nothing is built") {
  const auto manager = std::make_shared<fake_manager>("m");
  contract_setup at(with_manager("tenant-a", manager));
  const auto answer = at.call(products_for("tenant-a"));
  REQUIRE(answer);
  CHECK(answer->body == R"({"manager":"m"})");
  CHECK(manager->calls() == names{"get_products"});
  CHECK(at.builds->builds().empty());
}

TEST_CASE("22: a manager answers get_products alone; other tasks are the platform's") {
  const auto manager = std::make_shared<fake_manager>("m");
  contract_setup at(with_manager("tenant-a", manager));
  CHECK(at.served_by("tenant-a") == "tenant-a");
  CHECK(manager->calls().empty());
}

TEST_CASE("23: a tenant without a manager falls through to its platform") {
  const auto manager = std::make_shared<fake_manager>("m");
  contract_setup at(with_manager("tenant-a", manager));
  CHECK(at.served_by(at.start(products_for("tenant-b"))) == "tenant-b");
  CHECK(manager->calls().empty());
}

TEST_CASE("24: a manager is found by its tenant") {
  const auto manager = std::make_shared<fake_manager>("m");
  const contract_setup at(with_manager("tenant-a", manager));
  CHECK(at.router->proposal_manager_for_tenant("tenant-a") == manager);
  CHECK(at.router->proposal_manager_for_tenant("tenant-b") == nullptr);
  CHECK(at.builds->builds().empty());
}

TEST_CASE("27: given stores are found by their tenant, the same each time") {
  const auto store = std::make_shared<fake_store>();
  lazy_router_options options;
  options.proposal_stores["tenant-a"] = store;
  const contract_setup at(std::move(options));
  CHECK(at.router->proposal_store_for_tenant("tenant-a") == store);
  CHECK(at.router->proposal_store_for_tenant("tenant-a") == store);
  CHECK(at.router->proposal_store_for_tenant("tenant-b") == nullptr);
}

TEST_CASE("28: a store factory is called each time") {
  names asked;
  lazy_router_options options;
  options.proposal_store_factory = [&asked](const std::string& tenant) {
    asked.push_back(tenant);
    return std::make_shared<fake_store>();
  };
  const contract_setup at(std::move(options));
  const auto first = at.router->proposal_store_for_tenant("tenant-a");
  const auto second = at.router->proposal_store_for_tenant("tenant-a");
  CHECK(first != second);
  CHECK(asked == names{"tenant-a", "tenant-a"});
}

TEST_CASE("29: a store factory may have none") {
  lazy_router_options options;
  options.proposal_store_factory = [](const std::string&) { return nullptr; };
  const contract_setup at(std::move(options));
  CHECK(at.router->proposal_store_for_tenant("tenant-a") == nullptr);
}

TEST_CASE("30: stores and a store factory together are refused, naming both") {
  lazy_router_options options;
  options.proposal_stores["tenant-a"] = std::make_shared<fake_store>();
  options.proposal_store_factory = [](const std::string&) { return nullptr; };
  const auto refused = refusal(std::move(options));
  REQUIRE(refused);
  CHECK(refused->code == "CONFIGURATION_ERROR");
  const auto stores = refused->message.find("either proposal_stores ");
  REQUIRE(stores != std::string::npos);
  CHECK(refused->message.find("or proposal_store_factory", stores) != std::string::npos);
}

TEST_CASE("31: by default there is no manager and no store") {
  const contract_setup at;
  CHECK(at.router->proposal_manager_for_tenant("tenant-a") == nullptr);
  CHECK(at.router->proposal_store_for_tenant("tenant-a") == nullptr);
}

TEST_CASE("32: the accessors are part of every router and safe for unknown tenants") {
  const contract_setup at;
  const routing_platform& any = *at.router;
  CHECK(any.proposal_store_for_tenant("never-heard-of") == nullptr);
  CHECK(any.proposal_manager_for_tenant("") == nullptr);
}

TEST_CASE("a manager that finalizes needs a store for its tenant, given or from a factory") {
  const auto finalizer = std::make_shared<fake_manager>("m", proposal_capabilities{.finalize = true});
  const auto refused = refusal(with_manager("tenant-a", finalizer));
  REQUIRE(refused);
  CHECK(refused->message.find("finalize") != std::string::npos);
  CHECK(refused->message.find("tenant-a") != std::string::npos);

  auto with_store = with_manager("tenant-a", finalizer);
  with_store.proposal_stores["tenant-a"] = std::make_shared<fake_store>();
  CHECK_FALSE(refusal(std::move(with_store)));

  auto with_factory = with_manager("tenant-a", finalizer);
  with_factory.proposal_store_factory = [](const std::string&) { return nullptr; };
  CHECK_FALSE(refusal(std::move(with_factory)));

  auto with_other_store = with_manager("tenant-a", finalizer);
  with_other_store.proposal_stores["tenant-b"] = std::make_shared<fake_store>();
  CHECK(refusal(std::move(with_other_store)));
}

TEST_CASE("a manager of a tenant that is not built yet is no error: tenants come later") {
  CHECK_FALSE(refusal(with_manager("not-yet", std::make_shared<fake_manager>("m"))));
}

TEST_CASE("two managers stay apart") {
  const auto one = std::make_shared<fake_manager>("one");
  const auto two = std::make_shared<fake_manager>("two");
  auto options = with_manager("tenant-a", one);
  options.proposal_managers["tenant-b"] = two;
  contract_setup at(std::move(options));
  CHECK(at.call(products_for("tenant-a"))->body == R"({"manager":"one"})");
  CHECK(at.call(products_for("tenant-b"))->body == R"({"manager":"two"})");
  CHECK(one->calls().size() == 1);
  CHECK(two->calls().size() == 1);
}

TEST_CASE("a manager that blocks is called through the pool") {
  contract_setup at(with_manager("tenant-a", std::make_shared<fake_manager>("m", proposal_capabilities{}, true)));
  CHECK(at.call(products_for("tenant-a")).has_value());
}

TEST_CASE("a refinement goes to refine_products of a manager that declares it, a brief never does") {
  const auto manager = std::make_shared<fake_manager>("m", proposal_capabilities{.refine = true});
  contract_setup at(with_manager("tenant-a", manager));
  at.call(products_for("tenant-a", refinement));
  at.call(products_for("tenant-a", brief));
  at.call(products_for("tenant-a", R"({"brief":"please refine \"buying_mode\":\"refine\""})"));
  at.call(products_for("tenant-a", R"({"buying_mode":{"refine":1}})"));
  at.call(products_for("tenant-a", "refine, but no JSON"));
  CHECK(manager->calls() == names{"refine_products", "get_products", "get_products", "get_products", "get_products"});
}

TEST_CASE("a refinement is recognised in escapes too") {
  const auto manager = std::make_shared<fake_manager>("m", proposal_capabilities{.refine = true});
  contract_setup at(with_manager("tenant-a", manager));
  at.call(products_for("tenant-a", R"({"buying_mode":"\u0072efine"})"));
  CHECK(manager->calls() == names{"refine_products"});
}

TEST_CASE("a manager that does not declare refine answers a refinement by get_products") {
  const auto manager = std::make_shared<fake_manager>("m");
  contract_setup at(with_manager("tenant-a", manager));
  CHECK(at.call(products_for("tenant-a", refinement)).has_value());
  CHECK(manager->calls() == names{"get_products"});
}

TEST_CASE(
    "a manager that declares refine without implementing it answers a refinement by get_products, in both routers") {
  const auto manager = std::make_shared<boastful_manager>();
  auto options = with_manager("tenant-a", manager);
  options.proposal_stores["tenant-a"] = std::make_shared<fake_store>();
  contract_setup at(std::move(options));
  const auto lazily = at.call(products_for("tenant-a", refinement));
  REQUIRE(lazily);
  CHECK(lazily->body == R"({"manager":"boastful"})");
  CHECK(at.builds->builds().empty());

  eager_router_options eager;
  eager.platforms["tenant-a"] = std::make_shared<plain_platform>("tenant-a");
  eager.proposal_managers["tenant-a"] = manager;
  eager.proposal_stores["tenant-a"] = std::make_shared<fake_store>();
  const auto pool = at.executor.get_executor();
  const auto router = platform_router::make(pool, pool, std::move(eager)).value();
  const auto eagerly = call(*router, products_for("tenant-a", refinement));
  REQUIRE(eagerly);
  CHECK(eagerly->body == R"({"manager":"boastful"})");
}

TEST_CASE("a refinement that nobody can refine is INVALID_REQUEST on buying_mode, cold and cached") {
  contract_setup at;
  for (int n = 0; n < 2; ++n) {
    const auto outcome = at.call(products_for("tenant-a", refinement));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == "INVALID_REQUEST");
    CHECK(outcome.error().field == "buying_mode");
    CHECK(outcome.error().recover == recovery::correctable);
    at.served_by("tenant-a");
  }
  CHECK(at.served_by(at.start(products_for("tenant-a", brief))) == "tenant-a");
}
