#include "checking_host.hpp"

#include "services.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace tenon::plugin_check {
namespace {

constexpr int most_completions = 10'000;  // of a plugin that starts one operation after the other for ever
constexpr std::size_t most_open = 4096;

std::string_view view(const tenon_str& text) { return text.ptr ? std::string_view(text.ptr, text.len) : ""; }

std::string why_malformed(const tenon_reply& reply) {
  if (reply.struct_size < sizeof(tenon_reply)) {
    return "its struct_size is " + std::to_string(reply.struct_size) + ", expected " +
           std::to_string(sizeof(tenon_reply));
  }
  if (reply.status < TENON_OK || reply.status > TENON_E_DENIED) {
    return "its status is " + std::to_string(reply.status) + ", which types.h does not have";
  }
  if (reply.recovery > TENON_RECOVERY_TRANSIENT) return "its recovery is " + std::to_string(reply.recovery);
  if (reply.retry_after_s > 3600) return "its retry_after_s is " + std::to_string(reply.retry_after_s);
  return {};
}

}  // namespace

checking_host::checking_host(std::string upstream_body) : checking_host(std::move(upstream_body), shape{}) {}

checking_host::checking_host(std::string upstream_body, shape differs)
    : upstream_body_(std::move(upstream_body)), shape_(std::move(differs)) {
  table_.front() = {static_cast<std::uint32_t>(sizeof(tenon_host)) + shape_.more_bytes,
                    TENON_ABI_MAJOR,
                    shape_.minor,
                    0,
                    services::complete,
                    services::find,
                    services::cancel};
  services::serve(this);
}

checking_host::~checking_host() { services::serve(nullptr); }

tenon_ctx* checking_host::add_platform() { return &platforms_.emplace_back(); }

tenon_token checking_host::add_token(const tenon_ctx* owner) {
  const auto made = (next_token_ << 32) | next_token_;
  ++next_token_;
  answers_[made].owner = owner;
  return made;
}

bool checking_host::count(breach what) {
  ++breaches_[static_cast<std::size_t>(what)];
  return false;
}

bool checking_host::knows(const tenon_ctx* ctx) const {
  return std::ranges::any_of(platforms_, [ctx](const tenon_ctx& one) { return &one == ctx; });
}

bool checking_host::admits(const tenon_ctx* ctx) {
  // First the thread: what follows is not locked.
  if (std::this_thread::get_id() != own_thread_) return count(breach::foreign_thread);
  if (!knows(ctx)) return count(breach::no_entry);
  if (!ctx->alive) return count(breach::destroyed);
  return ctx->depth > 0 || count(breach::no_entry);
}

tenon_status checking_host::complete(tenon_ctx* ctx, tenon_token token, const tenon_reply* reply) {
  if (!admits(ctx) || !reply) return TENON_E_INVALID;
  if (ctx->destroying) {
    count(breach::in_destroy);
    return TENON_E_INVALID;
  }
  const auto at = answers_.find(token);
  if (at == answers_.end() || at->second.owner != ctx) {
    count(breach::unknown_token);
    return TENON_E_INVALID;
  }
  auto& given = at->second;
  if (given.by_host) return TENON_E_INVALID;  // as after a deadline: late and harmless
  if (++given.times > 1) {
    count(breach::twice);
    return TENON_E_INVALID;
  }
  given.malformed = why_malformed(*reply);
  if (!given.malformed.empty()) return TENON_OK;
  given.status = reply->status;
  given.code = view(reply->code);
  given.body = view(reply->body);
  return TENON_OK;
}

void checking_host::cancel(tenon_ctx* ctx, tenon_op op) {
  if (!admits(ctx)) return;
  const auto at = open_.find(op);
  if (at == open_.end() || at->second.owner != ctx) return;
  at->second.status = TENON_E_CANCELLED;
  at->second.due_ns = 0;
}

const void* checking_host::find_service(std::string_view name) const {
  return shape_.missing.contains(name) ? nullptr : services::table_of(name);
}

std::uint64_t checking_host::steady_ns() const noexcept {
  const auto now = std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  return static_cast<std::uint64_t>(now) + skipped_ns_;
}

tenon_status checking_host::start_timer(tenon_ctx* ctx, std::uint64_t delay_ns, tenon_timer_fn done, void* user,
                                        tenon_op* op) {
  constexpr auto last = std::numeric_limits<std::uint64_t>::max() / 4;
  if (!done) return TENON_E_INVALID;
  const auto due = std::min(steady_ns() + std::min(delay_ns, last), last);
  return start(ctx, {.due_ns = due, .user = user, .timer = done}, op);
}

tenon_status checking_host::start_http(tenon_ctx* ctx, tenon_http_fn done, void* user, tenon_op* op) {
  if (!admits(ctx) || !done || ctx->blocking) return TENON_E_INVALID;
  return start(ctx, {.user = user, .http = done}, op);
}

tenon_status checking_host::start_sign(tenon_ctx* ctx, tenon_bytes_fn done, void* user, tenon_op* op) {
  if (!done) return TENON_E_INVALID;
  return start(ctx, {.user = user, .bytes = done}, op);
}

