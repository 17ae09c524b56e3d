// Goal: the eager router has the surface of the lazy one over platforms that exist from the start.
// Method: plain platforms that write down their calls.
#include "contract_setup.hpp"
#include "fake_proposals.hpp"
#include "plain_platform.hpp"

#include <doctest/doctest.h>

using namespace tenon;
using namespace tenon::testing;

namespace {

struct setup {
  setup() { options.platforms = {{"tenant-a", a}, {"tenant-b", b}, {"tenant-c", c}}; }
  ~setup() { pool.join(); }

  result<std::shared_ptr<platform_router>> make() {
    return platform_router::make(pool.get_executor(), pool.get_executor(), options);
  }
  error refusal() { return make().error(); }

  boost::asio::thread_pool pool{2};
  std::shared_ptr<plain_platform> a = std::make_shared<plain_platform>("tenant-a");
  std::shared_ptr<plain_platform> b = std::make_shared<blocking_platform>("tenant-b");
  std::shared_ptr<plain_platform> c = std::make_shared<plain_platform>("tenant-c", names{"sync_audiences"});
  eager_router_options options;
};

}  // namespace

TEST_CASE("the eager router is a platform and implements what any of its platforms does") {
  setup at;
  const auto router = at.make().value();
  const platform& as_platform = *router;
  for (const auto& task : plain_platform::core_sales_tasks()) CHECK(as_platform.implements(task));
  CHECK(as_platform.implements("sync_audiences"));
  CHECK_FALSE(as_platform.implements("get_signals"));
}

TEST_CASE("a request goes to its tenant's platform and to no other") {
  setup at;
  const auto router = at.make().value();
  const auto outcome = call(*router, request_for("tenant-a"));
  REQUIRE(outcome);
  CHECK(tag_of(*outcome) == "tenant-a");
  CHECK(at.a->calls().size() == 1);
  CHECK(at.b->calls().empty());
  CHECK(at.c->calls().empty());
}

TEST_CASE("platforms that block and platforms that do not are both served") {
  setup at;
  const auto router = at.make().value();
  CHECK(tag_of(*call(*router, request_for("tenant-a", "get_products"))) == "tenant-a");
  CHECK(tag_of(*call(*router, request_for("tenant-b", "get_products"))) == "tenant-b");
}

TEST_CASE("a request arrives as it was made") {
  setup at;
  const auto router = at.make().value();
  call(*router, request_for("tenant-a", "update_media_buy", R"({"media_buy_id":"mb-1"})"));
  REQUIRE(at.a->calls().size() == 1);
  CHECK(at.a->calls()[0].body == R"({"media_buy_id":"mb-1"})");
  CHECK(at.a->calls()[0].task == "update_media_buy");
}

TEST_CASE("an unknown tenant and an account without one are ACCOUNT_NOT_FOUND, terminal, on the tenant's field") {
  setup at;
  const auto router = at.make().value();
  auto without = request_for("tenant-a");
  without.context.account.metadata.clear();
  for (const auto& request : {request_for("nobody"), request_for(""), without}) {
    const auto outcome = call(*router, request);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == "ACCOUNT_NOT_FOUND");
    CHECK(outcome.error().recover == recovery::terminal);
    CHECK(outcome.error().field == "account.metadata.tenant_id");
  }
}

TEST_CASE("a task that the tenant's platform lacks is UNSUPPORTED_FEATURE, even if another tenant's has it") {
  setup at;
  const auto router = at.make().value();
  CHECK(call(*router, request_for("tenant-a", "sync_audiences")).error().code == "UNSUPPORTED_FEATURE");
  CHECK(call(*router, request_for("tenant-c", "sync_audiences")).has_value());
}

TEST_CASE("an eager router without a platform, or with a null one, is refused") {
  setup at;
  at.options.platforms["tenant-d"] = nullptr;
  CHECK(at.refusal().message.find("tenant-d") != std::string::npos);
  at.options.platforms.clear();
  CHECK(at.refusal().message.find("at least one platform") != std::string::npos);
}

TEST_CASE("the tenants are a sorted copy") {
  setup at;
  const auto router = at.make().value();
  auto tenants = router->tenants();
  CHECK(tenants == names{"tenant-a", "tenant-b", "tenant-c"});
  tenants.clear();
  CHECK(router->tenants().size() == 3);
}

