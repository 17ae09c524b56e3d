#include "reload/rollout.hpp"

#include <boost/asio/post.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace tenon {
namespace {

using phase = rollout_status::phase;

constexpr int looks = 10;  // while a wave is watched

error refused(std::string why) { return make_error("INVALID_REQUEST", "The rollout is not possible.", std::move(why)); }

bool is_over(phase now) { return now == phase::done || now == phase::rolled_back || now == phase::stopped; }

call_figures since(const call_figures& then, const call_figures& now) {
  return {.calls = now.calls - then.calls, .faults = now.faults - then.faults, .time = now.time - then.time};
}

/// Why one of these tenants was not moved; empty if all were.
std::string first_failure(const reload_report& report) {
  for (const auto& change : report.tenants)
    if (!change.applied)
      return "tenant " + change.tenant + " could not be moved, " + change.step + ": " + change.reason;
  for (const auto& finding : report.diagnostics)
    if (finding.fatal && finding.tenant.empty()) return finding.to_string();
  return {};
}

}  // namespace

/// One rollout.
struct rollouts::run {
  rollout_request request;
  std::vector<std::vector<std::string>> waves;
  rollout_status shown;
  std::size_t next = 0;       ///< wave
  call_figures at_move = {};  ///< of the wave's tenants, when it was moved
  int looked = 0;
  bool pausing = false;   ///< somebody asked for it
  bool aborting = false;  ///< likewise, while tenants move
  std::shared_ptr<void> timer = nullptr;

  const std::vector<std::string>& wave() const { return waves[next - 1]; }
};

void rollouts::start(rollout_request request, rollout_handler done) {
  if (const auto wrong = check_rollout(request)) return done(refused(*wrong));
  boost::asio::post(environment_.blocking,
                    [self = shared_from_this(), request = std::move(request), done = std::move(done)]() mutable {
                      self->admit_and_begin(std::move(request), std::move(done));
                    });
}

void rollouts::admit_and_begin(rollout_request request, rollout_handler done) {
  const auto fresh = environment_.admission->admit(*environment_.reloader->last_read(), request.plugin);
  if (!fresh) return done(fresh.error());
  auto planned = plan(request, *fresh);
  if (!planned) return done(planned.error());
  const auto& made = *planned;
  if (const auto taken = enter(made, *fresh); !taken) return done(taken.error());
  environment_.logger->info("rollout: plugin {} {} ({}): {} tenants in {} waves", request.plugin,
                            (*fresh)->manifest.version, (*fresh)->content_hash.substr(0, 12),
                            made->shown.waiting.size(), made->waves.size());
  done({});
  move_next(made);
}

/// Enters a rollout as the plugin's, and into the book.
result<void> rollouts::enter(const run_ptr& made, const std::shared_ptr<const plugin_image>& fresh) {
  const auto& plugin = made->request.plugin;
  const std::lock_guard lock(mutex_);
  if (stopped_) return refused("the host is shutting down; nothing was moved");
  auto& there = by_plugin_[plugin];
  if (there && !is_over(there->shown.now))
    return refused("a rollout of plugin " + plugin + " is under way; see: tenonctl rollout");
  there = made;
  std::map<std::string, rollout_book::image> had;
  for (const auto& wave : made->waves) {
    for (const auto& tenant : wave) {
      made->shown.waiting.push_back(tenant);
      if (const auto now = environment_.deployments->find(tenant)) had.emplace(tenant, now->image);
    }
  }
  environment_.book->begin(plugin, fresh, std::move(had));
  return {};
}

result<rollouts::run_ptr> rollouts::plan(const rollout_request& request,
                                         const std::shared_ptr<const plugin_image>& fresh) const {
  const auto live = environment_.live_tenants();
  std::vector<rollout_candidate> candidates;
  for (const auto& [tenant, what] : environment_.deployments->all()) {
    if (what->entry->plugin != request.plugin || !what->image || what->image->content_hash == fresh->content_hash)
      continue;
    candidates.push_back({.tenant = tenant,
                          .live = std::ranges::binary_search(live, tenant),
                          .calls = environment_.figures_of(tenant).calls});
  }
  if (candidates.empty())
    return refused("no tenant of plugin " + request.plugin + " has other bytes than those in the plugin directory (" +
                   fresh->content_hash.substr(0, 12) + "); put the new ones there first, and do not reload");
  const auto is_canary = [&](const rollout_candidate& of) { return of.tenant == request.canary; };
  if (!request.canary.empty() && std::ranges::none_of(candidates, is_canary))
    return refused("expected a canary that is to be moved, found \"" + request.canary + "\"");
  auto made = std::make_shared<run>();
  made->request = request;
  made->waves = plan_waves(std::move(candidates), request);
  made->shown.plugin = request.plugin;
  made->shown.version = fresh->manifest.version;
  made->shown.content_hash = fresh->content_hash;
  made->shown.waves = static_cast<std::uint32_t>(made->waves.size());
  return made;
}

