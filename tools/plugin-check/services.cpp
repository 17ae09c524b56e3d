#include "services.hpp"

#include "checking_host.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

namespace tenon::plugin_check::services {
namespace {

using sdk::testing::memory_store;

checking_host* only = nullptr;

/// A text and a URL at once: what a plugin reads out of a secret may have to be either.
constexpr std::string_view secret_text = "https://plugin-check.invalid/secret";

void log_write(tenon_ctx* ctx, std::int32_t, tenon_str) noexcept { only->admits(ctx); }

std::uint64_t steady_ns(tenon_ctx* ctx) noexcept {
  only->admits(ctx);
  return only->steady_ns();
}

std::int64_t wall_ns(tenon_ctx* ctx) noexcept {
  only->admits(ctx);
  return std::chrono::system_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

tenon_status timer_start(tenon_ctx* ctx, std::uint64_t delay_ns, tenon_timer_fn done, void* user,
                         tenon_op* op) noexcept {
  return only->start_timer(ctx, delay_ns, done, user, op);
}

tenon_status http_start(tenon_ctx* ctx, const tenon_http_request*, tenon_http_fn done, void* user,
                        tenon_op* op) noexcept {
  return only->start_http(ctx, done, user, op);
}

tenon_status http_wait(tenon_ctx* ctx, const tenon_http_request*, tenon_http_fn done, void* user) noexcept {
  return only->wait_http(ctx, done, user);
}

tenon_status crypto_sign(tenon_ctx* ctx, tenon_str, tenon_str, tenon_str, tenon_str, tenon_bytes_fn done, void* user,
                         tenon_op* op) noexcept {
  return only->start_sign(ctx, done, user, op);
}

/// Not the hash, but as long as it, and the same for the same length: nobody checks it here.
tenon_status crypto_hash(tenon_ctx* ctx, tenon_str algorithm, tenon_str bytes, void* out,
                         std::uint64_t* size) noexcept {
  if (!only->admits(ctx) || !out || !size) return TENON_E_INVALID;
  const std::uint64_t length = std::string_view(algorithm.ptr, algorithm.len) == "MD5" ? 16 : 32;
  if (*size < length) return TENON_E_LIMIT;
  std::memset(out, static_cast<int>(bytes.len & 0x7f), length);
  *size = length;
  return TENON_OK;
}

tenon_status crypto_random(tenon_ctx* ctx, void* out, std::uint64_t size) noexcept {
  static std::uint8_t next = 0;
  if (!only->admits(ctx) || (!out && size > 0)) return TENON_E_INVALID;
  std::generate_n(static_cast<std::uint8_t*>(out), size, [] { return next++; });
  return TENON_OK;
}

tenon_status secret_read(tenon_ctx* ctx, tenon_str, tenon_str, char* out, std::uint64_t* size) noexcept {
  if (!only->admits(ctx) || !size) return TENON_E_INVALID;
  const auto room = std::exchange(*size, secret_text.size());
  if (!out) return TENON_OK;
  if (room < secret_text.size()) return TENON_E_LIMIT;
  std::ranges::copy(secret_text, out);
  return TENON_OK;
}

tenon_status acquire(tenon_ctx* ctx, const tenon_turn* turn, tenon_turn_fn done, void* user, tenon_op* op) noexcept {
  if (!turn || turn->key.len == 0) return TENON_E_INVALID;
  return only->start_turn(ctx, done, user, op);
}

tenon_status hold(tenon_ctx* ctx, tenon_str, std::uint64_t) noexcept {
  return only->admits(ctx) ? TENON_OK : TENON_E_INVALID;
}

tenon_status store_get(tenon_ctx* ctx, tenon_str key, tenon_store_fn done, void* user, tenon_op* op) noexcept {
  if (!memory_store::is_key(key)) return TENON_E_INVALID;
  return only->start_store(ctx, only->store().get(key), done, user, op);
}

tenon_status store_list(tenon_ctx* ctx, tenon_str prefix, tenon_str after, std::uint32_t limit, tenon_store_fn done,
                        void* user, tenon_op* op) noexcept {
  return only->start_store(ctx, only->store().list(prefix, after, limit), done, user, op);
}

tenon_status store_write(tenon_ctx* ctx, const tenon_store_write* writes, std::uint64_t count, tenon_store_fn done,
                         void* user, tenon_op* op) noexcept {
  if (!only->admits(ctx) || !memory_store::valid(writes, count)) return TENON_E_INVALID;
  return only->start_store(ctx, only->store().write(writes, count), done, user, op);
}

tenon_status submit(tenon_ctx* ctx, tenon_token token, const tenon_submission* submission) noexcept {
  return only->submit(ctx, token, submission);
}

constexpr tenon_log_1 log_1{log_write};
constexpr tenon_clock_1 clock_1{steady_ns, wall_ns};
constexpr tenon_timer_1 timer_1{timer_start};
constexpr tenon_http_1 http_1{http_start, http_wait};
constexpr tenon_crypto_1 crypto_1{crypto_sign, crypto_hash, crypto_random};
constexpr tenon_secret_1 secret_1{secret_read};
constexpr tenon_limiter_1 limiter_1{acquire, hold};
constexpr tenon_store_1 store_1{store_get, store_list, store_write};
constexpr tenon_task_1 task_1{submit};

}  // namespace

void serve(checking_host* host) noexcept { only = host; }

tenon_status complete(tenon_ctx* ctx, tenon_token token, const tenon_reply* reply) noexcept {
  return only->complete(ctx, token, reply);
}

const void* find(tenon_str name) noexcept {
  return only->find_service(name.ptr ? std::string_view(name.ptr, name.len) : std::string_view());
}

void cancel(tenon_ctx* ctx, tenon_op op) noexcept { only->cancel(ctx, op); }

const void* table_of(std::string_view name) noexcept {
  if (name == "log/1") return &log_1;
  if (name == "clock/1") return &clock_1;
  if (name == "timer/1") return &timer_1;
  if (name == "http/1") return &http_1;
  if (name == "crypto/1") return &crypto_1;
  if (name == "secret/1") return &secret_1;
  if (name == "limiter/1") return &limiter_1;
  if (name == "store/1") return &store_1;
  if (name == "task/1") return &task_1;
  return nullptr;
}

}  // namespace tenon::plugin_check::services