TEST_CASE("platform_for_tenant gives the platform itself, and ACCOUNT_NOT_FOUND for an unknown tenant") {
  setup at;
  const auto router = at.make().value();
  CHECK(router->platform_for_tenant("tenant-a").value() == at.a);
  CHECK(router->platform_for_tenant("nobody").error().code == "ACCOUNT_NOT_FOUND");
}

TEST_CASE("the router keeps what it was given, whatever becomes of the options") {
  setup at;
  const auto router = at.make().value();
  at.options.platforms.clear();
  CHECK(router->tenants().size() == 3);
}

TEST_CASE("a manager or a store of a tenant without a platform is refused by name") {
  setup at;
  at.options.proposal_managers["ghost"] = std::make_shared<fake_manager>("m");
  CHECK(at.refusal().message.find("orphan tenant_id \"ghost\"") != std::string::npos);
  at.options.proposal_managers.clear();
  at.options.proposal_stores["ghost"] = std::make_shared<fake_store>();
  CHECK(at.refusal().message.find("orphan tenant_id \"ghost\"") != std::string::npos);
}

TEST_CASE("a manager that finalizes needs a store, and stores and a store factory exclude each other") {
  setup at;
  at.options.proposal_managers["tenant-a"] =
      std::make_shared<fake_manager>("m", proposal_capabilities{.finalize = true});
  CHECK(at.refusal().message.find("finalize") != std::string::npos);
  at.options.proposal_stores["tenant-a"] = std::make_shared<fake_store>();
  CHECK(at.make().has_value());
  at.options.proposal_store_factory = [](const std::string&) { return nullptr; };
  CHECK(at.refusal().message.find("proposal_store_factory") != std::string::npos);
}

TEST_CASE("the tenant's manager answers get_products, and its platform is untouched") {
  setup at;
  const auto manager = std::make_shared<fake_manager>("m", proposal_capabilities{.refine = true});
  at.options.proposal_managers["tenant-a"] = manager;
  const auto router = at.make().value();
  CHECK(call(*router, request_for("tenant-a", "get_products"))->body == R"({"manager":"m"})");
  CHECK(call(*router, request_for("tenant-a", "get_products", R"({"buying_mode":"refine"})")).has_value());
  CHECK(tag_of(*call(*router, request_for("tenant-b", "get_products"))) == "tenant-b");
  CHECK(manager->calls() == names{"get_products", "refine_products"});
  CHECK(at.a->calls().empty());
  CHECK(router->proposal_manager_for_tenant("tenant-a") == manager);
  CHECK(router->proposal_manager_for_tenant("tenant-b") == nullptr);
}

TEST_CASE("stores are found by their tenant, or made anew by the factory") {
  setup at;
  const auto store = std::make_shared<fake_store>();
  at.options.proposal_stores["tenant-a"] = store;
  const auto given = at.make().value();
  CHECK(given->proposal_store_for_tenant("tenant-a") == store);
  CHECK(given->proposal_store_for_tenant("nobody") == nullptr);
  at.options.proposal_stores.clear();
  at.options.proposal_store_factory = [](const std::string&) { return std::make_shared<fake_store>(); };
  const auto made = at.make().value();
  CHECK(made->proposal_store_for_tenant("tenant-a") != made->proposal_store_for_tenant("tenant-a"));
}

TEST_CASE("a refinement that nobody can refine is INVALID_REQUEST on buying_mode") {
  setup at;
  const auto router = at.make().value();
  const auto outcome = call(*router, request_for("tenant-a", "get_products", R"({"buying_mode":"refine"})"));
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == "INVALID_REQUEST");
  CHECK(outcome.error().field == "buying_mode");
}

TEST_CASE("a manager that declares finalize and lacks it answers UNSUPPORTED_FEATURE") {
  boastful_manager manager;
  names codes;
  manager.finalize_proposal({}, [&codes](result<reply> outcome) { codes.push_back(outcome.error().code); });
  CHECK(codes == names{"UNSUPPORTED_FEATURE"});
}

TEST_CASE("a manager can neither refine nor finalize unless it says so") {
  CHECK_FALSE(proposal_capabilities{}.refine);
  CHECK_FALSE(proposal_capabilities{}.finalize);
}

TEST_CASE("the eager router keeps its account store") {
  setup at;
  at.options.accounts = make_principal_account_store({});
  CHECK(at.make().value()->accounts() == at.options.accounts);
}
