// Goal: config/tenon.toml is the reference it says it is, and the examples beside it are sound. Method: reads the
// shipped files, with the plugin directory put to one that exists here; then once more with every commented key
// uncommented.
#include "config_directory.hpp"

#include <sstream>

using namespace tenon;

namespace {

std::string shipped(const std::string& file) {
  std::ifstream in(std::filesystem::path(TENON_SHIPPED_CONFIG) / file, std::ios::binary);
  REQUIRE_MESSAGE(in.is_open(), file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string with_local_plugins(std::string text) {
  const std::string there = "\"/usr/lib/tenon/plugins\"";
  const auto at = text.find(there);
  REQUIRE(at != std::string::npos);
  return text.replace(at, there.size(), "\"plugins\"");
}

/// Keys and tables stand right behind their #, prose behind a space, and the inner lines of an array behind two.
std::string uncommented(const std::string& text) {
  std::istringstream lines(text);
  std::string made;
  for (std::string line; std::getline(lines, line);) {
    const bool prose = line.starts_with("# ") && !line.starts_with("#  ");
    if (line.starts_with('#') && !prose) line.erase(0, 1);
    made += line + '\n';
  }
  return made;
}

/// The keys that a message about an unknown one lists.
std::vector<std::string> known_keys(const std::string& text) {
  const config_directory directory;
  directory.add("tenon.toml", text);
  const auto findings = directory.findings();
  const std::string opening = "unknown key \"zzzzzzzz\", expected one of ";
  const auto at = findings.find(opening);
  REQUIRE(at != std::string::npos);
  std::istringstream names(findings.substr(at + opening.size(), findings.find('\n', at) - at - opening.size()));
  std::vector<std::string> keys;
  for (std::string name; std::getline(names, name, ',');) keys.push_back(name.substr(name.find_first_not_of(' ')));
  return keys;
}

}  // namespace

TEST_CASE("the shipped configuration and its tenants have no finding but the secrets that are not on this machine") {
  const config_directory directory;
  directory.add("tenon.toml", with_local_plugins(shipped("tenon.toml")));
  directory.add("tenants.d/acme-news.toml", shipped("tenants.d/acme-news.toml"));
  directory.add("tenants.d/harbor-radio.toml", shipped("tenants.d/harbor-radio.toml"));
  const auto read = directory.read();
  CHECK(read->tenants.size() == 2);
  CHECK(read->broken.empty());
  for (const auto& finding : read->diagnostics) {
    CAPTURE(finding.to_string());
    CHECK_FALSE(finding.fatal);
    CHECK(finding.message.find("to read the secret from") != std::string::npos);
  }
  CHECK(read->tenants.at("acme-news")->secrets.contains("service_account"));
  CHECK(read->tenants.at("harbor-radio")->secrets.contains("api_key"));
}

TEST_CASE("the commented keys of the reference show the defaults, and its tenant is sound") {
  const config_directory directory;
  directory.add("tenon.toml", uncommented(with_local_plugins(shipped("tenon.toml"))));
  const auto read = directory.read();
  REQUIRE_MESSAGE(read->tenants.contains("acme-news"), directory.findings());
  CHECK(read->tenants.at("acme-news")->accounts.size() == 3);

  const host_settings host;
  CHECK(read->host.store_retention == host.store_retention);
  CHECK(read->host.store_max_bytes == host.store_max_bytes);
  CHECK(read->host.state_max_bytes == host.state_max_bytes);
  CHECK(read->host.require_pin == host.require_pin);
  CHECK(read->host.watch == host.watch);
  CHECK(read->host.watch_settle == host.watch_settle);
  CHECK(read->host.blocking_threads == host.blocking_threads);
  CHECK(read->host.build_timeout == host.build_timeout);
  CHECK(read->host.call_timeout == host.call_timeout);
  CHECK(read->host.drain_timeout == host.drain_timeout);
  CHECK(read->host.http_timeout == host.http_timeout);
  CHECK(read->host.http_max_response_bytes == host.http_max_response_bytes);
  CHECK(read->host.log_level == host.log_level);
  CHECK(read->policy_of("gam").allow_resident == plugin_policy{}.allow_resident);
  CHECK(read->tenants.at("acme-news")->isolate == tenant_entry{}.isolate);
  auto limits = read->limits;
  limits.task_timeouts.clear();  // an example
  CHECK(limits == call_limits());
  CHECK(read->host.blocking_threads_per_tenant == host.blocking_threads_per_tenant);
  CHECK(read->host.reload_builds == host.reload_builds);
  CHECK(read->host.reload_builds_per_second == host.reload_builds_per_second);
  CHECK(read->host.warm_up_builds == host.warm_up_builds);
  CHECK(read->host.blocking_replace == host.blocking_replace);
  const cache_settings cache;
  CHECK(read->cache.size == cache.size);
  CHECK(read->cache.ttl_seconds == cache.ttl_seconds);
  CHECK(read->cache.policy.failure == on_failure::backoff);  // as shipped
  CHECK(read->cache.policy.ttl_from_build_start == cache.policy.ttl_from_build_start);
  CHECK(read->cache.policy.ttl_jitter == cache.policy.ttl_jitter);
  CHECK(read->cache.policy.refresh_ahead == cache.policy.refresh_ahead);
  CHECK(read->cache.policy.stale_if_error_seconds == cache.policy.stale_if_error_seconds);
  CHECK(read->cache.policy.max_builds == cache.policy.max_builds);
  CHECK(read->cache.policy.max_queued_builds == cache.policy.max_queued_builds);
}

TEST_CASE("the reference has every key that is read") {
  const auto text = '\n' + uncommented(shipped("tenon.toml"));
  for (const auto* table : {"[host]", "[cache]", "[limits]", "[limits.breaker]", "[plugins.p]", "[tenants.t]"}) {
    for (const auto& key : known_keys(std::string(table) + "\nzzzzzzzz = 1\n")) {
      CAPTURE(key);
      const bool is_table = text.find("\n[limits." + key + "]\n") != std::string::npos;
      CHECK((is_table || text.find('\n' + key + " = ") != std::string::npos));
    }
  }
}
