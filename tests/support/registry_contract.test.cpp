// Goal: what a registry of tenants promises about lazy builds holds for the router: shared builds, no
// zombies, tenants apart.
// Method: as router_contract.test.cpp; builds are held back while the other things happen.
#include "contract_setup.hpp"

#include <doctest/doctest.h>

#include <set>
#include <stop_token>

using namespace tenon;
using namespace tenon::testing;

namespace {

lazy_router_options coalescing(double ttl_seconds = 0) { return with_cache(10, ttl_seconds, cold_start::coalesce); }

call_request cancellable(const std::string& tenant, const std::stop_source& by) {
  auto made = request_for(tenant);
  made.context.stop = by.get_token();
  return made;
}

}  // namespace

TEST_CASE("concurrent first requests build once and get one instance") {
  contract_setup at(coalescing());
  at.builds->hold();
  std::vector<std::future<result<std::shared_ptr<platform>>>> coming;
  for (int n = 0; n < 8; ++n) {
    auto promise = std::make_shared<std::promise<result<std::shared_ptr<platform>>>>();
    coming.push_back(promise->get_future());
    at.router->platform_for_tenant("tenant-a", [promise](auto outcome) { promise->set_value(std::move(outcome)); });
  }
  at.builds->release();
  std::set<std::shared_ptr<platform>> instances;
  for (auto& one : coming) instances.insert(await(std::move(one)).value());
  CHECK(instances.size() == 1);
  CHECK(at.builds->builds().size() == 1);
}

TEST_CASE("a tenant that goes during its lazy build leaves no zombie, whichever way builds start") {
  for (const auto mode : {cold_start::each, cold_start::coalesce}) {
    contract_setup at(with_cache(10, 0, mode));
    at.builds->hold();
    auto coming = at.start("tenant-a");
    REQUIRE(at.builds->started(1));
    at.router->invalidate("tenant-a");
    at.builds->release();
    CHECK(at.served_by(std::move(coming)) == "tenant-a");
    CHECK(at.router->cached_platform("tenant-a") == nullptr);
    CHECK(at.served_by("tenant-a") == "tenant-a");
    CHECK(at.builds->builds().size() == 2);
  }
}

TEST_CASE("who comes after an invalidate starts a new build, and that one is cached, whichever ends first") {
  for (const bool older_first : {true, false}) {
    contract_setup at(coalescing());
    at.builds->hold();
    auto before = at.start("tenant-a");
    REQUIRE(at.builds->started(1));
    at.router->invalidate("tenant-a");
    auto after = at.start("tenant-a");
    REQUIRE(at.builds->started(2));
    if (older_first) {
      at.builds->release_one();
      CHECK(at.served_by(std::move(before)) == "tenant-a");
      CHECK(at.router->cached_tenants().empty());
      before = at.start("tenant-a");  // joins the newer build
    }
    at.builds->release();
    CHECK(at.served_by(std::move(after)) == "tenant-a");
    CHECK(at.served_by(std::move(before)) == "tenant-a");
    CHECK(at.router->cached_tenants() == names{"tenant-a"});
    CHECK(at.builds->builds().size() == 2);
  }
}

TEST_CASE("a failed build is shared by who waited for it and by nobody else") {
  contract_setup at(coalescing());
  at.builds->fail_next(make_error("SERVICE_UNAVAILABLE", "away"));
  CHECK(at.served_by("tenant-a") == "SERVICE_UNAVAILABLE");
  CHECK(at.served_by("tenant-a") == "tenant-a");
  CHECK(at.builds->builds().size() == 2);
}

TEST_CASE("one tenant's hanging build does not delay another tenant") {
  for (const auto mode : {cold_start::each, cold_start::coalesce}) {
    contract_setup at(with_cache(10, 0, mode));
    at.served_by("tenant-b");
    at.builds->hold();
    auto hanging = at.start("tenant-a");
    REQUIRE(at.builds->started(2));
    CHECK(at.served_by("tenant-b") == "tenant-b");
    at.builds->release();
    CHECK(at.served_by(std::move(hanging)) == "tenant-a");
  }
}