tenon_status checking_host::start_turn(tenon_ctx* ctx, tenon_turn_fn done, void* user, tenon_op* op) {
  if (!done) return TENON_E_INVALID;
  return start(ctx, {.user = user, .turn = done}, op);
}

tenon_status checking_host::start_store(tenon_ctx* ctx, store_outcome outcome, tenon_store_fn done, void* user,
                                        tenon_op* op) {
  if (!done) return TENON_E_INVALID;
  return start(ctx, {.user = user, .store = done, .outcome = std::move(outcome)}, op);
}

tenon_status checking_host::submit(tenon_ctx* ctx, tenon_token token, const tenon_submission* submission) {
  if (!submission || submission->resume.len == 0 || submission->resume.len > TENON_TASK_RESUME_BYTES)
    return TENON_E_INVALID;
  constexpr std::string_view body = R"({"status":"submitted","task_id":"task-of-plugin-check"})";
  tenon_reply answer{};
  answer.struct_size = sizeof answer;
  answer.body = {body.data(), body.size()};
  return complete(ctx, token, &answer);
}

tenon_status checking_host::wait_http(tenon_ctx* ctx, tenon_http_fn done, void* user) {
  if (!admits(ctx) || !ctx->blocking || !done) return TENON_E_INVALID;
  respond(done, user, 0, TENON_OK);
  return TENON_OK;
}

tenon_status checking_host::start(tenon_ctx* ctx, operation what, tenon_op* op) {
  if (!admits(ctx) || !op) return TENON_E_INVALID;
  if (ctx->destroying) count(breach::in_destroy);
  if (ctx->closing) return TENON_E_CLOSING;
  if (open_.size() >= most_open) return TENON_E_LIMIT;
  *op = next_op_++;
  what.owner = ctx;
  open_.emplace(*op, std::move(what));
  return TENON_OK;
}

void checking_host::respond(tenon_http_fn done, void* user, tenon_op op, tenon_status status) {
  tenon_http_response response{};
  response.struct_size = sizeof response;
  response.status = status;
  constexpr std::string_view name = "content-type";
  constexpr std::string_view value = "application/json";
  constexpr std::string_view ended = "plugin-check ended the exchange";
  const tenon_header header{{name.data(), name.size()}, {value.data(), value.size()}, {}};
  if (status == TENON_OK) {
    response.http_status = 200;
    response.headers = &header;
    response.header_count = 1;
    response.body = {upstream_body_.data(), upstream_body_.size()};
  } else {
    response.phase = TENON_HTTP_NOT_SENT;
    response.message = {ended.data(), ended.size()};
  }
  done(user, op, &response);
}

void checking_host::finish(operations::iterator at) {
  const auto [op, what] = *at;
  open_.erase(at);
  const frame inside(*what.owner);
  if (what.turn) return what.turn(what.user, op, what.status, 0);
  if (what.store) return what.outcome.deliver(what.status, what.store, what.user, op);
  if (what.timer) return what.timer(what.user, op, what.status);
  if (what.http) return respond(what.http, what.user, op, what.status);
  static const std::string signature(256, 's');
  const auto size = what.status == TENON_OK ? signature.size() : 0;
  what.bytes(what.user, op, what.status, {signature.data(), size});
}

checking_host::operations::iterator checking_host::next_of(const tenon_ctx* ctx) {
  auto next = open_.end();
  for (auto at = open_.begin(); at != open_.end(); ++at) {
    const bool sooner = next == open_.end() || at->second.due_ns < next->second.due_ns;
    if (at->second.owner == ctx && sooner) next = at;
  }
  return next;
}

void checking_host::run(tenon_ctx* ctx, tenon_token token) {
  for (int left = most_completions; left > 0 && !answered(token); --left) {
    const auto next = next_of(ctx);
    if (next == open_.end()) return;
    const auto now = steady_ns();
    if (next->second.due_ns > now) skipped_ns_ += next->second.due_ns - now;
    finish(next);
  }
}

void checking_host::run_without_waiting(tenon_ctx* ctx, tenon_token token) {
  const auto first_new = next_op_;
  for (int left = most_completions; left > 0 && !answered(token); --left) {
    const auto ready = std::ranges::find_if(open_, [&](const auto& entry) {
      const auto& [op, what] = entry;
      const bool wanted = what.status == TENON_E_CANCELLED || op >= first_new;
      return what.owner == ctx && wanted && what.due_ns <= steady_ns();
    });
    if (ready == open_.end()) return;
    finish(ready);
  }
}

void checking_host::close(tenon_ctx* ctx) {
  for (auto& [token, given] : answers_) {
    if (given.owner == ctx && given.times == 0) given.by_host = true;
  }
  ctx->closing = true;
  for (auto next = next_of(ctx); next != open_.end(); next = next_of(ctx)) {
    next->second.status = TENON_E_CLOSING;
    finish(next);
  }
}

void checking_host::forget_destroyed() {
  std::erase_if(answers_, [](const auto& entry) { return !entry.second.owner->alive; });
  platforms_.remove_if([](const tenon_ctx& one) { return !one.alive; });
}

bool checking_host::waits(const tenon_ctx* ctx) const {
  return std::ranges::any_of(open_, [ctx](const auto& entry) { return entry.second.owner == ctx; });
}

}  // namespace tenon::plugin_check
