#include "host/state.hpp"

#include "base/asio_scheduler.hpp"
#include "platform/ended_processes.hpp"
#include "platform/entry_record.hpp"
#include "platform/signature.hpp"
#include "storage/tenant_stores.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <thread>
#include <utility>

namespace tenon {

namespace {

constexpr std::size_t own_threads = 2;  // one may wait for a canary while the other watches plugin files

/// The pool may lose its last reference on one of its own threads, which cannot join itself.
void delete_elsewhere(fair_pool* last) {
  if (last->runs_in_this_thread())
    std::thread([last] { delete last; }).detach();
  else
    delete last;
}

std::shared_ptr<fair_pool> make_tenant_pool(const host_settings& settings, std::shared_ptr<spdlog::logger> log) {
  const auto threads = settings.blocking_threads;
  const auto each = settings.blocking_threads_per_tenant;
  fair_pool_options options{
      .threads = threads,
      .per_owner = each == 0 ? std::max(threads / 2, 1u) : each,
      .replace_after = settings.blocking_replace,
      .on_replaced = [log = std::move(log), after = settings.blocking_replace](const std::string& tenant) {
        log->error(
            "tenant {}: something of its plugin has held a thread of the blocking pool for {} ms; another thread takes "
            "its place, and the call keeps its platform: look for a call of this plugin that does not end",
            tenant, after.count());
      }};
  return {new fair_pool(std::move(options)), delete_elsewhere};
}

/// Waits for what runs on the pool, and not for what does not come back in time.
void join_within(const std::shared_ptr<fair_pool>& pool, std::chrono::milliseconds patience) {
  auto joined = std::make_shared<std::promise<void>>();
  const auto over = joined->get_future();
  std::thread([pool, joined] {
    pool->join();
    joined->set_value();
  }).detach();
  over.wait_for(patience);
}

/// Runs `proceed` once: when what is returned is called, or when the time is over; not at all once the host has gone.
/// What is returned may outlive the executor.
unique_function<void()> no_later_than(std::shared_ptr<last_steps> steps, std::chrono::milliseconds limit,
                                      unique_function<void()> proceed) {
  struct once {
    std::atomic<bool> over = false;
    unique_function<void()> proceed;
    std::weak_ptr<boost::asio::steady_timer> timer;  // the executor's context owns it

    void run() {
      if (over.exchange(true)) return;
      auto last = std::move(proceed);
      last();
    }
  };
  auto shared = std::make_shared<once>(false, std::move(proceed));
  const std::lock_guard lock(steps->mutex);
  if (!steps->executor) return unique_function<void()>([] {});
  auto timer = std::make_shared<boost::asio::steady_timer>(*steps->executor, limit);
  shared->timer = timer;
  timer->async_wait([shared, timer](const boost::system::error_code& cancelled) {
    if (!cancelled) shared->run();
  });
  return [shared, steps = std::move(steps)] {
    {
      const std::lock_guard still_there(steps->mutex);
      if (!steps->executor) return;
      boost::asio::post(*steps->executor, [shared] {
        if (const auto armed = shared->timer.lock()) armed->cancel();
      });
    }
    shared->run();
  };
}

void tell_left(spdlog::logger& log, const router_remains& left) {
  for (const auto& each : left.held) {
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(each.oldest_lease).count();
    log.warn("shutdown: tenant {}: its platform is still in use, by {} holders, the oldest for {} ms", each.tenant,
             each.leases, age);
  }
  for (const auto& tenant : left.building) log.warn("shutdown: tenant {}: its build has not ended", tenant);
}

/// Those that are to be built ahead, and are not.
std::vector<std::string> cold_ones(const deployment_map& all, const std::vector<std::string>& cached) {
  std::vector<std::string> found;
  for (const auto& [tenant, what] : all) {
    const bool can_be = what->image && what->entry->enabled;
    if (can_be && what->entry->warm_up && !std::ranges::binary_search(cached, tenant)) found.push_back(tenant);
  }
  return found;
}

}  // namespace

host::state::state(boost::asio::any_io_executor on, const host_settings& settings, std::shared_ptr<spdlog::logger> log)
    : executor(std::move(on)),
      logger(std::move(log)),
      pool(std::make_shared<boost::asio::thread_pool>(own_threads)),
      tenant_pool(make_tenant_pool(settings, logger)),
      ending(std::make_shared<last_steps>()) {
  ending->executor = executor;
}

result<void> host::state::open(const host_options& options, const std::shared_ptr<const catalog>& read) {
  const auto& settings = read->host;
  auto opened = plugin_store::open(settings.store_dir);
  if (!opened) return opened.error();
  store = std::move(*opened);
  upkeep = std::make_shared<store_upkeep>(*pool, store, logger);
  auto http = make_http_client(executor, {.ca_file = settings.upstream_ca_file});
  if (!http) return http.error();

  drain_timeout = settings.drain_timeout;
  loader = tenon::loader::make(plugin_host_table(), logger);
  environment = std::make_shared<platform_environment>();
  environment->executor = executor;
  environment->blocking_of = [pool = tenant_pool](const std::string& tenant) { return pool->executor_of(tenant); };
  environment->upstream_limit_of = [deployments = deployments](const std::string& tenant) {
    const auto found = deployments->find(tenant);
    return (found ? found->entry->limits : call_limits()).max_upstream_calls;
  };
  environment->time = options.time ? options.time : &system_clock();
  failures = std::make_shared<failure_log>(logger, *environment->time);
  this->http = std::move(*http);
  environment->http = this->http;
  turns = turn_limiter::make(*environment->time, std::make_shared<asio_scheduler>(executor));
  environment->turns = turns;
  state_dir = settings.state_dir;
  environment->stores = std::make_shared<tenant_stores>(settings.state_dir, settings.state_max_bytes);
  environment->loader = loader;
  environment->logger = logger;
  record_entries(options, settings.store_dir);
  environment->build_timeout = settings.build_timeout;
  environment->call_timeout = settings.call_timeout;
  environment->retire_grace = settings.drain_timeout;
  environment->http_timeout = settings.http_timeout;
  environment->http_max_response_bytes = settings.http_max_response_bytes;

  ledger = std::make_shared<build_ledger>(*environment->time, logger);
  const auto factory = std::make_shared<plugin_factory>(environment, deployments, ledger);
  auto policy = read->cache.policy;
  policy.build_timeout_seconds = 0;  // builds of plugins end of themselves, by host.build_timeout_ms
  auto made = lazy_platform_router::make(executor, pool->get_executor(), *environment->time,
                                         {.accounts = directory,
                                          .factory = factory,
                                          .cache_size = read->cache.size,
                                          .cache_ttl_seconds = read->cache.ttl_seconds,
                                          .cold_start = read->cache.mode,
                                          .policy = policy});
  if (!made) return made.error();
  router = std::move(*made);
  warming =
      std::make_shared<warm_up>(router, std::make_shared<asio_scheduler>(executor), logger, settings.warm_up_builds);
  tasks = make_tasks(settings, options.task_ended);
  limits = std::make_shared<bulkheads>(
      bulkhead_environment{.time = environment->time,
                           .work = std::make_shared<asio_scheduler>(executor),
                           .logger = logger,
                           .call_timeout = settings.call_timeout,
                           .start = [tasks = tasks](call_request request, reply_handler done) {
                             tasks->call(std::move(request), std::move(done));
                           }});
  const std::shared_ptr<admission> admitting = admission::make(store, options.canary, logger);
  watch_plugins(settings);  // before the files are read: what changes from here on is seen
  deploy(read, *admitting);
  const auto book = std::make_shared<rollout_book>();
  reloader = std::make_shared<tenon::reloader>(
      reload_environment{.executor = executor,
                         .blocking = pool->get_executor(),
                         .time = environment->time,
                         .config = options.config,
                         .read = read,
                         .store = settings.store_dir,
                         .admission = admitting,
                         .deployments = deployments,
                         .ledger = ledger,
                         .factory = factory,
                         .router = router,
                         .book = book,
                         .logger = logger,
                         .on_rebuilt = [limits = limits](const std::string& tenant) { limits->renew(tenant); },
                         .on_applied =
                             [weak = weak_from_this()](const std::shared_ptr<const catalog>& now) {
                               const auto self = weak.lock();
                               if (!self) return;
                               self->applied(now);
                               if (!self->watch_plugins(now->host)) return;
                               self->start_watch();
                               self->reloader->reload_plugins([](const reload_report&) {});  // what nobody saw till now
                             }});
  rollouts = std::make_shared<tenon::rollouts>(rollout_environment{
      .blocking = pool->get_executor(),
      .work = std::make_shared<asio_scheduler>(executor),
      .admission = admitting,
      .deployments = deployments,
      .reloader = reloader,
      .book = book,
      .logger = logger,
      .figures_of = [limits = limits](const std::string& tenant) { return limits->status_of(tenant).ended; },
      .live_tenants = [router = router] { return router->cached_tenants(); }});
  start_watch();
  tasks->begin();
  warmed_at_start = warming->status().wanted;
  return {};
}

/// Calls of the tasks that go on later pass the bulkheads, which call the tasks: they are reached through the host.
std::shared_ptr<submitted_tasks> host::state::make_tasks(const host_settings& settings,
                                                         std::function<void(const submitted_task&)> ended) {
  return std::make_shared<submitted_tasks>(task_environment{
      .time = environment->time,
      .work = std::make_shared<asio_scheduler>(executor),
      .files = tenant_pool->executor_of({}),  // not behind a canary: a buyer waits for what is written down
      .threads = tenant_pool,
      .logger = logger,
      .book = settings.state_dir / "tasks.sqlite",
      .start = [router = router](call_request request,
                                 reply_handler done) { router->start(std::move(request), std::move(done)); },
      .through =
          [weak = weak_from_this()](call_request request, reply_handler done) {
            const auto self = weak.lock();
            if (!self || !self->calls.enter()) {
              return done(make_error("SERVICE_UNAVAILABLE", "The server is shutting down."));
            }
            request.context.stop = self->cut.get_token();
            const auto tenant = request.context.account.tenant_id().value_or("");
            self->limits->call(tenant, std::move(request), [self, done = std::move(done)](result<reply> ended) mutable {
              done(std::move(ended));
              self->calls.leave();
            });
          },
      .kind_of =
          [deployments = deployments](std::string_view tenant, std::string_view task) {
            const auto found = deployments->find(std::string(tenant));
            if (!found || !found->image) return task_kind();
            const auto& plugin = found->image->manifest;
            const auto* const listed = plugin.find_task(task);
            const bool mutating = listed != nullptr && listed->mutating;
            const bool keeps_tasks = std::ranges::find(plugin.services, "task/1") != plugin.services.end();
            return task_kind{.mutating = mutating, .may_submit = mutating && keeps_tasks};
          },
      .chance =
          [] {
            std::array<unsigned char, 2> drawn{};
            random_bytes(drawn);
            return (drawn[0] * 256 + drawn[1]) / 65536.0;
          },
      .ended = std::move(ended)});
}

/// First what the last process left, then where this one leaves it.
void host::state::record_entries(const host_options& options, const std::filesystem::path& store_dir) {
  settle_ended_processes(store_dir, *logger);
  auto record = entry_record::open(store_dir);
  if (record)
    environment->entries = std::move(*record);
  else
    logger->warn("a crash in a plugin will leave no evidence: {}", record.error().operator_detail);
  if (options.handle_crashes) crashes = crash_handlers::install();
}

void host::state::deploy(const std::shared_ptr<const catalog>& read, admission& admitting) {
  auto plan = make_plan({}, *read, pin_plugins(*read, admitting), crash_findings::read(read->host.store_dir));
  deployment_map all;
  for (auto& planned : plan.changes) {
    if (!planned.change.applied) {
      logger->error("tenant {}: cannot be served: {}", planned.change.tenant, planned.change.reason);
      ledger->kept_back(planned.change.tenant, planned.change.reason);
    }
    all.emplace(planned.change.tenant, std::move(planned.next));
  }
  logger->info("{} tenants in {}, no plugin loaded", all.size(), read->diagnostics.empty() ? "order" : "the catalog");
  deployments->assign(std::move(all));
  applied(read);
}

void host::state::applied(const std::shared_ptr<const catalog>& read) {
  const auto all = deployments->all();
  std::map<std::string, call_limits, std::less<>> limits_of;
  for (const auto& [tenant, what] : all) limits_of.emplace(tenant, what->entry->limits);
  limits->assign(limits_of);  // first: who is found in the directory has limits
  directory->assign(all);
  warming->start(cold_ones(all, router->cached_tenants()));
  upkeep->trim({.retention = read->host.store_retention, .max_bytes = read->host.store_max_bytes});
  const std::lock_guard lock(mutex);
  findings = read->diagnostics;
}

void host::state::wait_for_hangup() {
  hangups->async_wait([weak = weak_from_this()](const boost::system::error_code& failed, int) {
    const auto self = weak.lock();
    if (failed || !self) return;
    self->logger->info("SIGHUP: reloading");
    self->reloader->reload({}, [](const reload_report&) {});
    self->wait_for_hangup();
  });
}

bool host::state::watch_plugins(const host_settings& settings) {
  const watch_pace pace{.settle = settings.watch_settle};
  const auto now = [this] {
    const std::lock_guard lock(mutex);
    return watch;
  }();
  if (settings.watch ? now && now->goes_by(settings.plugin_dirs, pace) : !now) return false;
  std::shared_ptr<directory_watch> other;
  if (settings.watch) {
    auto look = [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->reloader->reload_plugins([](const reload_report&) {});
    };
    // On the host's own pool, as the embedder's context has nothing to wait for.
    other = std::make_shared<directory_watch>(pool->get_executor(), settings.plugin_dirs, pace, logger, look);
  }
  {
    const std::lock_guard lock(mutex);
    if (watch_ended) return false;
    watch.swap(other);
  }
  if (other) other->stop();
  return settings.watch;
}

void host::state::start_watch() {
  const std::lock_guard lock(mutex);
  if (watch) watch->start();
}

void host::state::end_watch() {
  std::shared_ptr<directory_watch> last;
  {
    const std::lock_guard lock(mutex);
    watch_ended = true;
    last.swap(watch);
  }
  if (last) last->stop();
}

std::vector<shutdown_handler> last_steps::take_waiting() {
  const std::lock_guard lock(mutex);
  draining = false;  // who asks again is told again, by a drain that finds nothing to wait for
  return std::exchange(waiting, {});
}

void host::state::shut_down(shutdown_handler done) {
  {
    const std::lock_guard lock(ending->mutex);
    ending->waiting.push_back(std::move(done));
    if (std::exchange(ending->draining, true)) return;
  }
  end_watch();
  rollouts->stop();
  reloader->stop();
  warming->stop();
  tasks->stop();
  drain();
}

void host::state::drain() {
  const auto patience = drain_timeout + environment->retire_hard + environment->retire_stuck;
  auto cutting = std::make_shared<boost::asio::steady_timer>(executor, drain_timeout);
  cutting->async_wait([weak = weak_from_this(), cutting](const boost::system::error_code& cancelled) {
    const auto self = cancelled ? nullptr : weak.lock();
    if (self) self->cut.request_stop();
  });
  calls.close(no_later_than(ending, patience, [weak = weak_from_this(), cutting = std::weak_ptr(cutting)] {
    const auto self = weak.lock();
    if (!self) return;
    boost::asio::post(self->executor, [cutting] {
      if (const auto timer = cutting.lock()) timer->cancel();
    });
    self->close();
  }));
}

void host::state::close() {
  const auto for_calls = environment->retire_grace + environment->retire_hard;
  if (!router_ended.exchange(true)) {
    router->shut_down(for_calls, [log = logger](const router_remains& left) { tell_left(*log, left); });
  }
  // Weak: the loader must not lose its last reference on its own thread, for then ~host would not wait until this is
  // over.
  auto tell = [ending = ending, weak = std::weak_ptr(loader)] {
    auto ended = weak.lock();
    if (!ended) return;
    const auto left = ended->status();
    ended.reset();
    for (auto& each : ending->take_waiting()) each(left);
  };
  // A plugin that does not come back from a constructor or from deinit() keeps the loader's thread.
  auto stop = [ending = ending, loader = loader, patience = environment->retire_stuck, tell] {
    loader->request_stop(no_later_than(ending, patience, tell));
  };
  const auto patience = environment->retire_grace + environment->retire_hard + environment->retire_stuck;
  environment->retiring->when_none(no_later_than(ending, patience, std::move(stop)));
}

void host::state::close_now() {
  if (hangups) {
    boost::system::error_code ignored;
    hangups->cancel(ignored);
  }
  {
    // What is still to come of a shutdown finds nobody from here on.
    const std::lock_guard lock(ending->mutex);
    ending->executor.reset();
  }
  end_watch();
  if (rollouts) rollouts->stop();
  if (reloader) reloader->stop();
  if (warming) warming->stop();
  if (tasks) tasks->stop();
  calls.close([] {});  // replaces what a shutdown was waiting for
  cut.request_stop();
  if (limits) limits->close();
  if (router) router->invalidate();
  if (upkeep) upkeep->stop();
  // Not stop(): what is queued runs, finds that it is not wanted any more, and answers. A thread that was given up in
  // a plugin holds the pool, and what it needs of the host, until it comes back: then only the rest is waited for.
  if (loader && loader->any_stranded())
    join_within(tenant_pool, environment->retire_stuck);
  else
    tenant_pool->join();
  pool->join();
  if (!loader) return;
  const auto left = loader->status();
  for (auto& each : ending->take_waiting()) each(left);
}

}  // namespace tenon
