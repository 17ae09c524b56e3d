// Goal: however many ask at once, an ad server is signed in to once a tenant and is never asked more than its quota;
// who cannot be served in time is told when to come back, in order of arrival. Method: real plugins in a real host; the
// stand-ins count and refuse what is too much.
#include "world.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <vector>

using namespace tenon;
using namespace tenon::testing;

namespace {

using answers = std::vector<std::future<result<reply>>>;

answers ask(host_fixture& host, const std::string& tenant, const std::string& task, int times,
            steady_time deadline = steady_time::max()) {
  answers all;
  for (int count = 0; count < times; ++count) {
    call_request request{.task = task, .body = "{}", .context = {}};
    request.context.deadline = deadline;
    auto promise = std::make_shared<std::promise<result<reply>>>();
    all.push_back(promise->get_future());
    host->async_call({.tenant = tenant}, std::move(request),
                     [promise](result<reply> outcome) { promise->set_value(std::move(outcome)); });
  }
  return all;
}

const char* const wide = "limits = { max_calls = 512, max_upstream_calls = 512, breaker = { min_calls = 1000 } }\n";

}  // namespace

TEST_CASE("two hundred cold requests cost one handshake and one look at the inventory") {
  two_sellers files("[cache]\ncold_start = \"coalesce\"\n");
  files.write_gam("acme", "", wide);
  files.write_kevel("harbor", "", wide);
  files.servers.control("POST", "/_sandbox/limits", {{"gam_per_second", 2}, {"kevel_per_second", 50}});
  host_fixture host(files);
  for (const char* tenant : {"acme", "harbor"}) {
    for (auto& answer : ask(host, tenant, "get_products", 200)) {
      const auto found = host_fixture::wait(std::move(answer));
      REQUIRE_MESSAGE(found, found.error().operator_detail);
      CHECK(json::parse(found->body).at("products").as_array().size() == 1);
    }
  }
  CHECK(files.servers.traffic("POST /token") == 1);
  CHECK(files.servers.traffic("GET /v1/networks/{n}") == 1);
  CHECK(files.servers.traffic("GET /v1/networks/{n}/adUnits") == 1);
  CHECK(files.servers.traffic("GET /kevel/v1/advertiser/{advertiser}") == 1);
  CHECK(files.servers.refused("gam") == 0);
}

TEST_CASE("two tenants of one network stay within its quota together, and the first who come are served") {
  two_sellers files;
  const std::string rate = "requests_per_second = 10\n";
  for (const char* tenant : {"acme", "beta"}) files.write_gam(tenant, rate, wide);
  files.servers.control("POST", "/_sandbox/limits", {{"gam_per_second", 10}, {"gam_burst", 12}});
  host_fixture host(files);
  for (const char* tenant : {"acme", "beta"}) REQUIRE(host.call(tenant, "get_media_buys"));

  // One request to the network each: 45 or so fit into the time that they have. The stand-in allows for a busy machine.
  // All have it until one moment: of two with moments of their own, the one that came later may be in time alone.
  const auto deadline = system_clock().steady_now() + std::chrono::seconds(5);
  auto first = ask(host, "acme", "get_media_buys", 100, deadline);
  auto second = ask(host, "beta", "get_media_buys", 100, deadline);
  int served = 0;
  int limited = 0;
  for (auto* all : {&first, &second}) {
    std::vector<bool> good;
    for (auto& answer : *all) {
      const auto found = host_fixture::wait(std::move(answer));
      good.push_back(found.has_value());
      if (found) continue;
      CHECK(found.error().code == "RATE_LIMITED");
      CHECK(found.error().retry_after_s >= 1);
      CHECK(found.error().retry_after_s <= 60);
    }
    served += static_cast<int>(std::ranges::count(good, true));
    limited += static_cast<int>(std::ranges::count(good, false));
    // Of one tenant's calls, which arrive in order, the served ones come first.
    CHECK(std::ranges::is_partitioned(good, std::identity()));
  }
  CHECK(served > 0);
  CHECK(limited > 0);
  CHECK(files.servers.refused("gam") == 0);
}

TEST_CASE("a network that is busy elsewhere has every tenant wait, and none is refused for it") {
  two_sellers files;
  for (const char* tenant : {"acme", "beta"}) files.write_gam(tenant, "requests_per_second = 0\n", wide);
  host_fixture host(files);
  for (const char* tenant : {"acme", "beta"}) REQUIRE(host.call(tenant, "get_media_buys"));
  const auto before = files.servers.traffic("GET /v1/networks/{n}/orders");
  files.servers.arm(
      {{"match", "GET /v1/networks/{n}/orders"}, {"count", 1}, {"preset", "rate_limited"}, {"retry_after_s", 1}});
  auto first = host.start({.tenant = "acme"}, "get_media_buys");
  REQUIRE(host_fixture::eventually([&] { return files.servers.refused("gam") == 1; }));
  auto second = ask(host, "beta", "get_media_buys", 5);
  CHECK(host_fixture::wait(std::move(first)));
  for (auto& answer : second) CHECK(host_fixture::wait(std::move(answer)));
  CHECK(files.servers.traffic("GET /v1/networks/{n}/orders") == before + 7);
}

TEST_CASE("a successor that is not well leaves the one before it serving, and a token is handed over") {
  two_sellers files;
  files.write_gam("acme", "requests_per_second = 0\n");
  files.write_kevel("harbor", "requests_per_second = 0\n");
  host_fixture host(files);
  for (const char* tenant : {"acme", "harbor"}) REQUIRE(host.call(tenant, "get_products"));
  reload_request all;
  all.about = reload_request::scope::all;
  CHECK(host_fixture::wait(host->async_reload(all, as_future)).ok());
  CHECK(files.servers.traffic("POST /token") == 1);

  files.servers.arm({{"match", "GET /v1/networks/{n}/companies/{company}"}, {"status", 404}});
  files.servers.arm(
      {{"match", "GET /kevel/v1/site"}, {"status", 200}, {"body", json::object{{"items", json::array()}}}});
  const auto report = host_fixture::wait(host->async_reload(all, as_future));
  CHECK_FALSE(report.ok());
  for (const auto& each : report.tenants) CHECK_MESSAGE(each.step == "health", each.step << ": " << each.reason);
  for (const char* tenant : {"acme", "harbor"}) CHECK(host.call(tenant, "get_products"));
}
