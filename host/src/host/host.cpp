#include "host/state.hpp"

#include <csignal>
#include <functional>
#include <locale>
#include <stop_token>
#include <utility>

namespace tenon {
namespace {

/// libstdc++ fills std::ctype<char>'s narrowing cache on first use, without a lock; plugins that build a std::regex at
/// the same time would race on it. Filling it before any plugin runs ends that.
void warm_character_cache() {
  const auto& facet = std::use_facet<std::ctype<char>>(std::locale());
  for (int c = 0; c < 256; ++c) {
    facet.narrow(static_cast<char>(c), 0);
    facet.widen(static_cast<char>(c));
  }
}

/// Two reasons to stop made one.
struct linked_stop {
  linked_stop(const std::stop_token& first, const std::stop_token& second)
      : by_first(first, [this] { both.request_stop(); }), by_second(second, [this] { both.request_stop(); }) {}

  std::stop_source both;
  std::stop_callback<std::function<void()>> by_first;
  std::stop_callback<std::function<void()>> by_second;
};

/// Lets a call end when its caller or the host wants it to. What is returned lives as long as the call.
std::unique_ptr<linked_stop> end_with(call_context& context, const std::stop_source& cut) {
  if (!context.stop.stop_possible()) {
    context.stop = cut.get_token();
    return nullptr;
  }
  auto linked = std::make_unique<linked_stop>(context.stop, cut.get_token());
  context.stop = linked->both.get_token();
  return linked;
}

/// For an embedder who gives no logger: where spdlog's default one writes, at a level of our own.
std::shared_ptr<spdlog::logger> own_logger(const std::string& level) {
  auto made = spdlog::default_logger()->clone("tenon");
  made->set_level(spdlog::level::from_str(level));
  return made;
}

void log_diagnostics(spdlog::logger& log, const std::vector<diagnostic>& findings) {
  for (const auto& finding : findings) {
    if (finding.fatal)
      log.error("{}", finding.to_string());
    else
      log.warn("{}", finding.to_string());
  }
}

}  // namespace

host::host(std::shared_ptr<state> shared) : state_(std::move(shared)) {}

host::~host() {
  if (state_) state_->close_now();
}

result<std::unique_ptr<host>> host::create(boost::asio::any_io_executor executor, host_options options) {
  auto read = read_catalog(options.config);
  if (!read) return read.error();
  warm_character_cache();
  auto logger = options.logger ? options.logger : own_logger((*read)->host.log_level);
  auto made = std::make_shared<state>(std::move(executor), (*read)->host, std::move(logger));
  log_diagnostics(*made->logger, (*read)->diagnostics);
  if (auto opened = made->open(options, *read); !opened) {
    made->close_now();
    return opened.error();
  }
  if (options.handle_sighup) {
    made->hangups = std::make_unique<boost::asio::signal_set>(made->executor, SIGHUP);
    made->wait_for_hangup();
  }
  return std::unique_ptr<host>(new host(std::move(made)));
}

lazy_platform_router& host::router() noexcept { return *state_->router; }

boost::asio::any_io_executor host::executor() const noexcept { return state_->executor; }

void host::start_call(call_target target, call_request request, reply_handler done) {
  auto principal = request.context.principal;
  state_->directory->resolve(
      std::move(target), std::move(principal),
      [self = state_, request = std::move(request), done = std::move(done)](result<account> found) mutable {
        if (!found) return done(found.error());
        self->call(std::move(*found), std::move(request), std::move(done));
      });
}

void host::start_call_for(account resolved, call_request request, reply_handler done) {
  state_->call(std::move(resolved), std::move(request), std::move(done));
}

void host::state::call(account resolved, call_request request, reply_handler done) {
  if (!calls.enter()) {
    auto closing = make_error("SERVICE_UNAVAILABLE", "The server is shutting down.");
    closing.retry_after_s = 5;
    return done(std::move(closing));
  }
  request.context.account = std::move(resolved);
  const auto tenant = request.context.account.tenant_id().value_or("");
  auto linked = end_with(request.context, cut);
  reply_handler leaving = [self = shared_from_this(), linked = std::move(linked), tenant, task = request.task,
                           trace = request.context.trace_id, done = std::move(done)](result<reply> outcome) mutable {
    if (!outcome) self->failures->tell(tenant, task, trace, outcome.error());
    done(std::move(outcome));
    self->calls.leave();
  };
  limits->call(tenant, std::move(request), std::move(leaving));
}

void host::start_reload(reload_request request, reload_handler done) {
  state_->reloader->reload(std::move(request), std::move(done));
}

void host::start_rollout(rollout_request request, rollout_handler done) {
  state_->rollouts->start(std::move(request), std::move(done));
}

result<void> host::pause_rollout(const std::string& plugin) { return state_->rollouts->pause(plugin); }

result<void> host::resume_rollout(const std::string& plugin) { return state_->rollouts->resume(plugin); }

result<void> host::abort_rollout(const std::string& plugin) { return state_->rollouts->abort(plugin); }

void host::start_find_task(std::string tenant, std::string id,
                           unique_function<void(result<std::optional<submitted_task>>)> done) {
  state_->tasks->find(std::move(tenant), std::move(id), std::move(done));
}

void host::start_list_tasks(std::string tenant, unique_function<void(result<std::vector<submitted_task>>)> done) {
  state_->tasks->list(std::move(tenant), std::move(done));
}

void host::start_shutdown(unique_function<void(std::vector<library_status>)> done) {
  state_->shut_down(std::move(done));
}

void host::invalidate(const std::string& tenant) { state_->router->invalidate(tenant); }

void host::invalidate() { state_->router->invalidate(); }

}  // namespace tenon
