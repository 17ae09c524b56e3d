// Goal: a tenant has the limits of the main file but for those it names itself. Method: reads both.
#include "config_directory.hpp"

using namespace tenon;
using namespace std::chrono_literals;

TEST_CASE("a tenant's limits are the main file's, key by key but for its own") {
  const config_directory directory;
  directory.main(
      "[limits]\nmax_calls = 7\nmax_request_bytes = 100\ntask_timeout_ms = { get_products = 5, create_media_buy = 6 }\n"
      "breaker = { probes = 9, min_calls = 2 }\n[tenants.a]\nplugin = 'gam'\n");
  directory.add("tenants.d/b.toml",
                "plugin = 'gam'\n[limits]\nmax_calls = 8\ntask_timeout_ms = { get_products = 50 }\n"
                "breaker = { probes = 1 }\n");
  const auto read = directory.read();
  const auto& a = read->tenants.at("a")->limits;
  const auto& b = read->tenants.at("b")->limits;
  CHECK(a == read->limits);
  CHECK(a.max_calls == 7);
  CHECK(a.max_upstream_calls == call_limits().max_upstream_calls);
  CHECK(b.max_calls == 8);
  CHECK(b.max_request_bytes == 100);
  CHECK(b.task_timeouts.at("get_products") == 50ms);
  CHECK(b.task_timeouts.at("create_media_buy") == 6ms);
  CHECK(b.breaker.probes == 1);
  CHECK(b.breaker.min_calls == 2);
}

TEST_CASE("mistakes in a tenant's limits break the tenant alone, in its own lines") {
  const config_directory directory;
  directory.main("");
  directory.add("tenants.d/b.toml", "plugin = 'gam'\n[limits]\nmax_cals = 8\n");
  CHECK(
      directory.findings().starts_with("tenants.d/b.toml:3: error: limits: unknown key \"max_cals\", expected one of "
                                       "max_calls, max_queued_calls,"));
  CHECK(directory.read()->broken == std::vector<std::string>{"b"});
}

TEST_CASE("limits alone are a change of a tenant, and no reason to build it anew") {
  const config_directory directory;
  directory.main("[tenants.a]\nplugin = 'gam'\n");
  const auto before = directory.read();
  directory.main("[limits]\nmax_calls = 3\n[tenants.a]\nplugin = 'gam'\n");
  const auto after = directory.read();
  CHECK(compare(*before, *after).changed == std::vector<std::string>{"a"});
  CHECK(before->tenants.at("a")->same_as(*after->tenants.at("a")));
}
