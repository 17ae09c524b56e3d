#include "reload/reloader.hpp"

#include "base/operator_text.hpp"
#include "base/short_turns.hpp"

#include <boost/asio/post.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace tenon {
namespace {

reload_report refused_report(std::string message) {
  reload_report report;
  report.diagnostics.push_back({.fatal = true, .tenant = {}, .file = {}, .message = std::move(message)});
  return report;
}

const tenant_entry* entry_of(const deployment_map& now, const std::string& tenant) {
  const auto at = now.find(tenant);
  return at == now.end() ? nullptr : at->second->entry.get();
}

const tenant_entry* entry_of(const catalog& wanted, const std::string& tenant) {
  const auto at = wanted.tenants.find(tenant);
  return at == wanted.tenants.end() ? nullptr : at->second.get();
}

/// What serves the tenant; null: nothing does.
std::shared_ptr<plugin_platform> serving(const lazy_platform_router& router, const std::string& tenant) {
  return std::dynamic_pointer_cast<plugin_platform>(router.peek_platform(tenant));
}

bool is_about_somebody(const reload_request& request, const deployment_map& now, const catalog& wanted) {
  const auto means = [&request](const tenant_entry& of) { return is_about(request, &of, nullptr); };
  return std::ranges::any_of(now, [&](const auto& each) { return means(*each.second->entry); }) ||
         std::ranges::any_of(wanted.tenants, [&](const auto& each) { return means(*each.second); }) ||
         (request.about == reload_request::scope::tenant && std::ranges::binary_search(wanted.broken, request.name));
}

/// What was asked for by a name that nobody has.
void find_nobody(const std::vector<reload_request>& requests, const deployment_map& now, const catalog& wanted,
                 reload_report& into) {
  using scope = reload_request::scope;
  for (const auto& each : requests) {
    if (each.about == scope::changed || each.about == scope::all || is_about_somebody(each, now, wanted)) continue;
    const char* const what = each.about == scope::tenant   ? "a tenant of the configuration"
                             : each.about == scope::plugin ? "a plugin that some tenant uses"
                                                           : "the file of a secret that some tenant names";
    into.diagnostics.push_back({.fatal = true,
                                .tenant = {},
                                .file = {},
                                .message = std::string("expected ") + what + ", found \"" + each.name +
                                           "\"; tenonctl tenants lists what there is"});
  }
}

}  // namespace

/// One round: its plan, and how far it has come. `mutex` guards everything below it.
struct reloader::round {
  std::vector<reload_request> requests;
  std::vector<reload_handler> handlers;
  bool whole = false;
  std::shared_ptr<const catalog> read;
  reload_plan plan;
  reload_report report;

  std::mutex mutex;
  std::vector<std::size_t> to_build;  ///< indices of changes whose tenant has a live platform, last one first
  std::size_t building = 0;
  bool finished = false;
  steady_time next_begins{};  ///< no successor is begun before
  bool pausing = false;
};

reloader::reloader(reload_environment environment) : environment_(std::move(environment)), read_(environment_.read) {}

void reloader::reload(reload_request request, reload_handler done) {
  ask({{std::move(request)}, std::move(done), true});
}

void reloader::reload_plugins(reload_handler done) { ask({{reload_request()}, std::move(done), false}); }

void reloader::move_tenants(const std::vector<std::string>& tenants, reload_handler done) {
  asked what{.requests = {}, .done = std::move(done), .whole = false};
  for (const auto& tenant : tenants) what.requests.push_back({.about = reload_request::scope::tenant, .name = tenant});
  if (what.requests.empty()) return what.done({});
  ask(std::move(what));
}

std::shared_ptr<const catalog> reloader::last_read() const {
  const std::lock_guard lock(mutex_);
  return read_;
}

void reloader::ask(asked what) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopped_) {
      waiting_.push_back(std::move(what));
      if (running_) return;
      running_ = true;
    }
  }
  if (what.done) return what.done(refused_report("the host is shutting down; nothing was reloaded"));
  begin_round();
}

reload_counts reloader::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void reloader::stop() {
  std::vector<asked> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(waiting_);
  }
  stop_.request_stop();
  boost::asio::post(environment_.executor, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    const std::lock_guard lock(self->mutex_);
    if (self->pause_) self->pause_->cancel();
  });
  for (auto& each : dropped) each.done(refused_report("the host is shutting down; nothing was reloaded"));
}

void reloader::begin_round() {
  auto current = std::make_shared<round>();
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      running_ = false;
      return;
    }
    for (auto& each : waiting_) {
      current->whole = current->whole || each.whole;
      std::ranges::move(each.requests, std::back_inserter(current->requests));
      current->handlers.push_back(std::move(each.done));
    }
    waiting_.clear();
  }
  boost::asio::post(environment_.blocking, [self = shared_from_this(), current = std::move(current)]() mutable {
    self->read_and_plan(std::move(current));
  });
}

