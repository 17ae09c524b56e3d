// Goal: requests, invalidations, reloads and at last the shutdown race on many threads, no request fails before the
// shutdown, and nothing stays mapped. Method: each round is drawn from a seed, which a failure names; loops are
// bounded, and the sanitizers watch.
#include "hosts.hpp"

#include <doctest/doctest.h>

#include <mutex>
#include <random>

using namespace tenon;
using namespace tenon::testing;

namespace {

using random_numbers = std::minstd_rand;

std::string some_tenant(random_numbers& random) { return random() % 2 == 0 ? "acme" : "beta"; }

/// What went wrong on any thread, for the report of a failure.
class failures {
 public:
  void add(std::string what) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(what));
  }
  std::string text() const {
    const std::lock_guard lock(mutex_);
    std::string joined;
    for (const auto& each : all_) joined += each + "\n";
    return joined;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> all_;
};

/// Calls so many times; anything but an answer is a failure.
void call_some(host_fixture& host, random_numbers random, int rounds, bool shutting_down, failures& failed) {
  for (int i = 0; i < rounds; ++i) {
    const std::string body = random() % 4 == 0 ? R"({"sleep_ms": 1})" : "{}";
    const auto outcome = host.call(some_tenant(random), "get_products", body);
    if (outcome) continue;
    const auto& why = outcome.error();
    if (shutting_down && why.code == "SERVICE_UNAVAILABLE") continue;
    failed.add(why.code + ": " + why.message + " " + why.operator_detail);
  }
}

void race(random_numbers::result_type seed) {
  CAPTURE(seed);
  const echo_tenants files;
  host_fixture host(files, 3);
  failures failed;
  {
    std::vector<std::jthread> threads;
    for (unsigned lane = 1; lane <= 3; ++lane) {
      threads.emplace_back([&, lane] { call_some(host, random_numbers(seed * 10 + lane), 60, false, failed); });
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
        if (!host.reload().ok()) failed.add("a reload");
      }
    });
  }
  CHECK(failed.text() == "");
  // Not sooner: what is being loaded is mapped before it is shown.
  CHECK(host_fixture::eventually([&] { return !anything_unreported(files, *host); }));
  std::vector<std::jthread> late;
  for (unsigned lane = 6; lane <= 8; ++lane) {
    late.emplace_back([&, lane] { call_some(host, random_numbers(seed * 10 + lane), 30, true, failed); });
  }
  host->invalidate();
  CHECK(host.stop().empty());
  late.clear();
  CHECK(failed.text() == "");
  CHECK(files.mapped() == 0);
}

}  // namespace

TEST_CASE("requests, invalidations, reloads and a shutdown race, and every seed ends with nothing mapped") {
  for (const random_numbers::result_type seed : {3u, 17u, 2024u}) race(seed);
}
