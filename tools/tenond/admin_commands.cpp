#include "admin.hpp"

#include "base/operator_text.hpp"

#include <boost/json/array.hpp>

#include <optional>
#include <string>
#include <utility>

namespace tenon::tenond {
namespace json = boost::json;
namespace {

json::object describe(const tenant_calls& calls) {
  return {{"running", calls.running},
          {"queued", calls.queued},
          {"started", calls.started},
          {"refused", calls.refused},
          {"refused_by_breaker", calls.refused_by_breaker},
          {"expired_in_queue", calls.expired_in_queue},
          {"breaker", to_string(calls.state)},
          {"breaker_openings", calls.breaker_openings}};
}

json::object describe(const tenant_status& tenant) {
  return {{"tenant", tenant.tenant},
          {"plugin", tenant.plugin},
          {"plugin_version", tenant.plugin_version},
          {"content_hash", tenant.content_hash},
          {"cached", tenant.cached},
          {"instance", tenant.instance},
          {"served_version", tenant.served_version},
          {"last_error", tenant.last_error},
          {"state", to_string(tenant.state)},
          {"since", utc_text(tenant.since)},
          {"calls", describe(tenant.calls)}};
}

json::object describe(const library_status& library) {
  return {{"plugin", library.plugin},
          {"version", library.version},
          {"content_hash", library.content_hash},
          {"path", library.path.string()},
          {"state", library.state},
          {"platforms", library.platforms},
          {"writable_bytes", library.writable_bytes},
          {"isolated_for", library.isolated_for},
          {"cause", library.cause},
          {"reason", library.reason}};
}

json::array describe(const std::vector<diagnostic>& findings) {
  json::array lines;
  for (const auto& finding : findings) lines.push_back(json::string(finding.to_string()));
  return lines;
}

json::object status(const host& host) {
  const auto now = host.status();
  json::array libraries;
  for (const auto& library : now.libraries) libraries.push_back(describe(library));
  std::size_t cached = 0;
  std::size_t failing = 0;
  for (const auto& tenant : now.tenants) {
    cached += tenant.cached ? 1 : 0;
    failing += tenant.last_error.empty() ? 0 : 1;
  }
  return {{"ok", true},
          {"tenants", now.tenants.size()},
          {"cached", cached},
          {"failing", failing},
          {"ready", host.ready()},
          {"blocking",
           {{"threads", now.blocking.threads},
            {"running", now.blocking.running},
            {"stuck", now.blocking.replaced},
            {"waiting", now.blocking.waiting}}},
          {"libraries", std::move(libraries)},
          {"libraries_closed", now.libraries_closed},
          {"diagnostics", describe(host.diagnostics())}};
}

json::object tenants(const host& host) {
  json::array all;
  for (const auto& tenant : host.status().tenants) all.push_back(describe(tenant));
  return {{"ok", true}, {"tenants", std::move(all)}};
}

json::object describe(const reload_report& report) {
  json::array changes;
  for (const auto& change : report.tenants) {
    changes.push_back(json::object{{"tenant", change.tenant},
                                   {"change", to_string(change.what)},
                                   {"applied", change.applied},
                                   {"rebuilt", change.rebuilt},
                                   {"step", change.step},
                                   {"reason", change.reason}});
  }
  return {{"ok", report.ok()},
          {"changes", std::move(changes)},
          {"unchanged", report.unchanged},
          {"diagnostics", describe(report.diagnostics)},
          {"error", report.ok() ? "" : "not everything was applied; the reasons are beside each tenant"}};
}

/// The host's report, and what tenond itself could not take from the file.
json::object describe(const reload_report& report, const result<void>& own) {
  auto answer = describe(report);
  if (own) return answer;
  answer["ok"] = false;
  answer["error"] = "[server] and [principals] stay as they were: " + own.error().operator_detail;
  return answer;
}

/// What to reload; nothing if the request is wrong.
std::optional<reload_request> reload_request_in(const json::object& request) {
  using scope = reload_request::scope;
  constexpr std::pair<const char*, scope> named[] = {
      {"tenant", scope::tenant}, {"plugin", scope::plugin}, {"secret", scope::secret}};
  reload_request made;
  int given = 0;
  for (const auto& [key, about] : named) {
    const auto* value = request.if_contains(key);
    if (value == nullptr) continue;
    if (!value->is_string() || value->get_string().empty()) return std::nullopt;
    made = {.about = about, .name = std::string(value->get_string())};
    ++given;
  }
  if (const auto* all = request.if_contains("all")) {
    if (!all->is_bool()) return std::nullopt;
    if (all->get_bool()) {
      made.about = scope::all;
      ++given;
    }
  }
  return given > 1 ? std::nullopt : std::optional(std::move(made));
}

json::object refused(std::string message) { return {{"ok", false}, {"error", std::move(message)}}; }

json::object invalidate(host& host, const json::object& request) {
  const auto* tenant = request.if_contains("tenant");
  if (tenant == nullptr) {
    host.invalidate();
    return {{"ok", true}};
  }
  if (!tenant->is_string()) return refused("expected \"tenant\" to be a string");
  const std::string name(tenant->get_string());
  if (!host.has_tenant(name)) return refused("expected a tenant of the catalog, found \"" + name + "\"; see: tenants");
  host.invalidate(name);
  return {{"ok", true}};
}

}  // namespace

void run_admin_command(host& host, const own_reload& own, const json::object& request, admin_handler done) {
  const auto* command = request.if_contains("command");
  const std::string name(command != nullptr && command->is_string() ? std::string(command->get_string()) : "");
  if (name == "ping") return done({{"ok", true}});
  if (name == "status") return done(status(host));
  if (name == "tenants") return done(tenants(host));
  if (name == "metrics") return done({{"ok", true}, {"text", host.metrics()}});
  if (name == "invalidate") return done(invalidate(host, request));
  if (name == "reload") {
    auto what = reload_request_in(request);
    if (!what)
      return done(refused("expected one of \"tenant\", \"plugin\", \"secret\" (names) and \"all\" (true), or none"));
    // A reload of some tenants leaves the rest of the file alone.
    auto outcome = own && what->about == reload_request::scope::changed ? own() : result<void>{};
    return host.async_reload(
        *std::move(what), [done = std::move(done), outcome = std::move(outcome)](const reload_report& report) mutable {
          done(describe(report, outcome));
        });
  }
  done(refused("expected a command of status, tenants, metrics, invalidate, reload and ping, found \"" + name + "\""));
}

}  // namespace tenon::tenond
