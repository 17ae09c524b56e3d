// Goal: what status knows is there as figures, each family once and in the text format of Prometheus.
// Method: a status made by hand, read line by line.
#include "host/metrics.hpp"

#include <doctest/doctest.h>

#include <set>
#include <sstream>
#include <string>

using namespace tenon;
using namespace std::chrono_literals;

namespace {

host_status busy() {
  host_status status;
  status.tenants = {{.tenant = "a", .cached = true}, {.tenant = "b", .last_error = "refused"}};
  status.libraries = {{.plugin = "gam", .state = "loaded", .platforms = 2},
                      {.plugin = "gam", .state = "zombie", .platforms = 0, .cause = "thread"},
                      {.plugin = "odd\"name\\", .state = "zombie", .cause = "unique"}};
  status.libraries_closed = 7;
  status.tenants[0].calls = {.running = 2, .queued = 1, .started = 9, .refused_by_breaker = 4};
  status.tenants[0].calls.state = tenant_calls::breaker::half_open;
  status.blocking = {.threads = 5, .replaced = 1};
  status.cache = {
      .size = 1, .leases = 3, .pinned = 1, .oldest_pinned = 1500ms, .removed_expired = 4, .misses = 9, .failed = 2};
  return status;
}

}  // namespace

TEST_CASE("zombies are counted by plugin and cause, libraries by state, and the cache's figures are there") {
  const auto text = to_prometheus(busy());
  for (const std::string line : {"tenon_tenants 2",
                                 "tenon_tenants_cached 1",
                                 "tenon_tenants_failing 1",
                                 "tenon_libraries{plugin=\"gam\",state=\"loaded\"} 1",
                                 "tenon_libraries{plugin=\"gam\",state=\"zombie\"} 1",
                                 "tenon_library_zombies{plugin=\"gam\",cause=\"thread\"} 1",
                                 "tenon_library_zombies{plugin=\"odd\\\"name\\\\\",cause=\"unique\"} 1",
                                 "tenon_library_platforms{plugin=\"gam\"} 2",
                                 "tenon_libraries_closed_total 7",
                                 "tenon_cache_pinned 1",
                                 "tenon_cache_oldest_pinned_seconds 1.500000",
                                 "tenon_cache_removed_total{cause=\"expired\"} 4",
                                 "tenon_calls_total{tenant=\"a\"} 9",
                                 "tenon_calls_running{tenant=\"a\"} 2",
                                 "tenon_calls_queued{tenant=\"a\"} 1",
                                 "tenon_calls_refused_total{tenant=\"a\",why=\"breaker\"} 4",
                                 "tenon_breakers_open 1",
                                 "tenon_blocking_threads 5",
                                 "tenon_blocking_jobs_stuck 1",
                                 "tenon_cache_misses_total 9",
                                 "tenon_builds_total{outcome=\"failed\"} 2"}) {
    CAPTURE(line);
    CHECK(('\n' + text).find('\n' + line + '\n') != std::string::npos);
  }
}

TEST_CASE("every family is announced once, with help and type, before its samples") {
  std::istringstream lines(to_prometheus(busy()));
  std::set<std::string> seen;
  std::string family;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      CHECK_MESSAGE(seen.insert(family).second, family);
      CHECK(line.ends_with('.'));
    } else if (line.starts_with("# TYPE ")) {
      CHECK(line.substr(7, family.size() + 1) == family + ' ');
      CHECK(family.ends_with("_total") == line.ends_with("counter"));
    } else {
      CHECK_MESSAGE((line.starts_with(family + ' ') || line.starts_with(family + '{')), line);
    }
  }
  CHECK(seen.size() > 20);
}
