#include "platform/platform_shell.hpp"

#include "base/operator_text.hpp"

#include "platform/plain_text.hpp"
#include "platform/reply_mapping.hpp"
#include "plugin/upstreams.hpp"
#include "storage/tenant_stores.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/bind_executor.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>

namespace tenon {
namespace asio = boost::asio;
namespace {

bool any_blocking(const manifest& plugin) noexcept {
  return std::ranges::any_of(plugin.tasks, &manifest_task::blocking);
}

std::optional<platform_strand> serial_strand(const platform_environment& environment, const platform_recipe& recipe) {
  const auto& plugin = recipe.image->manifest;
  if (plugin.concurrent) return std::nullopt;
  return platform_strand(any_blocking(plugin) ? environment.blocking_of(recipe.tenant) : environment.executor);
}

std::uint64_t nanoseconds_of(steady_time time) noexcept {
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(time.time_since_epoch()).count());
}

bool keeps_tasks(const manifest& plugin) noexcept {
  return std::ranges::find(plugin.services, "task/1") != plugin.services.end();
}

tenon_call describe_call(const call_request& request) noexcept {
  const auto& context = request.context;
  const auto* const resumed = context.resumed.get();
  const std::uint32_t recovering = context.recovering ? TENON_CALL_RECOVERING : 0;
  const std::uint32_t last = resumed != nullptr && resumed->last ? TENON_CALL_LAST : 0;
  return {.struct_size = sizeof(tenon_call),
          .flags = recovering | last,
          .task = abi_text(request.task),
          .request = abi_text(request.body),
          .tenant = {},
          .account_id = abi_text(context.account.id),
          .principal = abi_text(context.principal),
          .trace_id = abi_text(context.trace_id),
          .idempotency_key = abi_text(context.idempotency_key),
          .deadline_ns = nanoseconds_of(context.deadline),
          .resume = resumed == nullptr ? tenon_str{} : abi_text(resumed->resume),
          .attempt = resumed == nullptr ? 0 : resumed->attempt,
          .reserved = 0};
}

error not_implemented(const std::string& task, const plugin_image& image) {
  auto made = make_error("UNSUPPORTED_FEATURE", "This account does not support the task.",
                         "plugin " + image.name + " " + image.manifest.version + " lists no task " + escaped(task, 64));
  made.field = "task";
  return made;
}

error too_many_calls() {
  return make_error("SERVICE_UNAVAILABLE", "The service is not available at the moment.",
                    "expected at most " + std::to_string(token_table::capacity) + " open calls of one platform");
}

}  // namespace

/// Ends a shell. One whose instance is still there was never retired, because the executor is gone: it lives on without
/// executor, for the loader thread to destroy.
struct platform_shell::last_reference {
  void operator()(platform_shell* last) const {
    const bool finished = last->destroyed_ || (!last->created() && last->operations_.size() == 0);
    if (finished || last->abandoned_) {
      delete last;
      return;
    }
    last->abandoned_ = true;
    last->forget_executor();
    auto loader = last->environment_->loader;
    std::shared_ptr<platform_shell> again(last, last_reference{});
    // Without a loader nothing is unmapped any more, and any thread will do.
    if (!loader->post([again] { again->destroy(); })) again->destroy();
  }
};

result<std::shared_ptr<platform_shell>> platform_shell::make(std::shared_ptr<const platform_environment> environment,
                                                             platform_recipe recipe, std::shared_ptr<library> code) {
  const auto secrets = recipe.secrets;
  auto origins = allowed_origins(recipe.image->manifest, recipe.settings,
                                 [&secrets](std::string_view name) { return secrets ? secrets->find(name) : nullptr; });
  if (!origins) return origins.error();
  std::shared_ptr<platform_shell> made(new platform_shell(std::move(environment), std::move(recipe), std::move(code)),
                                       last_reference{});
  made->policy_.origins = std::move(*origins);
  return made;
}

