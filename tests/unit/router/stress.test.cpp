// Goal: under threads every call is answered by its own tenant's platform, and no platform outlives the
// router and its calls.
// Method: four threads call, cancel, invalidate, replace and look, on few tenants and a small cache, in both
// ways of starting cold.
#include "contract_setup.hpp"
#include "plain_platform.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <stop_token>
#include <thread>

using namespace tenon;
using namespace tenon::testing;

namespace {

std::atomic<int> alive = 0;

class counted_platform final : public plain_platform {
 public:
  explicit counted_platform(std::string tag) : plain_platform(std::move(tag)) { ++alive; }
  ~counted_platform() override { --alive; }
  bool blocks(std::string_view task) const noexcept override { return task == "sync_creatives"; }
};

struct tallies {
  std::atomic<int> begun = 0;
  std::atomic<int> answered = 0;
  std::atomic<int> misrouted = 0;
  std::atomic<int> failed = 0;
};

void make_calls(lazy_platform_router& router, unsigned seed, int rounds, const std::shared_ptr<tallies>& seen) {
  for (int round = 0; round < rounds; ++round) {
    seed = seed * 1664525u + 1013904223u;
    const auto tenant = "tenant-" + std::string(1, static_cast<char>('a' + (seed >> 8) % 5));
    switch ((seed >> 20) % 16) {
      case 0: router.invalidate(tenant); break;
      case 1: router.invalidate(); break;
      case 2: router.replace(tenant, std::make_shared<counted_platform>(tenant)); break;
      case 3: (void)router.cached_tenants(); break;
      default: break;
    }
    auto request = request_for(tenant, (seed >> 24) % 8 == 0 ? "sync_creatives" : "create_media_buy");
    // No more than there is room for: who is refused says nothing here.
    for (++seen->begun; seen->begun - seen->answered > 64;) std::this_thread::yield();
    std::stop_source leaves;
    request.context.stop = leaves.get_token();
    router.start(std::move(request), [seen, tenant](result<reply> outcome) {
      if (!outcome) {
        ++seen->failed;
      } else if (tag_of(*outcome) != tenant) {
        ++seen->misrouted;
      }
      ++seen->answered;
    });
    if ((seed >> 16) % 8 == 0) leaves.request_stop();
  }
}

}  // namespace

TEST_CASE("four threads are served, each tenant by its own platform, and nothing is left behind") {
  for (const auto mode : {cold_start::each, cold_start::coalesce}) {
    const auto seen = std::make_shared<tallies>();
    constexpr int rounds = 500;
    {
      auto options = with_cache(3, 0.001, mode);
      options.factory =
          make_factory([](const std::string& tenant) { return std::make_shared<counted_platform>(tenant); });
      boost::asio::thread_pool executor(2);
      boost::asio::thread_pool blocking(2);
      auto router = lazy_platform_router::make(executor.get_executor(), blocking.get_executor(), system_clock(),
                                               std::move(options))
                        .value();
      std::vector<std::jthread> threads;
      for (unsigned seed = 1; seed <= 4; ++seed) {
        threads.emplace_back([&router, seed, seen] { make_calls(*router, seed * 7919u, rounds, seen); });
      }
      threads.clear();
      CHECK(eventually([&] { return seen->answered == 4 * rounds; }));
      router.reset();
      blocking.join();
      executor.join();
    }
    CHECK(seen->misrouted == 0);
    CHECK(seen->failed < 4 * rounds / 2);  // only those who left while a platform was being built
    CHECK(alive == 0);
  }
}
