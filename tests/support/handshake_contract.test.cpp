// Goal: tests 17, 19, 20 and 21 of the contract, and the one about zombies, hold where builds really spend their time:
// inside the factory, which for a plugin is a create() that waits for its upstream and completes its token late.
// Method: as router_contract.test.cpp, with factories whose builds end, well or not, when the test says so; no probe
// holds anything back before them.
#include "contract_setup.hpp"

#include <doctest/doctest.h>

#include <stop_token>

using namespace tenon;
using namespace tenon::testing;

namespace {

struct handshaking_setup : contract_setup {
  explicit handshaking_setup(cold_start mode) : contract_setup(with_cache(10, 0, mode), flavour::handshaking) {}
};

constexpr auto both_modes = {cold_start::each, cold_start::coalesce};

}  // namespace

TEST_CASE("17: a handshake's error reaches its caller and is not cached; the next request shakes hands again") {
  for (const auto mode : both_modes) {
    handshaking_setup at(mode);
    auto coming = at.start(request_for("tenant-a"));
    REQUIRE(at.world->handshakes(1));
    at.world->end_handshake(0, false);
    const auto failed = await(std::move(coming));
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == "SERVICE_UNAVAILABLE");
    CHECK(failed.error().recover == recovery::transient);
    CHECK(failed.error().retry_after_s == 7);
    CHECK(at.router->cached_tenants().empty());
    auto again = at.start("tenant-a");
    REQUIRE(at.world->handshakes(2));
    at.world->end_handshake(1, true);
    CHECK(at.served_by(std::move(again)) == "tenant-a");
    CHECK(at.router->cached_tenants() == names{"tenant-a"});
  }
}

TEST_CASE("19: an invalidate of the tenant during its handshake: the caller is served, nothing is cached") {
  for (const auto mode : both_modes) {
    handshaking_setup at(mode);
    auto coming = at.start("tenant-a");
    REQUIRE(at.world->handshakes(1));
    at.router->invalidate("tenant-a");
    at.world->end_handshake(0, true);
    CHECK(at.served_by(std::move(coming)) == "tenant-a");
    CHECK(at.router->cached_tenants().empty());
  }
}

TEST_CASE("20: an invalidate of all during a handshake: the caller is served, nothing is cached") {
  for (const auto mode : both_modes) {
    handshaking_setup at(mode);
    auto coming = at.start("tenant-a");
    REQUIRE(at.world->handshakes(1));
    at.router->invalidate();
    at.world->end_handshake(0, true);
    CHECK(at.served_by(std::move(coming)) == "tenant-a");
    CHECK(at.router->cached_tenants().empty());
  }
}

TEST_CASE("21: two concurrent cold calls shake hands twice with each, once with coalesce") {
  for (const auto mode : both_modes) {
    handshaking_setup at(mode);
    const std::size_t expected = mode == cold_start::each ? 2 : 1;
    auto first = at.start("tenant-a");
    auto second = at.start("tenant-a");
    REQUIRE(at.world->handshakes(static_cast<int>(expected)));
    for (std::size_t n = 0; n < expected; ++n) at.world->end_handshake(n, true);
    CHECK(at.served_by(std::move(first)) == "tenant-a");
    CHECK(at.served_by(std::move(second)) == "tenant-a");
    CHECK(at.builds->builds().size() == expected);
    CHECK(at.router->cached_tenants() == names{"tenant-a"});
  }
}

TEST_CASE("21: of two handshakes for one tenant one may fail, and the other's platform is kept") {
  handshaking_setup at(cold_start::each);
  auto first = at.start("tenant-a");
  REQUIRE(at.world->handshakes(1));
  auto second = at.start("tenant-a");
  REQUIRE(at.world->handshakes(2));
  at.world->end_handshake(1, true);
  CHECK(at.served_by(std::move(second)) == "tenant-a");
  at.world->end_handshake(0, false);
  CHECK(at.served_by(std::move(first)) == "SERVICE_UNAVAILABLE");
  CHECK(at.router->cached_tenants() == names{"tenant-a"});
}

TEST_CASE("a tenant that goes during its handshake leaves no zombie, and who comes after it gets a build of its own") {
  for (const auto mode : both_modes) {
    handshaking_setup at(mode);
    auto before = at.start("tenant-a");
    REQUIRE(at.world->handshakes(1));
    at.router->invalidate("tenant-a");
    auto after = at.start("tenant-a");
    REQUIRE(at.world->handshakes(2));
    at.world->end_handshake(1, true);
    CHECK(at.served_by(std::move(after)) == "tenant-a");
    const auto kept = at.router->cached_platform("tenant-a");
    CHECK(kept != nullptr);
    at.world->end_handshake(0, true);
    CHECK(at.served_by(std::move(before)) == "tenant-a");
    CHECK(at.router->cached_platform("tenant-a") == kept);
  }
}

TEST_CASE("who leaves during a handshake is answered at once, and its late end changes nothing") {
  for (const auto mode : both_modes) {
    handshaking_setup at(mode);
    std::stop_source leaves;
    auto request = request_for("tenant-a");
    request.context.stop = leaves.get_token();
    auto only = at.start(std::move(request));
    REQUIRE(at.world->handshakes(1));
    leaves.request_stop();
    CHECK(at.served_by(std::move(only)) == "SERVICE_UNAVAILABLE");
    at.world->end_handshake(0, true);
    auto next = at.start("tenant-b");
    REQUIRE(at.world->handshakes(2));
    at.world->end_handshake(1, true);
    CHECK(at.served_by(std::move(next)) == "tenant-b");
  }
}

TEST_CASE("a router may go during a handshake, whose caller is served all the same") {
  for (const auto mode : both_modes) {
    handshaking_setup at(mode);
    auto coming = at.start("tenant-a");
    REQUIRE(at.world->handshakes(1));
    at.router.reset();
    at.world->end_handshake(0, true);
    CHECK(at.served_by(std::move(coming)) == "tenant-a");
  }
}