TEST_CASE("the first caller's cancellation is answered at once and does not cancel the build it shares") {
  contract_setup at(coalescing());
  at.builds->hold();
  std::stop_source first_leaves;
  auto first = at.start(cancellable("tenant-a", first_leaves));
  auto second = at.start("tenant-a");
  REQUIRE(at.builds->started(1));
  first_leaves.request_stop();
  CHECK(at.served_by(std::move(first)) == "SERVICE_UNAVAILABLE");
  CHECK_FALSE(at.builds->stop_of(0).stop_requested());
  at.builds->release();
  CHECK(at.served_by(std::move(second)) == "tenant-a");
  CHECK(at.builds->builds().size() == 1);
}

TEST_CASE("when nobody waits for a build any more it is told to stop, and a newcomer starts another") {
  for (const auto mode : {cold_start::each, cold_start::coalesce}) {
    contract_setup at(with_cache(10, 0, mode));
    at.builds->hold();
    std::stop_source leaves;
    auto only = at.start(cancellable("tenant-a", leaves));
    REQUIRE(at.builds->started(1));
    leaves.request_stop();
    CHECK(at.served_by(std::move(only)) == "SERVICE_UNAVAILABLE");
    CHECK(at.builds->stop_of(0).stop_requested());
    auto next = at.start("tenant-a");
    REQUIRE(at.builds->started(2));
    CHECK_FALSE(at.builds->stop_of(1).stop_requested());
    at.builds->release();
    CHECK(at.served_by(std::move(next)) == "tenant-a");
  }
}

TEST_CASE("a request that was cancelled before it came builds nothing") {
  contract_setup at;
  std::stop_source gone;
  gone.request_stop();
  CHECK(at.served_by(at.start(cancellable("tenant-a", gone))) == "SERVICE_UNAVAILABLE");
  CHECK(at.builds->builds().empty());
}

TEST_CASE("a successor takes a cached platform's place for later calls, and no build begun before overwrites it") {
  contract_setup at;
  const auto old = at.platform_for("tenant-a").value();
  const auto successor = at.platform_for("tenant-b").value();
  CHECK(at.router->replace("tenant-a", successor));
  CHECK(at.router->cached_platform("tenant-a") == successor);
  CHECK(at.served_by("tenant-a") == "tenant-b");
}

TEST_CASE("a tenant that is not cached has nothing to replace") {
  contract_setup at;
  const auto successor = at.platform_for("tenant-b").value();
  CHECK_FALSE(at.router->replace("tenant-a", successor));
  CHECK(at.router->cached_tenants() == names{"tenant-b"});
}

TEST_CASE("an expired platform goes by the timer, without any traffic") {
  contract_setup at(coalescing(0.02));
  std::weak_ptr<platform> expiring = at.platform_for("tenant-a").value();
  at.time.advance(std::chrono::seconds(1));
  CHECK(eventually([&] { return expiring.expired(); }));
}

TEST_CASE("the timer leaves a platform alone while the clock says that it is fresh") {
  contract_setup at(coalescing(0.001));
  const std::weak_ptr<platform> first = at.platform_for("tenant-a").value();
  at.served_by("tenant-b");
  CHECK(at.router->cached_tenants() == names{"tenant-a", "tenant-b"});
  CHECK_FALSE(first.expired());
}

TEST_CASE("destroying the router drops its platforms and serves who still waits for a build") {
  contract_setup at(coalescing(60));
  const std::weak_ptr<platform> cached = at.platform_for("tenant-a").value();
  at.builds->hold();
  auto coming = at.start("tenant-b");
  REQUIRE(at.builds->started(2));
  at.router.reset();
  CHECK(eventually([&] { return cached.expired(); }));
  at.builds->release();
  CHECK(at.served_by(std::move(coming)) == "tenant-b");
}

TEST_CASE("a request that may be cancelled and is still being answered may outlive its router") {
  contract_setup at(coalescing());
  std::stop_source never;
  std::promise<void> gone;
  const auto router_is_gone = gone.get_future().share();
  std::promise<bool> answered;
  auto coming = answered.get_future();
  at.router->start(cancellable("tenant-a", never), [&answered, router_is_gone](result<reply> outcome) {
    router_is_gone.wait();
    answered.set_value(outcome.has_value());
  });
  REQUIRE(at.builds->started(1));
  at.router.reset();
  gone.set_value();
  CHECK(await(std::move(coming)));
}
