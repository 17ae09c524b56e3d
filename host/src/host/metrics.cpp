#include "host/metrics.hpp"

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon {
namespace {

using label = std::pair<std::string_view, std::string_view>;

/// A label's value between quotes.
std::string quoted(std::string_view value) {
  std::string made = "\"";
  for (const char letter : value) {
    if (letter == '\n') {
      made += "\\n";
      continue;
    }
    if (letter == '"' || letter == '\\') made += '\\';
    made += letter;
  }
  return made + '"';
}

/// Writes one family after the other.
class exposition {
 public:
  exposition& family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = "tenon_" + std::string(name);
    text_ += "# HELP " + name_ + ' ' + std::string(help) + "\n# TYPE " + name_ + ' ' + std::string(type) + '\n';
    return *this;
  }
  exposition& sample(const std::string& value, std::initializer_list<label> labels = {}) {
    text_ += name_;
    char separator = '{';
    for (const auto& [key, what] : labels) {
      text_ += separator;
      text_ += std::string(key) + '=' + quoted(what);
      separator = ',';
    }
    if (separator == ',') text_ += '}';
    text_ += ' ' + value + '\n';
    return *this;
  }
  exposition& sample(std::uint64_t value, std::initializer_list<label> labels = {}) {
    return sample(std::to_string(value), labels);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

std::string seconds(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::duration<double>(time).count());
}

void write_tenants(exposition& out, const host_status& status) {
  std::uint64_t cached = 0;
  std::uint64_t failing = 0;
  std::map<tenant_state, std::uint64_t> by_state;
  for (const auto state : {tenant_state::pending, tenant_state::healthy, tenant_state::degraded, tenant_state::failed,
                           tenant_state::disabled})
    by_state[state] = 0;
  for (const auto& tenant : status.tenants) {
    cached += tenant.cached ? 1 : 0;
    failing += tenant.last_error.empty() ? 0 : 1;
    ++by_state[tenant.state];
  }
  out.family("tenants", "gauge", "Tenants of the catalog.").sample(status.tenants.size());
  out.family("tenants_cached", "gauge", "Tenants with a platform in the cache.").sample(cached);
  out.family("tenants_by_state", "gauge", "Tenants by how they are; status has the reasons.");
  for (const auto& [state, count] : by_state) out.sample(count, {{"state", to_string(state)}});
  out.family("tenants_failing", "gauge", "Tenants whose last build or reload failed.").sample(failing);
}

/// A tenant that nobody called, or of whose calls none was refused, has no line: there may be thousands.
void write_calls(exposition& out, const host_status& status) {
  const auto figure = [&](std::string_view name, std::string_view type, std::string_view help, auto tenant_calls::*of) {
    out.family(name, type, help);
    for (const auto& each : status.tenants)
      if (each.calls.started > 0) out.sample(each.calls.*of, {{"tenant", each.tenant}});
  };
  figure("calls_total", "counter", "Calls that were let through to a tenant.", &tenant_calls::started);
  figure("calls_running", "gauge", "Calls of a tenant under way.", &tenant_calls::running);
  figure("calls_queued", "gauge", "Calls of a tenant that wait for one under way to end.", &tenant_calls::queued);
  out.family("calls_refused_total", "counter", "Calls of a tenant that were refused, by why.");
  for (const auto& each : status.tenants) {
    const auto& calls = each.calls;
    if (calls.refused > 0) out.sample(calls.refused, {{"tenant", each.tenant}, {"why", "limit"}});
    if (calls.refused_by_breaker > 0)
      out.sample(calls.refused_by_breaker, {{"tenant", each.tenant}, {"why", "breaker"}});
    if (calls.expired_in_queue > 0) out.sample(calls.expired_in_queue, {{"tenant", each.tenant}, {"why", "time"}});
  }
  out.family("breakers_open", "gauge", "Tenants whose calls are refused as most of them fail; open or half open.");
  std::uint64_t open = 0;
  for (const auto& each : status.tenants) open += each.calls.state == tenant_calls::breaker::closed ? 0 : 1;
  out.sample(open);
}

void write_rollouts(exposition& out, const std::vector<rollout_status>& rollouts) {
  out.family("rollout_tenants", "gauge", "Tenants of the last rollout of a plugin, by whether they were moved.");
  for (const auto& each : rollouts)
    out.sample(each.moved.size(), {{"plugin", each.plugin}, {"where", "moved"}})
        .sample(each.waiting.size(), {{"plugin", each.plugin}, {"where", "waiting"}});
  out.family("rollout_phase", "gauge", "How the last rollout of a plugin stands; status has the reason.");
  for (const auto& each : rollouts) out.sample(1, {{"plugin", each.plugin}, {"phase", to_string(each.now)}});
}

void write_warm_up(exposition& out, const warm_up_status& warm_up) {
  out.family("warm_ups_total", "counter", "Platforms that were built ahead of their first request, by outcome.")
      .sample(warm_up.built, {{"outcome", "built"}})
      .sample(warm_up.failed, {{"outcome", "failed"}});
}

void write_blocking(exposition& out, const blocking_status& blocking) {
  out.family("blocking_threads", "gauge", "Threads for work of tenants that blocks.").sample(blocking.threads);
  out.family("blocking_jobs_running", "gauge", "Jobs on them.").sample(blocking.running);
  out.family("blocking_jobs_stuck", "gauge", "Jobs that hold a thread which was replaced.").sample(blocking.replaced);
  out.family("blocking_jobs_waiting", "gauge", "Jobs that wait for a thread.").sample(blocking.waiting);
  out.family("blocking_replacements_total", "counter", "Threads that were replaced as a job held them for too long.")
      .sample(blocking.replacements);
}

void write_libraries(exposition& out, const host_status& status) {
  std::map<std::pair<std::string, std::string>, std::uint64_t> by_state;
  std::map<std::pair<std::string, std::string>, std::uint64_t> zombies;
  std::map<std::string, std::uint64_t> platforms;
  for (const auto& library : status.libraries) {
    ++by_state[{library.plugin, library.state}];
    if (library.state == "zombie") ++zombies[{library.plugin, library.cause}];
    platforms[library.plugin] += library.platforms;
  }
  out.family("libraries", "gauge", "Mapped generations of plugins' code, by state.");
  for (const auto& [key, count] : by_state) out.sample(count, {{"plugin", key.first}, {"state", key.second}});
  out.family("library_zombies", "gauge", "Generations that could not be unmapped, by cause; status has what to do.");
  for (const auto& [key, count] : zombies) out.sample(count, {{"plugin", key.first}, {"cause", key.second}});
  out.family("library_platforms", "gauge", "Platforms that run a plugin's code.");
  for (const auto& [plugin, count] : platforms) out.sample(count, {{"plugin", plugin}});
  out.family("libraries_closed_total", "counter", "Generations proven unmapped.").sample(status.libraries_closed);
}

void write_cache(exposition& out, const cache_status& cache) {
  out.family("cache_platforms", "gauge", "Platforms in the cache.").sample(cache.size);
  out.family("cache_leases", "gauge", "Leases of platforms, as a rule one for each call.").sample(cache.leases);
  out.family("cache_pinned", "gauge", "Platforms that left the cache and are still leased.").sample(cache.pinned);
  out.family("cache_oldest_lease_seconds", "gauge", "Age of the oldest lease.").sample(seconds(cache.oldest_lease));
  out.family("cache_oldest_pinned_seconds", "gauge", "How long the oldest pinned platform has waited for its leases.")
      .sample(seconds(cache.oldest_pinned));
  out.family("cache_removed_total", "counter", "Platforms that left the cache, by cause.")
      .sample(cache.removed_for_size, {{"cause", "size"}})
      .sample(cache.removed_expired, {{"cause", "expired"}})
      .sample(cache.removed_invalidated, {{"cause", "invalidated"}})
      .sample(cache.removed_replaced, {{"cause", "replaced"}})
      .sample(cache.removed_lost, {{"cause", "lost"}});
  out.family("cache_misses_total", "counter", "Requests that found no fresh platform.").sample(cache.misses);
  out.family("cache_coalesced_total", "counter", "Requests that joined a build.").sample(cache.coalesced);
  out.family("cache_refused_total", "counter", "Requests that were one too many to wait for a build.")
      .sample(cache.refused);
  out.family("cache_failed_fast_total", "counter", "Requests that a remembered failure answered.")
      .sample(cache.failed_fast);
  out.family("cache_served_stale_total", "counter", "Requests that an expired platform served.")
      .sample(cache.served_stale);
  out.family("builds_total", "counter", "Builds of platforms that ended, by outcome.")
      .sample(cache.built, {{"outcome", "built"}})
      .sample(cache.failed, {{"outcome", "failed"}});
  out.family("builds_discarded_total", "counter", "Builds that worked and were not kept.").sample(cache.discarded);
  out.family("build_seconds_total", "counter", "Time that builds took that worked.").sample(seconds(cache.build_time));
  out.family("refreshes_total", "counter", "Refreshes that were started.").sample(cache.refreshes);
}

void write_reloads(exposition& out, const reload_counts& reloads) {
  out.family("reloads_total", "counter", "Rounds of reloading.").sample(reloads.rounds);
  out.family("reload_changes_total", "counter", "Changes of tenants in reloads, by what became of them.")
      .sample(reloads.applied, {{"outcome", "applied"}})
      .sample(reloads.kept_back, {{"outcome", "kept_back"}});
  out.family("reload_successors_total", "counter", "Live platforms that a successor replaced.").sample(reloads.rebuilt);
}

}  // namespace

std::string to_prometheus(const host_status& status) {
  exposition out;
  write_tenants(out, status);
  write_calls(out, status);
  write_blocking(out, status.blocking);
  write_warm_up(out, status.warm_up);
  write_rollouts(out, status.rollouts);
  write_libraries(out, status);
  write_cache(out, status.cache);
  write_reloads(out, status.reloads);
  return out.take();
}

}  // namespace tenon
