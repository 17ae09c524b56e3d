// Goal: a router holds its cache to the policy it is given, and refuses one that makes no sense by name.
// Method: limits just outside; a factory that never answers, and only as much time as the policy leaves it.
#include "contract_setup.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

using namespace tenon;
using namespace tenon::testing;

namespace {

template <class Change>
std::string refused_for(Change change) {
  lazy_router_options options;
  change(options.policy);
  const auto found = refusal(std::move(options));
  return found ? found->message : std::string();
}

bool tells(const std::string& message, const char* limit) { return message.find(limit) != std::string::npos; }

}  // namespace

TEST_CASE("a policy outside its limits is refused by the name of the limit") {
  CHECK(tells(refused_for([](cache_policy& policy) { policy.ttl_jitter = 1; }), "ttl_jitter"));
  CHECK(tells(refused_for([](cache_policy& policy) { policy.ttl_jitter = -0.1; }), "ttl_jitter"));
  CHECK(tells(refused_for([](cache_policy& policy) { policy.stale_if_error_seconds = -1; }), "stale_if_error_seconds"));
  CHECK(tells(refused_for([](cache_policy& policy) { policy.build_timeout_seconds = std::nan(""); }),
              "build_timeout_seconds"));
  CHECK(tells(refused_for([](cache_policy& policy) { policy.max_builds = 0; }), "max_builds"));
  CHECK(tells(refused_for([](cache_policy& policy) { policy.max_queued_builds = -1; }), "max_queued_builds"));
  CHECK(refused_for([](cache_policy& policy) { policy.max_queued_builds = 0; }).empty());
}

TEST_CASE("a build that hangs is over after the policy's time, and its place is free for the next") {
  lazy_router_options options;
  options.policy.max_builds = 1;
  options.policy.build_timeout_seconds = 0.02;
  contract_setup at(std::move(options));
  at.builds->hold();
  const auto hangs = at.call(request_for("tenant-a"));
  REQUIRE_FALSE(hangs);
  CHECK(hangs.error().code == "SERVICE_UNAVAILABLE");
  CHECK(hangs.error().retry_after_s > 0);
  CHECK(eventually([&at] { return at.builds->stop_of(0).stop_requested(); }));
  at.builds->release();  // too late
  CHECK(at.served_by("tenant-b") == "tenant-b");
  CHECK(at.router->cached_tenants() == testing::names{"tenant-b"});
}
