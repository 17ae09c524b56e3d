#include "fake_host.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string_view>

#include <sys/random.h>

namespace tenon::canary {
namespace {

constexpr std::size_t most_open = 4096;
constexpr int most_completions = 10'000;  // of a plugin that starts one operation after the other for ever

fake_host* only = nullptr;  // services of a platform get its context, get_service() gets nothing

std::uint64_t machine_ns() {
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
}

std::uint64_t later(std::uint64_t from, std::uint64_t by) {
  constexpr auto last = std::numeric_limits<std::uint64_t>::max() / 4;
  return std::min(from + std::min(by, last), last);
}

tenon_str text(std::string_view from) { return {from.data(), from.size()}; }

void log_write(tenon_ctx*, std::int32_t, tenon_str) noexcept {}

std::uint64_t steady_ns(tenon_ctx*) noexcept { return machine_ns() + only->skipped_ns(); }

std::int64_t wall_ns(tenon_ctx*) noexcept {
  const auto now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
  return static_cast<std::int64_t>(now) + static_cast<std::int64_t>(only->skipped_ns());
}

tenon_status timer_start(tenon_ctx* ctx, std::uint64_t delay_ns, tenon_timer_fn done, void* user,
                         tenon_op* op) noexcept {
  return only->start_timer(ctx, delay_ns, done, user, op);
}

tenon_status http_start(tenon_ctx* ctx, const tenon_http_request*, tenon_http_fn done, void* user,
                        tenon_op* op) noexcept {
  return only->start_http(ctx, done, user, op);
}

tenon_status http_wait(tenon_ctx*, const tenon_http_request*, tenon_http_fn, void*) noexcept { return TENON_E_INVALID; }

tenon_status crypto_sign(tenon_ctx* ctx, tenon_str, tenon_str, tenon_str, tenon_str, tenon_bytes_fn done, void* user,
                         tenon_op* op) noexcept {
  return only->start_sign(ctx, done, user, op);
}

tenon_status crypto_hash(tenon_ctx*, tenon_str, tenon_str, void*, std::uint64_t*) noexcept {
  return TENON_E_UNSUPPORTED;
}

tenon_status crypto_random(tenon_ctx* ctx, void* out, std::uint64_t size) noexcept {
  if (!only->below_entry(ctx) || (!out && size > 0)) return TENON_E_INVALID;
  auto* at = static_cast<char*>(out);
  while (size > 0) {
    const auto count = ::getrandom(at, std::min<std::uint64_t>(size, 256), 0);
    if (count <= 0) return TENON_E_FAILED;
    at += count;
    size -= static_cast<std::uint64_t>(count);
  }
  return TENON_OK;
}

tenon_status secret_read(tenon_ctx*, tenon_str, tenon_str, char*, std::uint64_t*) noexcept { return TENON_E_INVALID; }

tenon_status acquire(tenon_ctx* ctx, const tenon_turn*, tenon_turn_fn done, void* user, tenon_op* op) noexcept {
  return only->start_turn(ctx, done, user, op);
}

tenon_status hold(tenon_ctx*, tenon_str, std::uint64_t) noexcept { return TENON_OK; }

tenon_status store_get(tenon_ctx* ctx, tenon_str, tenon_store_fn done, void* user, tenon_op* op) noexcept {
  return only->start_store(ctx, done, user, op);
}

tenon_status store_list(tenon_ctx* ctx, tenon_str, tenon_str, std::uint32_t, tenon_store_fn done, void* user,
                        tenon_op* op) noexcept {
  return only->start_store(ctx, done, user, op);
}

tenon_status store_write(tenon_ctx* ctx, const tenon_store_write*, std::uint64_t, tenon_store_fn done, void* user,
                         tenon_op* op) noexcept {
  return only->start_store(ctx, done, user, op);
}

/// No call is made here, so there is none to submit.
tenon_status submit(tenon_ctx*, tenon_token, const tenon_submission*) noexcept { return TENON_E_INVALID; }

constexpr tenon_log_1 log_1{log_write};
constexpr tenon_clock_1 clock_1{steady_ns, wall_ns};
constexpr tenon_timer_1 timer_1{timer_start};
constexpr tenon_http_1 http_1{http_start, http_wait};
constexpr tenon_crypto_1 crypto_1{crypto_sign, crypto_hash, crypto_random};
constexpr tenon_secret_1 secret_1{secret_read};
constexpr tenon_limiter_1 limiter_1{acquire, hold};
constexpr tenon_store_1 store_1{store_get, store_list, store_write};
constexpr tenon_task_1 task_1{submit};

const void* get_service(tenon_str name) noexcept {
  const std::string_view wanted(name.ptr ? name.ptr : "", name.ptr ? name.len : 0);
  if (wanted == "log/1") return &log_1;
  if (wanted == "clock/1") return &clock_1;
  if (wanted == "timer/1") return &timer_1;
  if (wanted == "http/1") return &http_1;
  if (wanted == "crypto/1") return &crypto_1;
  if (wanted == "secret/1") return &secret_1;
  if (wanted == "limiter/1") return &limiter_1;
  if (wanted == "store/1") return &store_1;
  if (wanted == "task/1") return &task_1;
  return nullptr;
}

tenon_status host_complete(tenon_ctx* ctx, tenon_token token, const tenon_reply*) noexcept {
  return only->complete(ctx, token);
}

void host_cancel(tenon_ctx* ctx, tenon_op op) noexcept { only->cancel(ctx, op); }

constexpr tenon_host host_table{sizeof(tenon_host), TENON_ABI_MAJOR, TENON_ABI_MINOR, 0,
                                host_complete,      get_service,     host_cancel};

}  // namespace

fake_host::fake_host() { only = this; }

fake_host::~fake_host() { only = nullptr; }

const tenon_host& fake_host::table() const noexcept { return host_table; }

tenon_status fake_host::complete(tenon_ctx* ctx, tenon_token token) {
  if (!below_entry(ctx) || token != ready || answered_) return TENON_E_INVALID;
  answered_ = true;
  return TENON_OK;
}

void fake_host::cancel(tenon_ctx* ctx, tenon_op op) {
  const auto at = open_.find(op);
  if (!below_entry(ctx) || at == open_.end()) return;
  at->second.status = TENON_E_CANCELLED;
  at->second.due_ns = 0;
}

tenon_status fake_host::start_timer(tenon_ctx* ctx, std::uint64_t delay_ns, tenon_timer_fn done, void* user,
                                    tenon_op* op) {
  if (!done) return TENON_E_INVALID;
  const auto due = later(machine_ns() + skipped_ns_, delay_ns);
  return start(ctx, {.due_ns = due, .status = TENON_OK, .user = user, .timer = done}, op);
}

tenon_status fake_host::start_http(tenon_ctx* ctx, tenon_http_fn done, void* user, tenon_op* op) {
  if (!done) return TENON_E_INVALID;
  return start(ctx, {.due_ns = 0, .status = TENON_E_IO, .user = user, .http = done}, op);
}

tenon_status fake_host::start_sign(tenon_ctx* ctx, tenon_bytes_fn done, void* user, tenon_op* op) {
  if (!done) return TENON_E_INVALID;
  return start(ctx, {.due_ns = 0, .status = TENON_E_INVALID, .user = user, .bytes = done}, op);
}

tenon_status fake_host::start_turn(tenon_ctx* ctx, tenon_turn_fn done, void* user, tenon_op* op) {
  if (!done) return TENON_E_INVALID;
  return start(ctx, {.due_ns = 0, .status = TENON_OK, .user = user, .turn = done}, op);
}

tenon_status fake_host::start_store(tenon_ctx* ctx, tenon_store_fn done, void* user, tenon_op* op) {
  if (!done) return TENON_E_INVALID;
  return start(ctx, {.due_ns = 0, .status = TENON_E_IO, .user = user, .store = done}, op);
}

tenon_status fake_host::start(tenon_ctx* ctx, operation what, tenon_op* op) {
  if (!below_entry(ctx) || !op) return TENON_E_INVALID;
  if (closing_) return TENON_E_CLOSING;
  if (open_.size() >= most_open) return TENON_E_LIMIT;
  *op = next_op_++;
  open_.emplace(*op, what);
  return TENON_OK;
}

void fake_host::finish(std::map<tenon_op, operation>::iterator at) {
  const auto [op, what] = *at;
  open_.erase(at);
  const frame inside(*this);
  if (what.timer) return what.timer(what.user, op, what.status);
  if (what.bytes) return what.bytes(what.user, op, what.status, tenon_str{});
  if (what.turn) return what.turn(what.user, op, what.status, 0);
  if (what.store) {
    tenon_store_result result{};
    result.struct_size = sizeof result;
    result.status = what.status;
    result.message = text("the canary has no store");
    return what.store(what.user, op, &result);
  }
  tenon_http_response response{};
  response.struct_size = sizeof response;
  response.status = what.status;
  response.phase = TENON_HTTP_NOT_SENT;
  response.message = text("the canary has no network");
  what.http(what.user, op, &response);
}

void fake_host::run() {
  const auto sooner = [](const auto& left, const auto& right) { return left.second.due_ns < right.second.due_ns; };
  for (int left = most_completions; left > 0 && !answered_ && !open_.empty(); --left) {
    const auto next = std::ranges::min_element(open_, sooner);
    const auto now = machine_ns() + skipped_ns_;
    if (next->second.due_ns > now) skipped_ns_ += next->second.due_ns - now;
    finish(next);
  }
}

void fake_host::close() {
  closing_ = true;
  while (!open_.empty()) {
    open_.begin()->second.status = TENON_E_CLOSING;
    finish(open_.begin());
  }
}

}  // namespace tenon::canary