platform_shell::platform_shell(std::shared_ptr<const platform_environment> environment, platform_recipe recipe,
                               std::shared_ptr<library> code)
    : environment_(std::move(environment)),
      recipe_(std::move(recipe)),
      label_(make_label(recipe_.tenant, *recipe_.image)),
      library_(std::move(code)),
      secrets_(std::make_shared<secret_reader>(recipe_.secrets,
                                               readable_pointers(recipe_.image->manifest, recipe_.settings))),
      policy_{.origins = {},
              .timeout = environment_->http_timeout,
              .max_response_bytes = environment_->http_max_response_bytes},
      serial_(serial_strand(*environment_, recipe_)),
      control_(environment_->executor),
      deadlines_(environment_->executor),
      operations_(environment_->max_open_operations) {
  recipe_.secrets.reset();
}

result<std::shared_ptr<tenant_store>> platform_shell::store() {
  const auto& stores = environment_->stores;
  if (!stores) return make_error("SERVICE_UNAVAILABLE", "No state is kept.", "this host keeps no state");
  const std::lock_guard lock(storing_);
  if (store_) return store_;
  auto opened = stores->of(tenant());
  if (opened && !closing()) store_ = *opened;
  return opened;
}

void platform_shell::let_store_go() {
  std::shared_ptr<tenant_store> last;  // is closed without the lock
  const std::lock_guard lock(storing_);
  last.swap(store_);
}

/// Queues an entry where the manifest wants it.
template <class Work>
void platform_shell::post_entry(Work work) {
  if (serial_)
    asio::post(*serial_, std::move(work));
  else
    asio::post(environment_->executor, std::move(work));
}

/// One entry into plugin code, pinned. False: the gate is closed, `body` did not run. The caller holds a reference to
/// the shell. `what` lives as long as the shell.
template <class Body>
bool platform_shell::enter(const char* what, tenon_token blocking, Body body) {
  if (!gate_.enter()) return false;
  entry_frame frame(*this, what, blocking);
  // Of entries that overlap the first stays: it is the one to be named if it does not come back.
  const char* nobody = nullptr;
  const bool first = entered_.compare_exchange_strong(nobody, what, std::memory_order_relaxed);
  if (first) entered_at_.store(environment_->time->steady_now().time_since_epoch().count(), std::memory_order_relaxed);
  body(frame);
  if (first) entered_.store(nullptr, std::memory_order_relaxed);
  frame.leave_plugin();
  frame.launch();
  gate_.leave();
  frame.deliver();
  return true;
}

void platform_shell::create(reply_handler ready) {
  const auto token = open_token(open_call::kind::create, steady_time::max(), std::move(ready));
  post_entry([self = shared_from_this(), token] { self->run_create(token); });
}

/// A token for what is no call, or 0 if there is none any more: then `done` has been told.
tenon_token platform_shell::open_token(open_call::kind what, steady_time deadline, reply_handler done) {
  const auto token = tokens_.reserve();
  if (token == 0) {
    done(too_many_calls());
    return 0;
  }
  auto opened = std::make_unique<open_call>();
  opened->done = std::move(done);
  opened->deadline = deadline;
  opened->what = what;
  if (tokens_.open(token, std::move(opened))) arm_sweep();
  return token;
}

void platform_shell::run_create(tenon_token ready) {
  const auto settings = boost::json::serialize(recipe_.settings);
  boost::json::array claimed;
  for (const auto& specialism : recipe_.specialisms) claimed.emplace_back(specialism);
  const auto specialisms = boost::json::serialize(claimed);
  const std::string_view inherited = recipe_.inherited ? recipe_.inherited->text() : std::string_view();
  const bool entered = enter("create()", 0, [&](entry_frame& frame) {
    if (tokens_.find_state(ready) != token_state::open) return;
    const tenon_create arguments{.struct_size = sizeof(tenon_create),
                                 .reserved = 0,
                                 .tenant = abi_text(recipe_.tenant),
                                 .settings = abi_text(settings),
                                 .specialisms = abi_text(specialisms),
                                 .inherited = abi_text(inherited)};
    tenon_instance* made = nullptr;
    const auto status = library_->entry().create(&context_, &arguments, ready, &made);
    library_->survived_create();
    if (status != TENON_OK) return refuse(frame, ready, map_create_refusal(status));
    instance_.store(made);
    if (made == nullptr) refuse(frame, ready, answer_no_instance());
  });
  recipe_.inherited.reset();
  if (!entered) settle(ready, answer_closing());
}

