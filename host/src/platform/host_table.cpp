// The table of functions that init() gets, and the services that need no file of their own.
#include "platform/plain_text.hpp"
#include "platform/platform_shell.hpp"
#include "platform/services.hpp"

#include <spdlog/logger.h>

#include <algorithm>

namespace tenon {
namespace {

constexpr std::size_t max_log_line = 4096;

tenon_status complete(tenon_ctx* ctx, tenon_token token, const tenon_reply* answer) noexcept {
  auto* const frame = entry_frame::of(ctx);
  if (frame == nullptr || answer == nullptr) return TENON_E_INVALID;
  return frame->shell().complete(*frame, token, *answer);
}

void cancel(tenon_ctx* ctx, tenon_op op) noexcept {
  const auto* const frame = entry_frame::of(ctx);
  if (frame == nullptr) return;
  if (const auto open = frame->shell().operations().find(op)) open->cancel();
}

struct named_service {
  std::string_view name;
  const void* table;
};

constexpr named_service services[] = {
    {"log/1", &log_service},         {"clock/1", &clock_service},   {"timer/1", &timer_service},
    {"http/1", &http_service},       {"crypto/1", &crypto_service}, {"secret/1", &secret_service},
    {"limiter/1", &limiter_service}, {"store/1", &store_service},   {"task/1", &task_service},
};

const void* get_service(tenon_str name) noexcept {
  const auto* const found = std::ranges::find(services, view_of(name), &named_service::name);
  return found == std::end(services) ? nullptr : found->table;
}

constexpr tenon_host table = {.struct_size = sizeof(tenon_host),
                              .abi_major = TENON_ABI_MAJOR,
                              .abi_minor = TENON_ABI_MINOR,
                              .reserved = 0,
                              .complete = &complete,
                              .get_service = &get_service,
                              .cancel = &cancel};

spdlog::level::level_enum level_of(std::int32_t level) noexcept {
  switch (level) {
    case TENON_LOG_DEBUG: return spdlog::level::debug;
    case TENON_LOG_WARN: return spdlog::level::warn;
    case TENON_LOG_ERROR: return spdlog::level::err;
    default: return spdlog::level::info;
  }
}

void write_log(tenon_ctx* ctx, std::int32_t level, tenon_str text) noexcept {
  const auto* const frame = entry_frame::of(ctx);
  if (frame == nullptr) return;
  const auto& shell = frame->shell();
  auto& log = *shell.environment().logger;
  if (!log.should_log(level_of(level))) return;
  const auto line = shell.secrets()->without_secrets(view_of(text));
  log.log(level_of(level), "[{} {}] {}", shell.tenant(), shell.image().name, escaped(line, max_log_line));
}

std::uint64_t steady_ns(tenon_ctx* ctx) noexcept {
  const auto* const frame = entry_frame::of(ctx);
  if (frame == nullptr) return 0;
  const std::chrono::nanoseconds now = frame->shell().environment().time->steady_now().time_since_epoch();
  return static_cast<std::uint64_t>(now.count());
}

std::int64_t wall_ns(tenon_ctx* ctx) noexcept {
  const auto* const frame = entry_frame::of(ctx);
  if (frame == nullptr) return 0;
  const std::chrono::nanoseconds now = frame->shell().environment().time->wall_now().time_since_epoch();
  return now.count();
}

tenon_status read_secret(tenon_ctx* ctx, tenon_str name, tenon_str pointer, char* out, std::uint64_t* size) noexcept {
  const auto* const frame = entry_frame::of(ctx);
  if (frame == nullptr || size == nullptr || !is_well_formed(name) || !is_well_formed(pointer)) return TENON_E_INVALID;
  const auto secrets = frame->shell().secrets();
  if (!secrets || !secrets->exists(view_of(name))) return TENON_E_INVALID;
  if (!secrets->readable(view_of(name), view_of(pointer))) return TENON_E_DENIED;
  const auto text = secrets->find(view_of(name), view_of(pointer));
  if (!text) return TENON_E_INVALID;
  const auto capacity = std::exchange(*size, text->size());
  if (out == nullptr) return TENON_OK;
  if (capacity < text->size()) return TENON_E_LIMIT;
  std::ranges::copy(*text, out);
  return TENON_OK;
}

}  // namespace

const tenon_host& plugin_host_table() noexcept { return table; }

const tenon_log_1 log_service = {.write = &write_log};
const tenon_clock_1 clock_service = {.steady_ns = &steady_ns, .wall_ns = &wall_ns};
const tenon_secret_1 secret_service = {.read = &read_secret};

}  // namespace tenon
