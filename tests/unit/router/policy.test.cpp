// Goal: a router holds its cache to the policy it is given, refuses one that makes no sense by name, and ends when it
// is told to. Method: limits just outside; platforms and a factory that do not answer, and only as much time as they
// are left.
#include "contract_setup.hpp"
#include "plain_platform.hpp"

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

TEST_CASE("a shutdown answers who waits for a build, and names the calls and the builds that do not end") {
  auto options = with_cache(4, 0);
  std::optional<reply_handler> unanswered;
  tally begun;
  options.factory = make_factory([&](const std::string&) {
    return std::make_shared<function_platform>([&](call_request, reply_handler done) {
      unanswered.emplace(std::move(done));
      begun.raise();
    });
  });
  contract_setup at(std::move(options));
  auto called = at.start("tenant-a");
  REQUIRE(begun.reaches(1));
  at.builds->hold();
  auto waits = at.start("tenant-b");
  std::promise<router_remains> told;
  at.router->shut_down(std::chrono::milliseconds(20),
                       [&told](router_remains left) { told.set_value(std::move(left)); });
  CHECK(at.served_by(std::move(waits)) == "SERVICE_UNAVAILABLE");
  const auto left = await(told.get_future());
  REQUIRE(left.held.size() == 1);
  CHECK(left.held[0].tenant == "tenant-a");
  CHECK(left.held[0].leases == 1);
  CHECK(left.building == testing::names{"tenant-b"});
  CHECK(at.served_by("tenant-c") == "SERVICE_UNAVAILABLE");
  (*unanswered)(reply{"{}"});
  CHECK(await(std::move(called)).has_value());
}