/// Without those that a reload has removed meanwhile.
std::vector<std::string> rollouts::there(std::vector<std::string> tenants) const {
  std::erase_if(tenants, [this](const std::string& tenant) { return !environment_.deployments->find(tenant); });
  return tenants;
}

void rollouts::move_next(const run_ptr& of) {
  std::vector<std::string> tenants;
  bool aborting = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    aborting = of->aborting;
    while (!aborting && tenants.empty() && of->next < of->waves.size()) {
      of->shown.wave = static_cast<std::uint32_t>(of->next);
      auto& wave = of->waves[of->next++];
      wave = there(std::move(wave));
      tenants = wave;
      of->shown.now = phase::moving;
      of->shown.reason.clear();
      of->shown.before = figures_of(tenants);
      of->shown.after = {};
    }
  }
  if (aborting) return roll_back(of, "asked to go back");
  if (tenants.empty()) return finish(of, phase::done, {});
  environment_.logger->info("rollout: plugin {}: moving {} tenants, {} first", of->request.plugin, tenants.size(),
                            tenants.front());
  environment_.book->move(of->request.plugin, tenants);
  environment_.reloader->move_tenants(
      tenants, [self = shared_from_this(), of](const reload_report& report) { self->moved(of, report); });
}

void rollouts::moved(const run_ptr& of, const reload_report& report) {
  auto failure = first_failure(report);
  bool pause = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    const auto& wave = of->wave();
    of->shown.moved.insert(of->shown.moved.end(), wave.begin(), wave.end());
    std::erase_if(of->shown.waiting, [&](const auto& each) { return std::ranges::find(wave, each) != wave.end(); });
    of->at_move = figures_of(wave);
    of->looked = 0;
    if (failure.empty() && of->aborting) failure = "asked to go back";
    pause = std::exchange(of->pausing, false);
    of->shown.now = failure.empty() ? phase::watching : phase::rolling_back;
  }
  if (!failure.empty()) return roll_back(of, std::move(failure));
  if (pause) return static_cast<void>(this->pause(of->request.plugin));
  watch(of);
}

void rollouts::watch(const run_ptr& of) {
  const std::lock_guard lock(mutex_);
  if (stopped_ || of->shown.now != phase::watching) return;
  of->timer = environment_.work->after(of->request.watch / looks, [weak = weak_from_this(), of] {
    if (const auto self = weak.lock()) self->look(of);
  });
}

/// What is bad is acted on at once, what is good at the end of the time.
void rollouts::look(const run_ptr& of) {
  rollout_verdict found;
  bool last = false;
  bool pause_here = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || of->shown.now != phase::watching) return;
    of->shown.after = since(of->at_move, figures_of(of->wave()));
    found = judge(of->shown.before, of->shown.after, of->request);
    last = ++of->looked >= looks;
    pause_here = last && of->next == 1 && of->request.pause_after_canary && of->next < of->waves.size();
    if (last && found.what == rollout_verdict::kind::unknown) {
      of->shown.now = phase::paused;
      of->shown.reason = "too few calls to judge: expected at least " + std::to_string(of->request.min_calls) +
                         ", found " + std::to_string(of->shown.after.calls) + "; resume or abort it";
    } else if (pause_here && found.what == rollout_verdict::kind::good) {
      of->shown.now = phase::paused;
      of->shown.reason = "the canary is moved and does well; resume or abort it";
    }
    if (of->shown.now == phase::paused) {
      environment_.logger->warn("rollout: plugin {}: paused: {}", of->request.plugin, of->shown.reason);
      return;
    }
    // Said under this lock: nobody may decide otherwise until it is done.
    if (found.what == rollout_verdict::kind::bad)
      of->shown.now = phase::rolling_back;
    else if (last)
      of->shown.now = phase::moving;
  }
  if (found.what == rollout_verdict::kind::bad) return roll_back(of, std::move(found.reason));
  if (last) return move_next(of);
  watch(of);
}

