// Goal: where several things are wrong at once, the contract says which error wins; both routers agree.
// Method: requests and options with two faults each, of which the earlier one in the contract's order must be told.
#include "contract_setup.hpp"
#include "fake_proposals.hpp"
#include "plain_platform.hpp"

#include <doctest/doctest.h>

using namespace tenon;
using namespace tenon::testing;

namespace {

constexpr const char* refinement = R"({"buying_mode":"refine"})";

std::string code_of(const result<reply>& outcome) { return outcome ? "no error" : outcome.error().code; }

/// What is wrong with options that are put right one by one, in the order of the contract.
std::string fault(const std::optional<error>& refused) {
  if (!refused) return "none";
  for (const char* word :
       {"cache_size", "cache_ttl_seconds", "at least one platform", "orphan", "either proposal_stores", "finalize"}) {
    if (refused->message.find(word) != std::string::npos) return word;
  }
  return refused->message;
}

std::shared_ptr<proposal_manager> finalizer() {
  return std::make_shared<fake_manager>("m", proposal_capabilities{.finalize = true});
}

}  // namespace

TEST_CASE("the lazy router checks its size, its time to live, stores against their factory, then finalize") {
  auto options = with_cache(0, -1);
  options.proposal_managers["tenant-a"] = finalizer();
  options.proposal_stores["tenant-b"] = std::make_shared<fake_store>();
  options.proposal_store_factory = [](const std::string&) { return nullptr; };
  CHECK(fault(refusal(options)) == "cache_size");
  options.cache_size = 1;
  CHECK(fault(refusal(options)) == "cache_ttl_seconds");
  options.cache_ttl_seconds = 0;
  CHECK(fault(refusal(options)) == "either proposal_stores");
  options.proposal_store_factory = nullptr;
  CHECK(fault(refusal(options)) == "finalize");
  options.proposal_stores["tenant-a"] = std::make_shared<fake_store>();
  CHECK(fault(refusal(options)) == "none");
}

TEST_CASE("the eager router checks its platforms, orphans, stores against their factory, then finalize") {
  boost::asio::thread_pool threads(1);
  eager_router_options options;
  const auto refused = [&]() -> std::optional<error> {
    const auto made = platform_router::make(threads.get_executor(), threads.get_executor(), options);
    return made ? std::nullopt : std::optional(made.error());
  };
  options.proposal_managers = {{"tenant-a", finalizer()}, {"ghost", finalizer()}};
  options.proposal_stores["tenant-b"] = std::make_shared<fake_store>();
  options.proposal_store_factory = [](const std::string&) { return nullptr; };
  CHECK(fault(refused()) == "at least one platform");
  options.platforms = {{"tenant-a", std::make_shared<plain_platform>("a")},
                       {"tenant-b", std::make_shared<plain_platform>("b")}};
  CHECK(fault(refused()) == "orphan");
  options.proposal_managers.erase("ghost");
  CHECK(fault(refused()) == "either proposal_stores");
  options.proposal_store_factory = nullptr;
  CHECK(fault(refused()) == "finalize");
  options.proposal_stores["tenant-a"] = std::make_shared<fake_store>();
  CHECK(fault(refused()) == "none");
}

TEST_CASE("an account without a tenant is told before a task that nobody has, and before a refinement") {
  contract_setup at;
  for (const char* task : {"make_coffee", "sync_audiences"}) {
    CHECK(code_of(at.call(request_for("", task))) == "ACCOUNT_NOT_FOUND");
  }
  CHECK(code_of(at.call(request_for("", "get_products", refinement))) == "ACCOUNT_NOT_FOUND");
  CHECK(at.builds->builds().empty());
}

TEST_CASE("an unknown tenant is told before a task that its platform would lack, and before a refinement") {
  contract_setup at;
  CHECK(code_of(at.call(request_for("nobody", "sync_audiences"))) == "ACCOUNT_NOT_FOUND");
  CHECK(code_of(at.call(request_for("nobody", "get_products", refinement))) == "ACCOUNT_NOT_FOUND");
}

TEST_CASE("the eager router agrees about tenants, tasks and refinements") {
  boost::asio::thread_pool threads(1);
  eager_router_options options;
  options.platforms["tenant-a"] = std::make_shared<plain_platform>("tenant-a");
  const auto router = platform_router::make(threads.get_executor(), threads.get_executor(), std::move(options)).value();
  for (const char* tenant : {"", "nobody"}) {
    CHECK(code_of(call(*router, request_for(tenant, "sync_audiences"))) == "ACCOUNT_NOT_FOUND");
    CHECK(code_of(call(*router, request_for(tenant, "get_products", refinement))) == "ACCOUNT_NOT_FOUND");
  }
  CHECK(code_of(call(*router, request_for("tenant-a", "sync_audiences"))) == "UNSUPPORTED_FEATURE");
  CHECK(code_of(call(*router, request_for("tenant-a", "get_products", refinement))) == "INVALID_REQUEST");
}

TEST_CASE(
    "a task that is foreseen to be lacking is told before a build may fail; without foresight the build's error") {
  contract_setup at;
  const auto foreseen = at.builds->foresees("tenant-a", "sync_audiences");
  at.builds->fail_next(make_error("SERVICE_UNAVAILABLE", "away"));
  const auto lacking = code_of(at.call(request_for("tenant-a", "sync_audiences")));
  CHECK(lacking == (foreseen && foreseen->has_value() ? "UNSUPPORTED_FEATURE" : "SERVICE_UNAVAILABLE"));
}

TEST_CASE("a manager answers although its tenant's builds would fail") {
  lazy_router_options options;
  options.proposal_managers["tenant-a"] = std::make_shared<fake_manager>("m");
  contract_setup at(std::move(options));
  at.builds->fail_next(make_error("SERVICE_UNAVAILABLE", "away"));
  CHECK(at.call(request_for("tenant-a", "get_products")).has_value());
  CHECK(code_of(at.call(request_for("tenant-a"))) == "SERVICE_UNAVAILABLE");
}
