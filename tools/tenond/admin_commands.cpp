#include "admin.hpp"

#include "base/operator_text.hpp"

#include <boost/json/array.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
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

json::object status(const host& host, const own_status& edge) {
  const auto now = host.status();
  json::array libraries;
  for (const auto& library : now.libraries) libraries.push_back(describe(library));
  std::size_t cached = 0;
  std::size_t failing = 0;
  for (const auto& tenant : now.tenants) {
    cached += tenant.cached ? 1 : 0;
    failing += tenant.last_error.empty() ? 0 : 1;
  }
  json::object answer{{"ok", true},
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
  if (edge) answer["edge"] = edge();
  return answer;
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

json::object describe(const submitted_task& task) {
  return {{"task_id", task.id},
          {"tenant", task.tenant},
          {"task", task.task},
          {"state", to_string(task.now)},
          {"attempts", task.attempt},
          {"created", utc_text(task.created)},
          {"next", task.now == submitted_task::state::submitted ? utc_text(task.due) : std::string()},
          {"idempotency_key", task.idempotency_key},
          {"reason", task.trouble.empty() ? task.message : task.trouble}};
}

void list_tasks(host& host, const json::object& request, admin_handler done) {
  const auto* tenant = request.if_contains("tenant");
  std::string name = tenant != nullptr && tenant->is_string() ? std::string(tenant->get_string()) : std::string();
  host.async_list_tasks(std::move(name),
                        [done = std::move(done)](const result<std::vector<submitted_task>>& found) mutable {
                          if (!found) return done(refused(operator_text(found.error())));
                          json::array all;
                          for (const auto& each : *found) all.push_back(describe(each));
                          done({{"ok", true}, {"tasks", std::move(all)}});
                        });
}

double milliseconds(std::chrono::nanoseconds time) { return std::chrono::duration<double, std::milli>(time).count(); }

json::object describe(const call_figures& figures) {
  return {{"calls", figures.calls}, {"faults", figures.faults}, {"mean_ms", milliseconds(figures.mean_time())}};
}

json::object rollouts(const host& host) {
  json::array all;
  for (const auto& each : host.status().rollouts) {
    all.push_back(json::object{{"plugin", each.plugin},
                               {"version", each.version},
                               {"content_hash", each.content_hash},
                               {"phase", to_string(each.now)},
                               {"wave", each.wave},
                               {"waves", each.waves},
                               {"moved", json::array(each.moved.begin(), each.moved.end())},
                               {"waiting", json::array(each.waiting.begin(), each.waiting.end())},
                               {"before", describe(each.before)},
                               {"after", describe(each.after)},
                               {"reason", each.reason}});
  }
  return {{"ok", true}, {"rollouts", std::move(all)}};
}

/// Members that are left out have their defaults; one of another type is none.
std::optional<rollout_request> rollout_request_in(const json::object& asked) {
  rollout_request made;
  const auto number = [&asked](const char* key, auto& into) {
    const auto* value = asked.if_contains(key);
    if (value == nullptr) return true;
    if (!value->is_number()) return false;
    boost::system::error_code failed;
    into = value->to_number<std::remove_reference_t<decltype(into)>>(failed);
    return !failed;
  };
  std::int64_t watch_ms = made.watch.count();
  const bool numbers = number("watch_ms", watch_ms) && number("min_calls", made.min_calls) &&
                       number("max_fault_increase", made.max_fault_increase) &&
                       number("max_slowdown", made.max_slowdown);
  if (!numbers) return std::nullopt;
  made.watch = std::chrono::milliseconds(watch_ms);
  if (const auto* canary = asked.if_contains("canary")) {
    if (!canary->is_string()) return std::nullopt;
    made.canary = std::string(canary->get_string());
  }
  if (const auto* pause = asked.if_contains("pause_after_canary")) {
    if (!pause->is_bool()) return std::nullopt;
    made.pause_after_canary = pause->get_bool();
  }
  if (const auto* waves = asked.if_contains("waves")) {
    if (!waves->is_array()) return std::nullopt;
    made.waves.clear();
    for (const auto& each : waves->get_array()) {
      if (!each.is_int64() || each.get_int64() < 0 || each.get_int64() > 100) return std::nullopt;
      made.waves.push_back(static_cast<std::uint32_t>(each.get_int64()));
    }
  }
  return made;
}

json::object describe(const result<void>& outcome) {
  return outcome ? json::object{{"ok", true}} : refused(operator_text(outcome.error()));
}

void run_rollout_command(host& host, const json::object& request, admin_handler done) {
  const auto text = [&request](const char* key) {
    const auto* value = request.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  const auto plugin = text("plugin");
  const auto action = text("action");
  if (action.empty()) return done(rollouts(host));
  if (action == "pause") return done(describe(host.pause_rollout(plugin)));
  if (action == "resume") return done(describe(host.resume_rollout(plugin)));
  if (action == "abort") return done(describe(host.abort_rollout(plugin)));
  if (action != "start")
    return done(refused("expected an action of start, pause, resume and abort, found \"" + action + "\""));
  auto what = rollout_request_in(request);
  if (!what) return done(refused("expected numbers, a canary's name, and waves of whole percentages"));
  what->plugin = plugin;
  host.async_start_rollout(*std::move(what),
                           [done = std::move(done)](const result<void>& begun) mutable { done(describe(begun)); });
}

}  // namespace

void run_admin_command(host& host, const own_reload& own, const json::object& request, admin_handler done,
                       const own_status& edge) {
  const auto* command = request.if_contains("command");
  const std::string name(command != nullptr && command->is_string() ? std::string(command->get_string()) : "");
  if (name == "ping") return done({{"ok", true}});
  if (name == "status") return done(status(host, edge));
  if (name == "tenants") return done(tenants(host));
  if (name == "metrics") return done({{"ok", true}, {"text", host.metrics()}});
  if (name == "invalidate") return done(invalidate(host, request));
  if (name == "tasks") return list_tasks(host, request, std::move(done));
  if (name == "rollout") return run_rollout_command(host, request, std::move(done));
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
  done(refused("expected a command of status, tenants, tasks, metrics, invalidate, reload, rollout and ping, found \"" +
               name + "\""));
}

}  // namespace tenon::tenond
