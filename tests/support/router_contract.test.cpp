// Goal: the lazy router keeps the contract of the router it is the counterpart of, test by test; the numbers
// are the contract's.
// Method: the public surface alone, over whatever platforms the world linked with this suite has; builds are
// counted, held back and failed by a factory around the world's, and time is turned by hand. Proposals (22 to
// 24, 27 to 32) are in proposal_contract.test.cpp.
#include "contract_setup.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

using namespace tenon;
using namespace tenon::testing;

TEST_CASE("1: the router is a platform") {
  const contract_setup at;
  const platform& as_platform = *at.router;
  CHECK(as_platform.implements("create_media_buy"));
  CHECK_FALSE(as_platform.blocks("create_media_buy"));
}

TEST_CASE("2: three calls make one build, and the tenant is cached") {
  contract_setup at;
  for (int n = 0; n < 3; ++n) CHECK(at.served_by("tenant-a") == "tenant-a");
  CHECK(at.builds->builds() == names{"tenant-a"});
  CHECK(at.router->cached_tenants() == names{"tenant-a"});
}

TEST_CASE("3: a factory that answers later is awaited") {
  contract_setup at({}, contract_world::flavour::suspending_factory);
  CHECK(at.served_by("tenant-a") == "tenant-a");
}

TEST_CASE("4: a platform that blocks is called through the pool, cold and cached, any other is not") {
  for (const auto kind : {contract_world::flavour::blocking_platform, contract_world::flavour::suspending_factory}) {
    contract_setup at({}, kind);
    const auto pool = at.pool_threads();
    for (int n = 0; n < 2; ++n) {
      const auto answer = at.call(request_for("tenant-a", "get_products", R"({"buying_mode":"brief"})"));
      REQUIRE(answer);
      CHECK(at.world->tenant_of(*answer) == "tenant-a");
      const bool on_pool = std::ranges::find(pool, at.world->thread_of(*answer)) != pool.end();
      CHECK(on_pool == (kind == contract_world::flavour::blocking_platform));
    }
  }
}

TEST_CASE("5: beyond the cache's size the least recently used tenant goes") {
  contract_setup at(with_cache(2, 0));
  for (const char* tenant : {"tenant-a", "tenant-b", "tenant-c"}) at.served_by(tenant);
  CHECK(at.router->cached_tenants() == names{"tenant-b", "tenant-c"});
  at.served_by("tenant-a");
  CHECK(at.builds->builds() == names{"tenant-a", "tenant-b", "tenant-c", "tenant-a"});
}

TEST_CASE("5: a hit makes a tenant the most recently used") {
  contract_setup at(with_cache(2, 0));
  for (const char* tenant : {"tenant-a", "tenant-b", "tenant-a", "tenant-c"}) at.served_by(tenant);
  CHECK(at.router->cached_tenants() == names{"tenant-a", "tenant-c"});
}

TEST_CASE("6: without a time to live nothing expires") {
  contract_setup at(with_cache(10, 0));
  for (int n = 0; n < 5; ++n) {
    at.served_by("tenant-a");
    at.time.advance(std::chrono::hours(24));
  }
  CHECK(at.builds->builds().size() == 1);
}

TEST_CASE("7: an expired platform is built again") {
  contract_setup at(with_cache(10, 60));
  at.served_by("tenant-a");
  at.time.advance(std::chrono::seconds(100));
  CHECK(at.router->cached_tenants().empty());
  at.served_by("tenant-a");
  CHECK(at.builds->builds().size() == 2);
}

TEST_CASE("7: at the very instant of its expiry a platform is still fresh, and hits do not prolong its life") {
  contract_setup at(with_cache(10, 60));
  at.served_by("tenant-a");
  at.time.advance(std::chrono::seconds(30));
  at.served_by("tenant-a");
  at.time.advance(std::chrono::seconds(30));
  at.served_by("tenant-a");
  CHECK(at.builds->builds().size() == 1);
  at.time.advance(std::chrono::nanoseconds(1));
  at.served_by("tenant-a");
  CHECK(at.builds->builds().size() == 2);
}