/// Gives the round the catalog it goes by; false if there is none, with the reasons in its report.
bool reloader::read(round& current) {
  if (current.whole) {
    tenants_in_force in_force;
    for (const auto& [tenant, what] : environment_.deployments->all()) in_force.push_back(what->entry);
    auto read = read_catalog(environment_.config, {"server", "principals"}, in_force);
    if (!read) {
      current.report.diagnostics = check_catalog(environment_.config, {"server", "principals"}, in_force);
      if (current.report.ok()) current.report = refused_report(read.error().operator_detail);  // repaired since
      return false;
    }
    const std::lock_guard lock(mutex_);
    read_ = std::move(*read);
  }
  current.read = last_read();
  return true;
}

void reloader::read_and_plan(std::shared_ptr<round> current) {
  take_short_turns();
  if (!read(*current)) return finish(current);
  const auto now = environment_.deployments->all();
  current->report.diagnostics = current->read->diagnostics;
  // A tenant of a rollout may have gone since; by name only people ask, who want to know.
  if (current->whole) find_nobody(current->requests, now, *current->read, current->report);
  const auto cached = environment_.router->cached_tenants();
  const auto focus = focus_of(*current, now, cached);
  const auto plugins = pin_plugins(*current->read, *environment_.admission, [&](const tenant_entry& wanted) {
    return focus.includes(entry_of(now, wanted.name), &wanted);
  });
  current->plan =
      make_plan(now, *current->read, plugins, crash_findings::read(environment_.store), focus, choice_for(*current));
  current->report.unchanged = static_cast<std::uint32_t>(current->plan.unchanged.size());
  for (const auto& tenant : current->plan.unchanged) {
    environment_.ledger->in_force(tenant);
    environment_.router->forget_failure(tenant);  // what stood in its way may be gone
  }
  for (std::size_t index = 0; index < current->plan.changes.size(); ++index) {
    auto& planned = current->plan.changes[index];
    const bool live = std::ranges::binary_search(cached, planned.change.tenant);
    const bool serves_on = planned.next && planned.next->entry->enabled && !planned.same_platform;
    if (planned.change.applied && serves_on && live) {
      current->to_build.push_back(index);
    } else {
      apply(planned, nullptr);
    }
  }
  std::ranges::reverse(current->to_build);
  build_more(current);
}

/// What keeps tenants from the bytes that lie in the plugin directory: a rollout that has not come to them or went
/// back, or the plugin's policy, unless somebody asks for the plugin. Said once a plugin.
image_choice reloader::choice_for(round& current) const {
  std::set<std::string> asked_for;
  for (const auto& each : current.requests) {
    if (each.about != reload_request::scope::plugin) continue;
    environment_.book->release(each.name);
    asked_for.insert(each.name);
  }
  auto told = std::make_shared<std::set<std::string>>();
  return [this, &current, asked_for = std::move(asked_for), told](
             const std::shared_ptr<const plugin_image>& offered, const tenant_entry& wanted,
             const deployment* now) -> std::shared_ptr<const plugin_image> {
    auto other = environment_.book->instead_of(offered, wanted, now);
    const bool has = now != nullptr && now->image && now->image->name == wanted.plugin;
    const bool held = wanted.policy.hold && has && !asked_for.contains(wanted.plugin);
    if (!other && held) other = now->image;
    const bool withheld = other && offered && other->content_hash != offered->content_hash;
    if (withheld && !environment_.book->rolls_out(wanted.plugin) && told->insert(wanted.plugin).second) {
      current.report.diagnostics.push_back(
          {.fatal = false,
           .tenant = {},
           .file = wanted.policy.place.file,
           .line = wanted.policy.place.line,
           .message = "plugin " + wanted.plugin + ": the bytes in the plugin directory (" +
                      offered->content_hash.substr(0, 12) + ") are not taken, as they " +
                      (held ? "wait for a rollout (hold = true)" : "were rolled back") +
                      "; tenonctl rollout start, or tenonctl reload --plugin, takes them"});
    }
    return other;
  };
}

/// Of tenants without a live platform, or that no request is about, no secret is read.
plan_focus reloader::focus_of(const round& current, const deployment_map& now,
                              const std::vector<std::string>& live) const {
  plan_focus focus{.requests = current.requests};
  for (const auto& tenant : live) {
    const auto* const entry = entry_of(now, tenant);
    if (entry == nullptr || entry->secrets.empty() || !focus.includes(entry, entry_of(*current.read, tenant))) continue;
    const auto serves = serving(*environment_.router, tenant);
    if (serves && environment_.factory->print_secrets(*entry) != serves->secrets_print())
      focus.other_secrets.insert(tenant);
  }
  return focus;
}

void reloader::build_more(const std::shared_ptr<round>& current) {
  std::vector<std::size_t> starting;
  bool all_done = false;
  {
    const std::lock_guard lock(current->mutex);
    if (stop_.stop_requested()) leave_rest(*current);
    while (!current->to_build.empty() && current->building < current->read->host.reload_builds && may_begin(current)) {
      starting.push_back(current->to_build.back());
      current->to_build.pop_back();
      ++current->building;
    }
    const bool idle = current->building == 0 && current->to_build.empty();
    all_done = idle && !std::exchange(current->finished, idle);
  }
  for (const auto index : starting) build_one(current, index);
  if (all_done) finish(current);
}