void rollouts::roll_back(const run_ptr& of, std::string reason) {
  std::vector<std::string> back;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    of->shown.now = phase::rolling_back;
    of->shown.reason = std::move(reason);
    of->timer.reset();
    back = there(of->shown.moved);
    environment_.logger->error("rollout: plugin {}: {}; {} tenants go back", of->request.plugin, of->shown.reason,
                               back.size());
  }
  environment_.book->roll_back(of->request.plugin);
  environment_.reloader->move_tenants(
      back, [self = shared_from_this(), of](const reload_report& report) { self->moved_back(of, report); });
}

void rollouts::moved_back(const run_ptr& of, const reload_report& report) {
  std::string reason;
  {
    const std::lock_guard lock(mutex_);
    of->shown.waiting.insert(of->shown.waiting.end(), of->shown.moved.begin(), of->shown.moved.end());
    of->shown.moved.clear();
    reason = of->shown.reason;
  }
  const auto failure = first_failure(report);
  if (failure.empty()) return finish(of, phase::rolled_back, reason);
  finish(of, phase::stopped, reason + "; and going back, " + failure);
}

void rollouts::finish(const run_ptr& of, phase how, const std::string& reason) {
  environment_.book->end(of->request.plugin);
  const std::lock_guard lock(mutex_);
  of->shown.now = how;
  of->shown.reason = reason;
  environment_.logger->info("rollout: plugin {}: {}{}{}", of->request.plugin, to_string(how),
                            reason.empty() ? "" : ": ", reason);
}

result<void> rollouts::pause(const std::string& plugin) {
  const std::lock_guard lock(mutex_);
  const auto found = find(plugin);
  if (!found) return found.error();
  auto& of = **found;
  if (of.shown.now == phase::moving) {
    of.pausing = true;
    return {};
  }
  if (of.shown.now != phase::watching)
    return refused("expected a rollout that moves or watches, found one that is " +
                   std::string(to_string(of.shown.now)));
  of.timer.reset();
  of.shown.now = phase::paused;
  of.shown.reason = "asked to";
  environment_.logger->info("rollout: plugin {}: paused", plugin);
  return {};
}

result<void> rollouts::resume(const std::string& plugin) {
  run_ptr going;
  {
    const std::lock_guard lock(mutex_);
    const auto found = find(plugin);
    if (!found) return found.error();
    if ((*found)->shown.now != phase::paused)
      return refused("expected a rollout that is paused, found one that is " +
                     std::string(to_string((*found)->shown.now)));
    going = *found;
    going->shown.now = phase::moving;
  }
  move_next(going);
  return {};
}

result<void> rollouts::abort(const std::string& plugin) {
  run_ptr ending;
  {
    const std::lock_guard lock(mutex_);
    const auto found = find(plugin);
    if (!found) return found.error();
    const auto now = (*found)->shown.now;
    if (now == phase::moving) {
      (*found)->aborting = true;
      return {};
    }
    if (now != phase::watching && now != phase::paused)
      return refused("expected a rollout that is under way, found one that is " + std::string(to_string(now)));
    (*found)->shown.now = phase::rolling_back;
    ending = *found;
  }
  roll_back(ending, "asked to go back");
  return {};
}

/// [lock]
result<rollouts::run_ptr> rollouts::find(const std::string& plugin) const {
  const auto at = by_plugin_.find(plugin);
  if (at == by_plugin_.end() || !at->second)
    return refused("expected a plugin that is rolled out, found \"" + plugin + "\"; see: tenonctl rollout");
  return at->second;
}

call_figures rollouts::figures_of(const std::vector<std::string>& tenants) const {
  call_figures all;
  for (const auto& tenant : tenants) {
    const auto each = environment_.figures_of(tenant);
    all.calls += each.calls;
    all.faults += each.faults;
    all.time += each.time;
  }
  return all;
}

std::vector<rollout_status> rollouts::status() const {
  const std::lock_guard lock(mutex_);
  std::vector<rollout_status> all;
  for (const auto& [plugin, each] : by_plugin_) {
    if (!each) continue;
    all.push_back(each->shown);
    if (each->shown.now == phase::watching) all.back().after = since(each->at_move, figures_of(each->wave()));
  }
  return all;
}

void rollouts::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  for (const auto& [plugin, each] : by_plugin_) {
    if (!each || is_over(each->shown.now)) continue;
    each->timer.reset();
    each->shown.now = phase::stopped;
    each->shown.reason = "the host ended";
  }
}

}  // namespace tenon