TEST_CASE("8: an invalidate of one tenant makes that one build again") {
  contract_setup at;
  at.served_by("tenant-a");
  at.served_by("tenant-b");
  at.router->invalidate("tenant-a");
  CHECK(at.router->cached_tenants() == names{"tenant-b"});
  at.served_by("tenant-a");
  CHECK(at.builds->builds() == names{"tenant-a", "tenant-b", "tenant-a"});
}

TEST_CASE("9: an invalidate of all empties the cache") {
  contract_setup at;
  at.served_by("tenant-a");
  at.served_by("tenant-b");
  CHECK(at.router->cached_tenants() == names{"tenant-a", "tenant-b"});
  at.router->invalidate();
  CHECK(at.router->cached_tenants().empty());
}

TEST_CASE("10: an invalidate of an unknown tenant does nothing") {
  contract_setup at;
  at.served_by("tenant-a");
  at.router->invalidate("never-heard-of");
  CHECK(at.router->cached_tenants() == names{"tenant-a"});
}

TEST_CASE("11: a cache size of 0 is refused by name") {
  const auto refused = refusal(with_cache(0, 60));
  REQUIRE(refused);
  CHECK(refused->code == "CONFIGURATION_ERROR");
  CHECK(refused->message.find("cache_size") != std::string::npos);
}

TEST_CASE("12: a negative cache size is refused by name") {
  const auto refused = refusal(with_cache(-1, 60));
  REQUIRE(refused);
  CHECK(refused->message.find("cache_size") != std::string::npos);
}

TEST_CASE("13: a negative time to live is refused by name, and so is one that is no number") {
  for (const double ttl : {-1.0, std::numeric_limits<double>::quiet_NaN()}) {
    const auto refused = refusal(with_cache(1, ttl));
    REQUIRE(refused);
    CHECK(refused->message.find("cache_ttl_seconds") != std::string::npos);
  }
}

TEST_CASE("14: a time to live of 0 is accepted, and so is one beyond any clock") {
  CHECK_FALSE(refusal(with_cache(1, 0)));
  CHECK_FALSE(refusal(with_cache(1, 1e300)));
}

TEST_CASE("15: a tenant without a platform is ACCOUNT_NOT_FOUND, terminal, and nothing is cached") {
  contract_setup at;
  const auto outcome = at.call(request_for("nobody"));
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == "ACCOUNT_NOT_FOUND");
  CHECK(outcome.error().recover == recovery::terminal);
  CHECK(outcome.error().field == "account.metadata.tenant_id");
  CHECK(at.router->cached_tenants().empty());
}

// In C++ the wrong type does not compile (router/factory.test.cpp); what is left are things that claim to be
// a platform and are none.
TEST_CASE("16: what is no platform is INTERNAL_ERROR, terminal, and its text is not for the buyer") {
  contract_setup at({}, contract_setup::flavour::no_platform);
  const auto outcome = at.call(request_for("tenant-a"));
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == "INTERNAL_ERROR");
  CHECK(outcome.error().recover == recovery::terminal);
  CHECK(at.router->cached_tenants().empty());
}

TEST_CASE("17: a factory's error reaches the caller unchanged and is not cached; the next request tries again") {
  contract_setup at;
  auto failure = make_error("SERVICE_UNAVAILABLE", "the ad server is away", "a detail for the operator");
  failure.retry_after_s = 7;
  at.builds->fail_next(failure);
  const auto first = at.call(request_for("tenant-a"));
  REQUIRE_FALSE(first);
  CHECK(first.error() == failure);
  CHECK(at.router->cached_tenants().empty());
  CHECK(at.served_by("tenant-a") == "tenant-a");
  CHECK(at.builds->builds().size() == 2);
}

