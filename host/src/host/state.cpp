#include "host/state.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <utility>

namespace tenon {

result<void> host::state::open(const host_options& options, const std::shared_ptr<const catalog>& read) {
  const auto& settings = read->host;
  auto store = plugin_store::open(settings.store_dir);
  if (!store) return store.error();
  auto http = make_http_client(executor, {.ca_file = settings.upstream_ca_file});
  if (!http) return http.error();

  drain_timeout = settings.drain_timeout;
  loader = tenon::loader::make(plugin_host_table(), logger);
  environment = std::make_shared<platform_environment>();
  environment->executor = executor;
  environment->blocking = pool.get_executor();
  environment->time = options.time ? options.time : &system_clock();
  environment->http = std::move(*http);
  environment->loader = loader;
  environment->logger = logger;
  environment->build_timeout = settings.build_timeout;
  environment->call_timeout = settings.call_timeout;
  environment->retire_grace = settings.drain_timeout;
  environment->http_timeout = settings.http_timeout;
  environment->http_max_response_bytes = settings.http_max_response_bytes;

  const auto factory = std::make_shared<plugin_factory>(environment, deployments, ledger);
  auto made = lazy_platform_router::make(executor, pool.get_executor(), *environment->time,
                                         {.accounts = directory,
                                          .factory = factory,
                                          .cache_size = read->cache.size,
                                          .cache_ttl_seconds = read->cache.ttl_seconds,
                                          .cold_start = read->cache.mode});
  if (!made) return made.error();
  router = std::move(*made);
  deploy(read, **store);
  reloader = std::make_shared<tenon::reloader>(reload_environment{
      .executor = executor,
      .blocking = pool.get_executor(),
      .config = options.config,
      .store = std::move(*store),
      .deployments = deployments,
      .ledger = ledger,
      .factory = factory,
      .router = router,
      .logger = logger,
      .on_applied = [weak = weak_from_this()](const std::shared_ptr<const catalog>& now) {
        if (const auto self = weak.lock()) self->applied(now);
      }});
  return {};
}

void host::state::deploy(const std::shared_ptr<const catalog>& read, plugin_store& store) {
  auto plan = make_plan({}, *read, pin_plugins(*read, store));
  deployment_map all;
  for (auto& planned : plan.changes) {
    if (!planned.change.applied) {
      logger->error("tenant {}: cannot be served: {}", planned.change.tenant, planned.change.reason);
      ledger->failed(planned.change.tenant, planned.change.reason);
    }
    all.emplace(planned.change.tenant, std::move(planned.next));
  }
  logger->info("{} tenants in {}, no plugin loaded", all.size(), read->diagnostics.empty() ? "order" : "the catalog");
  deployments->assign(std::move(all));
  applied(read);
}

void host::state::applied(const std::shared_ptr<const catalog>& read) {
  directory->assign(deployments->all());
  const std::lock_guard lock(mutex);
  findings = read->diagnostics;
}

void host::state::wait_for_hangup() {
  hangups->async_wait([weak = weak_from_this()](const boost::system::error_code& failed, int) {
    const auto self = weak.lock();
    if (failed || !self) return;
    self->logger->info("SIGHUP: reloading");
    self->reloader->reload([](const reload_report&) {});
    self->wait_for_hangup();
  });
}

void host::state::drain(unique_function<void(std::vector<library_status>)> done) {
  // Whoever comes first closes: the last call to leave, or the timer when even cutting them off did not end them.
  struct drainage {
    std::atomic<bool> over = false;
    unique_function<void(std::vector<library_status>)> done;
    boost::asio::steady_timer timer;
  };
  auto shared = std::make_shared<drainage>(false, std::move(done), boost::asio::steady_timer(executor, drain_timeout));
  const auto proceed = [self = shared_from_this(), shared] {
    if (shared->over.exchange(true)) return;
    boost::asio::post(self->executor, [shared] { shared->timer.cancel(); });
    self->close(std::move(shared->done));
  };
  shared->timer.async_wait([self = shared_from_this(), shared, proceed](const boost::system::error_code& cancelled) {
    if (cancelled || shared->over) return;
    self->cut.request_stop();
    shared->timer.expires_after(self->environment->retire_hard + self->environment->retire_stuck);
    shared->timer.async_wait([proceed](const boost::system::error_code& too) {
      if (!too) proceed();
    });
  });
  calls.close(proceed);
}

void host::state::close(unique_function<void(std::vector<library_status>)> done) {
  router->invalidate();
  environment->retiring->when_none([self = shared_from_this(), done = std::move(done)]() mutable {
    // stop() joins the loader thread, which may be the one we are on.
    boost::asio::post(self->pool, [self, done = std::move(done)]() mutable { done(self->loader->stop()); });
  });
}

void host::state::close_now() {
  if (hangups) {
    boost::system::error_code ignored;
    hangups->cancel(ignored);
  }
  if (reloader) reloader->stop();
  calls.close([] {});
  if (router) router->invalidate();
  pool.stop();
  pool.join();
}

}  // namespace tenon
