#include "adcp_desk.hpp"

#include "base/operator_text.hpp"
#include "base/release.hpp"
#include "envelope.hpp"
#include "idempotency/canonical_json.hpp"
#include "schemas/schemas.hpp"
#include "webhooks/webhook_signature.hpp"

#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace tenon::tenond {
namespace json = boost::json;
namespace {

constexpr std::string_view capabilities_task = "get_adcp_capabilities";
constexpr std::string_view submitted_task_task =
    "tasks_get";  // no task of a plugin's, so no table of the release has it
constexpr std::string_view test_controller = "comply_test_controller";
constexpr std::uint64_t changes_between_upkeep = 1024;
constexpr std::array<std::string_view, 2> account_task_names = {"sync_accounts", "list_accounts"};

bool is_account_task(std::string_view task) {
  return std::ranges::find(account_task_names, task) != account_task_names.end();
}

std::string text_at(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

error at_field(std::string code, std::string message, std::string field) {
  auto made = make_error(code, std::move(message));
  made.field = std::move(field);
  return made;
}

error unknown_tool(const std::string& task) { return make_error(no_such_tool, "Unknown tool: " + task); }

/// Whether a failed call has surely left nothing behind, so that its key may be used for something else.
bool changed_nothing(const error& fault) {
  return fault.recover == recovery::correctable || (fault.code == "RATE_LIMITED" && !fault.by_plugin);
}

reply replayed(const std::string& answer) {
  json::error_code malformed;
  auto body = json::parse(answer, malformed);
  if (malformed || !body.is_object()) return reply{.body = answer};
  body.get_object()["replayed"] = true;
  return reply{.body = json::serialize(body)};
}

json::object failed_scenario(std::string_view code, std::string_view detail) {
  return {{"success", false}, {"error", code}, {"error_detail", detail}};
}

}  // namespace

result<desk_books> desk_books::open(const std::filesystem::path& directory, const clock& time) {
  auto accounts = account_book::open(directory / "accounts.sqlite", time);
  if (!accounts) return accounts.error();
  auto keys = idempotency_book::open(directory / "idempotency.sqlite", time, {.replay_ttl = adcp_desk::replay_ttl});
  if (!keys) return keys.error();
  auto webhooks = webhook_outbox::open(directory / "webhooks.sqlite", time);
  if (!webhooks) return webhooks.error();
  return desk_books{std::move(*accounts), std::move(*keys), std::move(*webhooks)};
}

std::shared_ptr<adcp_desk> adcp_desk::make(host& of, desk_books books, boost::asio::any_io_executor disk,
                                           const clock& time) {
  return std::shared_ptr<adcp_desk>(new adcp_desk(of, std::move(books), std::move(disk), time));
}

bool adcp_desk::offers_test_controller(const std::string& tenant, const std::string& principal) const {
  const auto accounts = host_.accounts_of(tenant, principal);
  return accounts && accounts->sandbox;
}

std::string adcp_desk::tenant_of(const buyer& from) const {
  if (!from.tenant.empty()) return from.tenant;
  const auto bound = host_.account_of({}, from.principal);
  return bound ? bound->tenant_id().value_or("") : std::string();
}

result<std::vector<std::string>> adcp_desk::tasks_of(const buyer& from) const {
  std::vector<std::string> tasks;
  const auto tenant = tenant_of(from);
  if (tenant.empty()) {
    tasks = host_.tasks();
  } else {
    auto found = host_.tasks_of(tenant, from.principal);
    if (!found) return found.error();
    tasks = std::move(*found);
    if (!offers_test_controller(tenant, from.principal)) std::erase(tasks, test_controller);
  }
  // How the host calls a plugin is no tool of buyers.
  std::erase_if(tasks, [](const std::string& task) { return release::find_task(task) == nullptr; });
  for (const auto ours : {capabilities_task, submitted_task_task, account_task_names[0], account_task_names[1]})
    if (std::ranges::find(tasks, ours) == tasks.end()) tasks.emplace_back(ours);
  std::ranges::sort(tasks);
  return tasks;
}

result<reply> adcp_desk::capabilities(const buyer& from) const {
  json::array specialisms;
  json::object features;
  bool sandbox = false;
  std::vector<std::string> tasks;
  if (const auto tenant = tenant_of(from); !tenant.empty()) {
    const auto claimed = host_.specialisms_of(tenant, from.principal);
    if (!claimed) return claimed.error();
    for (const auto& name : *claimed) specialisms.push_back(json::string(name));
    sandbox = offers_test_controller(tenant, from.principal);
    if (auto found = host_.tasks_of(tenant, from.principal)) tasks = std::move(*found);
    if (const auto declared = host_.features_of(tenant, from.principal)) {
      for (const auto& name : *declared) features[name] = true;
    }
  }
  json::object body{
      {"status", "completed"},
      {"adcp",
       {{"major_versions", {3}}, {"idempotency", {{"supported", true}, {"replay_ttl_seconds", replay_ttl.count()}}}}},
      {"supported_protocols", {"media_buy"}},
      {"specialisms", std::move(specialisms)},
      {"media_buy", {{"features", std::move(features)}}},
      {"account",
       {{"require_operator_auth", false}, {"supported_billing", {"operator", "agent"}}, {"sandbox", sandbox}}},
  };
  if (signs_webhooks_) {
    body["webhook_signing"] = {{"supported", true},
                               {"profile", webhook_signing_profile},
                               {"algorithms", {"ed25519"}},
                               {"legacy_hmac_fallback", true}};
  }
  if (sandbox && std::ranges::find(tasks, test_controller) != tasks.end()) {
    body["compliance_testing"] = {{"scenarios",
                                   {"force_account_status", "force_media_buy_status", "force_creative_status",
                                    "simulate_delivery", "simulate_budget_spend"}}};
  }
  return reply{json::serialize(body)};
}

void adcp_desk::find_task(const buyer& from, const json::object& arguments, reply_handler done) {
  auto id = text_at(arguments, "task_id");
  if (id.empty()) return done(at_field("INVALID_REQUEST", "tasks_get needs the task_id of a task.", "task_id"));
  host_.async_find_task(
      from.tenant, std::move(id),
      [principal = from.principal, done = std::move(done)](const result<std::optional<submitted_task>>& found) mutable {
        if (!found) return done(found.error());
        // Somebody else's task looks like none.
        if (!*found || (*found)->principal != principal)
          return done(at_field("REFERENCE_NOT_FOUND", "There is no such task.", "task_id"));
        done(reply{.body = json::serialize(task_object(**found))});
      });
}

void adcp_desk::call(const buyer& from, std::string task, const json::object& arguments, reply_handler done,
                     call_subject* subject) {
  if (const auto allowed = check_arguments(task, arguments); !allowed) return done(allowed.error());
  if (auto fault = schemas::check_request(task, arguments)) {
    auto refused = at_field("VALIDATION_ERROR", "The request is not what AdCP 3.0 asks for: " + fault->message + ".",
                            std::move(fault->field));
    refused.details = json::serialize(json::object{{"pointer", fault->pointer}, {"keyword", fault->keyword}});
    return done(std::move(refused));
  }
  if (task == capabilities_task) return done(capabilities(from));
  if (task == submitted_task_task) return find_task(from, arguments, std::move(done));
  // list_accounts and sync_accounts are about accounts in the plural; their requests name none that they are for.
  auto reference = is_account_task(task) ? account_reference() : account_of(arguments);
  if (!reference) return done(reference.error());
  auto found = host_.account_of({.tenant = from.tenant, .account = *std::move(reference)}, from.principal);
  if (!found) return done(found.error());

  errand asked{.task = std::move(task),
               .arguments = {},
               .principal = from.principal,
               .tenant = found->tenant_id().value_or(""),
               .account = *std::move(found),
               .key = text_at(arguments, "idempotency_key"),
               .trace_id = from.request_id};
  if (subject != nullptr) *subject = {.tenant = asked.tenant, .account_id = asked.account.id};
  if (asked.task == test_controller) {
    if (!offers_test_controller(asked.tenant, asked.principal)) return done(unknown_tool(asked.task));
    if (text_at(arguments, "scenario") != "force_account_status")
      return dispatch(asked, arguments, false, std::move(done));
  }
  const auto* known = release::find_task(asked.task);
  if (known != nullptr && !known->mutating && !is_account_task(asked.task))
    return dispatch(asked, arguments, false, std::move(done));
  asked.arguments = arguments;
  auto what = std::make_shared<errand>(std::move(asked));
  boost::asio::post(disk_, [self = shared_from_this(), what = std::move(what), done = std::move(done)]() mutable {
    self->change(std::move(what), std::move(done));
  });
}

/// On the disk's thread: what is written down, or read, before and after a task.
void adcp_desk::change(errand_ptr what, reply_handler done) {
  if (what->task == "list_accounts" || what->task == test_controller) return done(on_accounts(*what));
  forget_old_keys();
  const auto hash = request_hash(what->arguments);
  if (!hash) return done(hash.error());
  auto decided = books_.keys->begin({what->tenant, what->principal, what->key}, what->task, *hash);
  if (!decided) return done(decided.error());
  if (const auto* before = std::get_if<idempotency_replay>(&*decided)) return done(replayed(before->answer));
  if (std::holds_alternative<idempotency_conflict>(*decided)) {
    return done(make_error("IDEMPOTENCY_CONFLICT", "This idempotency_key was used for another request."));
  }
  if (std::holds_alternative<idempotency_in_flight>(*decided)) {
    auto running = make_error("IDEMPOTENCY_IN_FLIGHT", "The request with this idempotency_key is being worked on.");
    running.retry_after_s = 1;
    return done(std::move(running));
  }
  auto* const go = std::get_if<idempotency_go>(&*decided);
  if (go == nullptr) {
    auto full = make_error("RATE_LIMITED", "Too many idempotency keys are in use.");
    full.retry_after_s = 3600;
    return done(std::move(full));
  }
  auto attempt = std::make_shared<idempotency_attempt>(std::move(go->attempt));
  auto target = webhook_of(*what);
  auto finish = [self = shared_from_this(), what, attempt, to = target ? *target : std::nullopt,
                 name = what->key + ':' + *hash, recovering = go->recovering,
                 done = std::move(done)](const result<reply>& outcome) mutable {
    // Before the answer is written down: after a crash in between the webhook comes twice, under one key, and not
    // never.
    if (outcome && to) self->tell(*what, *to, name, *outcome);
    // What cannot be written down leaves the outcome open; the buyer is told what it is all the same.
    if (outcome)
      static_cast<void>(attempt->complete(outcome->body));
    else if (!recovering && changed_nothing(outcome.error()))  // an earlier attempt may have changed something
      static_cast<void>(attempt->forget());
    attempt->leave_open();
    done(outcome);
  };
  if (!target) return finish(target.error());
  if (auto refused = accounts_.refusal({what->tenant, what->principal}, what->account.id);
      refused && !is_account_task(what->task))
    return finish(*std::move(refused));
  if (is_account_task(what->task)) return finish(on_accounts(*what));
  dispatch(*what, what->arguments, go->recovering,
           [disk = disk_, finish = std::move(finish)](result<reply> outcome) mutable {
             boost::asio::post(
                 disk, [outcome = std::move(outcome), finish = std::move(finish)]() mutable { finish(outcome); });
           });
}

/// Where the buyer wants to be told of this call's end, if it wants that.
result<std::optional<webhook_target>> adcp_desk::webhook_of(const errand& what) {
  const auto* config = what.arguments.if_contains("push_notification_config");
  if (config == nullptr || !config->is_object() || !has_webhooks(what.task)) return std::optional<webhook_target>();
  // Loopback is for tests, and not for whoever has a token: the tenant has to say who its buyers are.
  const auto accounts = host_.accounts_of(what.tenant, what.principal);
  const bool for_tests = accounts && accounts->sandbox && accounts->named_principals;
  auto target =
      read_webhook_target(config->get_object(), for_tests ? webhook_reach::loopback_too : webhook_reach::outside);
  if (!target) return target.error();
  const auto room = books_.webhooks->has_room(what.tenant, what.principal);
  if (!room) return room.error();
  if (!*room) return make_error("RATE_LIMITED", "Too many webhooks wait to be sent.");
  return std::optional(std::move(*target));
}

void adcp_desk::tell(const errand& what, const webhook_target& to, const std::string& name, const reply& outcome) {
  webhook_subject subject{
      .tenant = what.tenant, .principal = what.principal, .task_type = what.task, .task_id = {}, .name = name};
  json::error_code malformed;
  const auto body = json::parse(outcome.body, malformed);
  if (!malformed && body.is_object() && text_at(body.get_object(), "status") == "submitted") {
    subject.task_id = text_at(body.get_object(), "task_id");
    const auto task_id = subject.task_id;
    // What cannot be written down is not sent; the buyer can ask for the task.
    if (books_.webhooks->await_task(to, std::move(subject))) look_after(what.tenant, task_id);
    return;
  }
  static_cast<void>(books_.webhooks->add(to, std::move(subject), {.status = "completed", .result = outcome.body}));
  wake_();
}

void adcp_desk::task_ended(const submitted_task& task) {
  if (task.now == submitted_task::state::submitted) return;
  const bool completed = task.now == submitted_task::state::completed;
  const auto ready = books_.webhooks->task_ended(
      task.tenant, task.id,
      {.status = std::string(to_string(task.now)), .result = completed ? task.outcome : failure_result(task.outcome)});
  if (ready && *ready > 0) wake_();
}

/// The task may have ended before the webhook waited for it.
void adcp_desk::look_after(const std::string& tenant, const std::string& task_id) {
  host_.async_find_task(
      tenant, task_id,
      [self = shared_from_this(), tenant, task_id](const result<std::optional<submitted_task>>& found) {
        if (!found) return;
        boost::asio::post(self->disk_, [self, tenant, task_id, task = *found] {
          if (task) return self->task_ended(*task);
          static_cast<void>(self->books_.webhooks->forget_task(tenant, task_id));  // a test made it up
        });
      });
}

void adcp_desk::look_after_waiting() {
  const auto waiting = books_.webhooks->waiting();
  if (!waiting) return;
  for (const auto& each : *waiting) look_after(each.tenant, each.task_id);
}

/// Once in a while: what is forgotten later does no harm, for a key that is too old is none when it is looked up.
void adcp_desk::forget_old_keys() {
  if (changes_++ % changes_between_upkeep == 0) static_cast<void>(books_.keys->forget_old(time_.wall_now()));
}

result<reply> adcp_desk::on_accounts(const errand& what) {
  const account_owner owner{what.tenant, what.principal};
  auto answer = what.task == "list_accounts"   ? accounts_.list(owner, what.arguments)
                : what.task == "sync_accounts" ? accounts_.sync(owner, what.arguments)
                                               : force_account(what);
  if (!answer) return answer.error();
  return reply{.body = json::serialize(*answer)};
}

result<json::object> adcp_desk::force_account(const errand& what) {
  const auto* sent = what.arguments.if_contains("params");
  const auto params = sent != nullptr && sent->is_object() ? sent->get_object() : json::object();
  const auto id = text_at(params, "account_id");
  const auto status = text_at(params, "status");
  if (id.empty() || !account_tasks::is_status(status))
    return failed_scenario("INVALID_PARAMS", "params.account_id and a status of accounts in params.status are needed");
  const auto before = accounts_.force_status({what.tenant, what.principal}, id, status);
  if (!before) return before.error();
  if (!*before) return failed_scenario("NOT_FOUND", "there is no such account");
  return json::object{{"success", true}, {"previous_state", **before}, {"current_state", status}};
}

void adcp_desk::dispatch(const errand& what, const json::object& arguments, bool recovering, reply_handler done) {
  call_request request{.task = what.task, .body = json::serialize(arguments), .context = {}};
  request.context.principal = what.principal;
  request.context.trace_id = what.trace_id;
  request.context.idempotency_key = what.key;
  request.context.recovering = recovering;
  host_.async_call_for(what.account, std::move(request), std::move(done));
}

}  // namespace tenon::tenond
