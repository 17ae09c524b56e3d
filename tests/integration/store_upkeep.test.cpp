// Goal: the store is looked after for as long as the host lives, and nobody waits for that. Method: a real store with
// an old file in it, and a pool that must come to its end although the next look is an hour away.
#include "host/store_upkeep.hpp"

#include "host_fixture.hpp"

#include <doctest/doctest.h>
#include <spdlog/sinks/null_sink.h>

#include <chrono>

using namespace tenon;
using namespace tenon::testing;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

TEST_CASE("the store is trimmed on the pool, and a pool that is joined does not wait for the next time") {
  const host_directory files;
  boost::asio::thread_pool pool(1);
  const auto store = *plugin_store::open(files.root() / "store");
  const auto old = files.root() / "store/gam-1.0.0-0123456789abcdef.so";
  files.write(old, "x");
  fs::last_write_time(old, fs::file_time_type::clock::now() - 100h);
  const auto upkeep = std::make_shared<store_upkeep>(
      pool, store, std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>()));
  upkeep->trim({.retention = 24h, .max_bytes = 1u << 30});
  upkeep->trim({.retention = 24h, .max_bytes = 1u << 30});  // as a reload does: one timer all the same
  CHECK(host_fixture::eventually([&] { return !fs::exists(old); }));
  upkeep->stop();
  upkeep->trim({.retention = 24h, .max_bytes = 1u << 30});
  pool.join();
}

TEST_CASE("the store is looked at four times in a retention, once an hour at least and once a minute at most") {
  CHECK(store_upkeep::interval({.retention = 2h}) == 30min);
  CHECK(store_upkeep::interval({.retention = 24h}) == 1h);
  CHECK(store_upkeep::interval({.retention = 0s}) == 1min);
}