void platform_shell::start(call_request request, reply_handler done) {
  const auto* const task = image().manifest.find_task(request.task);
  if (task == nullptr) return done(not_implemented(request.task, image()));
  if (request.context.stop.stop_requested()) return done(answer_stopped());
  const auto token = tokens_.reserve();
  if (token == 0) return done(too_many_calls());

  request.context.deadline =
      std::min(request.context.deadline, environment_->time->steady_now() + environment_->call_timeout);
  auto call = std::make_unique<open_call>();
  call->done = std::move(done);
  call->deadline = request.context.deadline;
  call->may_submit = task->mutating && keeps_tasks(image().manifest);
  const auto stop = request.context.stop;
  if (stop.stop_possible()) call->on_stop.emplace(stop, stop_signal{this, token});
  if (tokens_.open(token, std::move(call))) arm_sweep();
  // A stop that came before the token was open has found nothing to stop.
  if (stop.stop_requested()) ask_to_stop(token);

  auto entry = [self = shared_from_this(), token, task, request = std::move(request)] {
    self->run_call(token, *task, request);
  };
  if (task->blocking && !serial_)
    asio::post(environment_->blocking_of(recipe_.tenant), std::move(entry));
  else
    post_entry(std::move(entry));
}

void platform_shell::check_health(reply_handler done) {
  // As create(): the build's time is its own, and the build ends it.
  ask(open_call::kind::health, steady_time::max(), std::move(done));
}

void platform_shell::hand_over(inheritance_handler done) {
  const auto until = environment_->time->steady_now() + environment_->handover_timeout;
  ask(open_call::kind::call, until, [self = shared_from_this(), done = std::move(done)](result<reply> outcome) mutable {
    auto& log = *self->environment_->logger;
    constexpr const char* what = "tenant {}: nothing is handed over to the next platform: {}";
    if (!outcome) {
      log.info(what, self->tenant(), operator_text(outcome.error()));
      return done(nullptr);
    }
    auto left = std::make_shared<const wiped_text>(std::move(outcome->body));
    if (left->text().size() <= TENON_HANDOVER_BYTES) return done(std::move(left));
    log.warn(what, self->tenant(),
             "expected at most " + std::to_string(TENON_HANDOVER_BYTES) + " bytes, found " +
                 std::to_string(left->text().size()));
    done(nullptr);
  });
}

void platform_shell::ask(open_call::kind what, steady_time deadline, reply_handler done) {
  const auto token = open_token(what, deadline, std::move(done));
  if (token == 0) return;
  post_entry([self = shared_from_this(), token, what] { self->run_question(token, what); });
}

void platform_shell::run_question(tenon_token token, open_call::kind what) {
  const bool health = what == open_call::kind::health;
  const bool entered = enter(health ? "check()" : "give()", 0, [&](entry_frame& frame) {
    if (tokens_.find_state(token) != token_state::open) return;
    const auto interfaces = library_->interfaces();
    const auto question = health ? interfaces.health->check : interfaces.handover->give;
    const auto status = question(instance_.load(), token);
    if (status != TENON_OK) refuse(frame, token, map_refusal(status));
  });
  if (!entered) settle(token, answer_closing());
}

void platform_shell::run_call(tenon_token token, const manifest_task& task, const call_request& request) {
  const bool entered = enter(task.name.c_str(), task.blocking ? token : 0, [&](entry_frame& frame) {
    const auto state = tokens_.find_state(token);
    if (state == token_state::stopped) refuse(frame, token, answer_stopped());
    if (state != token_state::open) return;
    auto call = describe_call(request);
    call.tenant = abi_text(recipe_.tenant);
    const auto status = library_->entry().call(instance_.load(), token, &call);
    if (status != TENON_OK) refuse(frame, token, map_refusal(status));
  });
  if (!entered) settle(token, answer_closing());
}

tenon_status platform_shell::complete(entry_frame& frame, tenon_token token, const tenon_reply& answer) {
  auto claimed = tokens_.claim(token);
  if (!claimed.call) {
    late_completions_.fetch_add(1, std::memory_order_relaxed);
    return TENON_E_INVALID;
  }
  const bool has_body = claimed.call->what == open_call::kind::call;
  claimed.call->outcome = has_body ? map_reply(answer, secrets_.get()) : map_ready(answer, secrets_.get());
  frame.queue(std::move(claimed.call));
  if (claimed.drained) drained_();
  return TENON_OK;
}

