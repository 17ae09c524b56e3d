// Goal: requests, invalidations, reloads and at last the shutdown race on many threads, no request fails before the
// shutdown, and nothing stays mapped. Method: each round is drawn from a seed, which a failure names; loops are bounded,
// and the sanitizers watch.
#include "hosts.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace tenon;
using namespace tenon::testing;

namespace {

using random_numbers = std::minstd_rand;

std::string some_tenant(random_numbers& random) { return random() % 2 == 0 ? "acme" : "beta"; }

/// Calls so many times; anything but an answer counts.
void call_some(host_fixture& host, random_numbers random, int rounds, std::atomic<int>& refused,
               std::atomic<int>& failed) {
  for (int i = 0; i < rounds; ++i) {
    const std::string body = random() % 4 == 0 ? R"({"sleep_ms": 1})" : "{}";
    const auto outcome = host.call(some_tenant(random), "get_products", body);
    if (!outcome) ++(outcome.error().code == "SERVICE_UNAVAILABLE" ? refused : failed);
  }
}

void race(random_numbers::result_type seed) {
  CAPTURE(seed);
  const echo_tenants files;
  host_fixture host(files, 3);
  std::atomic<int> refused = 0, failed = 0, not_reloaded = 0;
  {
    std::vector<std::jthread> threads;
    for (unsigned lane = 1; lane <= 3; ++lane) {
      threads.emplace_back([&, lane] { call_some(host, random_numbers(seed * 10 + lane), 60, refused, failed); });
    }
    threads.emplace_back([&] {
      random_numbers random(seed * 10 + 4);
      for (int i = 0; i < 40; ++i) {
        if (random() % 3 == 0)
          host->invalidate();
        else
          host->invalidate(some_tenant(random));
        host.call(some_tenant(random), "get_products");
      }
    });
    threads.emplace_back([&] {
      random_numbers random(seed * 10 + 5);
      for (int i = 0; i < 8; ++i) {
        files.drop(random() % 2 == 0 ? echo_1 : echo_2, "echo");
        not_reloaded += host.reload().ok() ? 0 : 1;
      }
    });
  }
  CHECK(refused == 0);
  CHECK(failed == 0);
  CHECK(not_reloaded == 0);
  // Not sooner: what is being loaded is mapped before it is shown.
  CHECK(host_fixture::eventually([&] { return !anything_unreported(files, *host); }));
  std::vector<std::jthread> late;
  for (unsigned lane = 6; lane <= 8; ++lane) {
    late.emplace_back([&, lane] { call_some(host, random_numbers(seed * 10 + lane), 30, refused, failed); });
  }
  host->invalidate();
  CHECK(host.stop().empty());
  late.clear();
  CHECK(failed == 0);
  CHECK(files.mapped() == 0);
}

}  // namespace

TEST_CASE("requests, invalidations, reloads and a shutdown race, and every seed ends with nothing mapped") {
  for (const random_numbers::result_type seed : {3u, 17u, 2024u}) race(seed);
}