/// [lock of the round] No successor is begun any more.
void reloader::leave_rest(round& current) {
  for (const auto index : current.to_build) {
    auto& change = current.plan.changes[index].change;
    change.applied = false;
    change.step = "shutdown";
    change.reason = "the host is shutting down; the next start takes what is new";
  }
  current.to_build.clear();
}

/// [lock of the round] Whether a successor may be begun now; if not, looks again when one may.
bool reloader::may_begin(const std::shared_ptr<round>& current) {
  const auto per_second = current->read->host.reload_builds_per_second;
  if (per_second <= 0) return true;
  const auto now = environment_.time->steady_now();
  if (now >= current->next_begins) {
    current->next_begins = now + std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(1e9 / per_second, 1e18)));
    return true;
  }
  if (std::exchange(current->pausing, true)) return false;
  auto timer = std::make_shared<boost::asio::steady_timer>(environment_.executor, current->next_begins - now);
  // Cancelled by stop(): then the rest is not waited for.
  timer->async_wait([self = shared_from_this(), current, timer](const boost::system::error_code&) {
    {
      const std::scoped_lock lock(current->mutex, self->mutex_);
      current->pausing = false;
      self->pause_.reset();
    }
    self->build_more(current);
  });
  const std::lock_guard lock(mutex_);
  if (stop_.stop_requested()) timer->cancel();
  pause_ = std::move(timer);
  return false;
}

void reloader::build_one(const std::shared_ptr<round>& current, std::size_t index) {
  auto& planned = current->plan.changes[index];
  const auto& tenant = planned.change.tenant;
  const auto old = environment_.deployments->find(tenant);
  predecessor before{.platform = serving(*environment_.router, tenant), .entry = old ? old->entry : nullptr};
  auto ended = [self = shared_from_this(), current, index](build_outcome built) {
    auto& planned = current->plan.changes[index];
    auto& change = planned.change;
    if (built.platform) {
      self->environment_.ledger->built(change.tenant, *built.platform);
      self->apply(planned, std::move(*built.platform));
    } else {
      change.applied = false;
      change.step = to_string(built.reached);
      change.reason = "building the successor failed: " + operator_text(built.platform.error());
      self->environment_.ledger->kept_back(change.tenant, change.reason);
    }
    {
      const std::lock_guard lock(current->mutex);
      --current->building;
    }
    self->build_more(current);
  };
  environment_.factory->build_successor(planned.next, std::move(before), stop_.get_token(), std::move(ended));
}

void reloader::apply(planned_change& planned, std::shared_ptr<platform> successor) {
  const auto& tenant = planned.change.tenant;
  if (!planned.change.applied) {
    environment_.ledger->kept_back(tenant, planned.change.reason);
    // A tenant that works keeps what it has; one that has nothing gets the refusal to show.
    const auto old = environment_.deployments->find(tenant);
    if (planned.next && (!old || old->refusal)) environment_.deployments->put(tenant, planned.next);
    return;
  }
  if (!planned.next) {
    environment_.deployments->erase(tenant);
    environment_.ledger->forget(tenant);
    environment_.router->invalidate(tenant);
    return;
  }
  // First what a build would use, then the slot: a build that began before loses its generation to either call below.
  environment_.deployments->put(tenant, planned.next);
  environment_.ledger->in_force(tenant);
  if (planned.same_platform) return;
  planned.change.rebuilt = successor && environment_.router->replace(tenant, std::move(successor));
  if (planned.change.rebuilt)
    environment_.on_rebuilt(tenant);
  else
    environment_.router->invalidate(tenant);
}

void reloader::finish(const std::shared_ptr<round>& current) {
  for (auto& planned : current->plan.changes) current->report.tenants.push_back(std::move(planned.change));
  if (current->read) environment_.on_applied(current->read);
  count(current->report);
  log_report(current->report);
  if (!current->read) environment_.logger->error("reload: refused, nothing was changed");
  for (auto& done : current->handlers) done(current->report);
  begin_round();
}

void reloader::count(const reload_report& report) {
  const std::lock_guard lock(mutex_);
  ++counts_.rounds;
  for (const auto& change : report.tenants) {
    ++(change.applied ? counts_.applied : counts_.kept_back);
    counts_.rebuilt += change.rebuilt ? 1 : 0;
  }
}

void reloader::log_report(const reload_report& report) const {
  auto& log = *environment_.logger;
  for (const auto& finding : report.diagnostics) {
    log.log(finding.fatal ? spdlog::level::err : spdlog::level::warn, "reload: {}", finding.to_string());
  }
  std::size_t failed = 0;
  for (const auto& change : report.tenants) {
    if (change.applied) {
      log.info("reload: tenant {}: {}{}", change.tenant, to_string(change.what),
               change.rebuilt ? ", live platform replaced" : "");
    } else {
      ++failed;
      log.error("reload: tenant {}: {} not applied, {}: {}", change.tenant, to_string(change.what), change.step,
                change.reason);
    }
  }
  if (report.tenants.empty() && !report.ok()) return;
  log.info("reload: {} changed, {} kept back, {} unchanged", report.tenants.size() - failed, failed, report.unchanged);
}

}  // namespace tenon