tenon_status platform_shell::submit(entry_frame& frame, tenon_token token, task_submission what) {
  if (!tokens_.may_submit(token)) return TENON_E_INVALID;
  auto claimed = tokens_.claim(token);
  if (!claimed.call) return TENON_E_INVALID;
  claimed.call->outcome = reply{.submitted = std::make_shared<const task_submission>(std::move(what))};
  frame.queue(std::move(claimed.call));
  if (claimed.drained) drained_();
  return TENON_OK;
}

/// Answers a token in the plugin's place, after the entry. A completion that came first stands.
void platform_shell::refuse(entry_frame& frame, tenon_token token, error why) {
  auto claimed = tokens_.claim(token);
  if (!claimed.call) return;
  claimed.call->outcome = std::move(why);
  frame.queue(std::move(claimed.call));
  if (claimed.drained) drained_();
}

void platform_shell::settle(tenon_token token, error why) { answer(tokens_.claim(token), std::move(why)); }

void platform_shell::answer(token_table::claimed claimed, error why) {
  if (!claimed.call) return;
  claimed.call->on_stop.reset();
  claimed.call->done(std::move(why));
  if (claimed.drained) drained_();
}

void platform_shell::cancel_call(tenon_token token) {
  waits_.stop(token);
  post_entry([self = shared_from_this(), token] {
    self->enter("cancel()", 0, [&](entry_frame&) {
      if (auto* const instance = self->instance_.load()) self->library_->entry().cancel(instance, token);
    });
  });
}

void platform_shell::ask_to_stop(tenon_token token) noexcept {
  // The last reference may be going on another thread, which then waits for this callback.
  const auto self = weak_from_this().lock();
  if (!self) return;
  const auto stopped = tokens_.stop(token, environment_->time->steady_now() + environment_->retire_hard);
  if (stopped.arm) arm_sweep();
  if (stopped.was_open) cancel_call(token);
}

void stop_signal::operator()() const noexcept { shell->ask_to_stop(token); }

void platform_shell::post_delivery(tenon_op id) {
  // With the gate closed the operation stays in the table: the retirement completes it with CLOSING. From then on the
  // executor may go at any time, and with a thread that is stuck inside it goes before the platform.
  const auto staying = stay();
  if (closing()) return;
  post_entry([self = shared_from_this(), id] {
    self->enter("the completion of an operation", 0, [&](entry_frame&) {
      if (const auto taken = self->operations_.take(id)) taken->deliver(id);
    });
  });
}

void platform_shell::arm_sweep() {
  // A caller's stop may come this far on its own thread and find the platform given up meanwhile: no call is open then.
  const auto staying = stay();
  if (!control_) return;
  asio::post(*control_, [self = shared_from_this()] { self->sweep(); });
}

/// Answers calls whose deadline has passed. One timer serves all calls of the platform: it stands at the earliest
/// deadline there was when it was set, so under load it fires about once a call_timeout and a call costs no timer.
void platform_shell::sweep() {
  const auto now = environment_->time->steady_now();
  auto swept = tokens_.sweep(now);
  for (auto& [token, call] : swept.expired) {
    auto why = call->stopped ? answer_stopped() : answer_timed_out();
    if (!call->stopped && entered_.load(std::memory_order_relaxed) != nullptr)
      why.operator_detail += "; a thread has been inside " + last_entry();
    answer({.call = std::move(call)}, std::move(why));
    cancel_call(token);
  }
  if (swept.drained) drained_();
  if (swept.next == steady_time::max()) return;
  deadlines_->expires_after(swept.next - now);
  deadlines_->async_wait(
      asio::bind_executor(*control_, [shell = weak_from_this()](const boost::system::error_code& failed) {
        const auto self = shell.lock();
        if (self && !failed) self->sweep();
      }));
}

platform_counters platform_shell::counters() const {
  return {.open_calls = tokens_.size(),
          .open_operations = operations_.size(),
          .late_completions = late_completions_.load(std::memory_order_relaxed)};
}

}  // namespace tenon