TEST_CASE("18: a task that the platform does not implement is UNSUPPORTED_FEATURE") {
  contract_setup at;
  REQUIRE(at.router->implements("sync_audiences"));
  const auto cold = at.call(request_for("tenant-a", "sync_audiences"));
  REQUIRE_FALSE(cold);
  CHECK(cold.error().code == "UNSUPPORTED_FEATURE");
  at.served_by("tenant-a");
  CHECK(at.call(request_for("tenant-a", "sync_audiences")).error().code == "UNSUPPORTED_FEATURE");
}

TEST_CASE("18: a task that no tool of the release has is UNSUPPORTED_FEATURE without a build") {
  contract_setup at;
  CHECK(at.call(request_for("tenant-a", "make_coffee")).error().code == "UNSUPPORTED_FEATURE");
  CHECK(at.builds->builds().empty());
}

TEST_CASE("19: a build that an invalidate of its tenant overtook serves its caller and is not cached") {
  contract_setup at;
  at.builds->hold();
  auto coming = at.start("tenant-a");
  REQUIRE(at.builds->started(1));
  at.router->invalidate("tenant-a");
  at.builds->release();
  CHECK(at.served_by(std::move(coming)) == "tenant-a");
  CHECK(at.router->cached_tenants().empty());
}

TEST_CASE("20: a build that an invalidate of all overtook serves its caller and is not cached") {
  contract_setup at;
  at.builds->hold();
  auto coming = at.start("tenant-a");
  REQUIRE(at.builds->started(1));
  at.router->invalidate();
  at.builds->release();
  CHECK(at.served_by(std::move(coming)) == "tenant-a");
  CHECK(at.router->cached_tenants().empty());
}

TEST_CASE("21: two concurrent cold calls build twice with each, once with coalesce") {
  for (const auto mode : {cold_start::each, cold_start::coalesce}) {
    contract_setup at(with_cache(10, 0, mode));
    at.builds->hold();
    auto first = at.start("tenant-a");
    auto second = at.start("tenant-a");
    const int expected = mode == cold_start::each ? 2 : 1;
    REQUIRE(at.builds->started(expected));
    at.builds->release();
    CHECK(at.served_by(std::move(first)) == "tenant-a");
    CHECK(at.served_by(std::move(second)) == "tenant-a");
    CHECK(at.builds->builds().size() == static_cast<std::size_t>(expected));
    CHECK(at.router->cached_tenants() == names{"tenant-a"});
  }
}

TEST_CASE("25: platform_for_tenant builds, caches, and gives the same instance again") {
  contract_setup at;
  const auto first = at.platform_for("tenant-a");
  REQUIRE(first);
  REQUIRE(*first != nullptr);
  CHECK(at.router->cached_tenants() == names{"tenant-a"});
  CHECK(at.platform_for("tenant-a") == first);
  CHECK(at.router->cached_platform("tenant-a") == *first);
  CHECK(at.builds->builds().size() == 1);
}

TEST_CASE("25: platform_for_tenant fails as a request does") {
  contract_setup at;
  CHECK(at.platform_for("nobody").error().code == "ACCOUNT_NOT_FOUND");
  CHECK(at.platform_for("").error().code == "ACCOUNT_NOT_FOUND");
  at.builds->fail_next(make_error("SERVICE_UNAVAILABLE", "away"));
  CHECK(at.platform_for("tenant-a").error().code == "SERVICE_UNAVAILABLE");
  CHECK(at.router->cached_platform("tenant-a") == nullptr);
}

TEST_CASE("26: an account without a tenant, or with an empty one, is ACCOUNT_NOT_FOUND and builds nothing") {
  contract_setup at;
  auto request = request_for("tenant-a");
  request.context.account.metadata.clear();
  for (int n = 0; n < 2; ++n) {
    const auto outcome = at.call(request);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == "ACCOUNT_NOT_FOUND");
    CHECK(outcome.error().recover == recovery::terminal);
    CHECK(outcome.error().field == "account.metadata.tenant_id");
    request.context.account.metadata["tenant_id"] = "";
  }
  CHECK(at.builds->builds().empty());
}
