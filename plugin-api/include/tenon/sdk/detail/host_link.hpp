#pragma once

#include <tenon/abi/host.h>
#include <tenon/sdk/error.hpp>

#include <string>
#include <string_view>

namespace tenon::sdk::detail {

inline tenon_str to_abi(std::string_view text) noexcept { return tenon_str{text.data(), text.size()}; }

inline std::string_view from_abi(tenon_str text) noexcept {
  return text.len == 0 ? std::string_view() : std::string_view(text.ptr, static_cast<std::size_t>(text.len));
}

inline std::string_view status_name(tenon_status status) noexcept {
  switch (status) {
    case TENON_OK: return "ok";
    case TENON_E_FAILED: return "failed";
    case TENON_E_CANCELLED: return "cancelled";
    case TENON_E_TIMEOUT: return "timeout";
    case TENON_E_IO: return "i/o error";
    case TENON_E_INVALID: return "invalid argument";
    case TENON_E_UNSUPPORTED: return "unsupported";
    case TENON_E_CLOSING: return "closing";
    case TENON_E_LIMIT: return "limit reached";
    case TENON_E_DENIED: return "denied";
    case TENON_E_CONFLICT: return "conflict";
    default: return "unknown status";
  }
}

/// The host's function tables. Filled once in init(), constant until deinit().
struct service_tables {
  const tenon_host* host = nullptr;
  const tenon_log_1* log = nullptr;
  const tenon_clock_1* clock = nullptr;
  const tenon_timer_1* timer = nullptr;
  const tenon_http_1* http = nullptr;
  const tenon_crypto_1* crypto = nullptr;
  const tenon_secret_1* secret = nullptr;
  const tenon_limiter_1* limiter = nullptr;
  const tenon_store_1* store = nullptr;
  const tenon_task_1* task = nullptr;

  explicit constexpr service_tables() noexcept = default;

  explicit service_tables(const tenon_host& offered) noexcept : host(&offered) {
    const auto find = [&](std::string_view name) { return offered.get_service(to_abi(name)); };
    log = static_cast<const tenon_log_1*>(find("log/1"));
    clock = static_cast<const tenon_clock_1*>(find("clock/1"));
    timer = static_cast<const tenon_timer_1*>(find("timer/1"));
    http = static_cast<const tenon_http_1*>(find("http/1"));
    crypto = static_cast<const tenon_crypto_1*>(find("crypto/1"));
    secret = static_cast<const tenon_secret_1*>(find("secret/1"));
    limiter = static_cast<const tenon_limiter_1*>(find("limiter/1"));
    store = static_cast<const tenon_store_1*>(find("store/1"));
    task = static_cast<const tenon_task_1*>(find("task/1"));
  }
};

/// One platform's line to the host: a value of two pointers, good for as long as the platform lives.
class host_link {
 public:
  host_link(const service_tables& tables, tenon_ctx* ctx) noexcept : tables_(&tables), ctx_(ctx) {}

  tenon_ctx* ctx() const noexcept { return ctx_; }
  const tenon_host& host() const noexcept { return *tables_->host; }
  const tenon_log_1& log() const { return require(tables_->log, "log/1"); }
  const tenon_clock_1& clock() const { return require(tables_->clock, "clock/1"); }
  const tenon_timer_1& timer() const { return require(tables_->timer, "timer/1"); }
  const tenon_http_1& http() const { return require(tables_->http, "http/1"); }
  const tenon_crypto_1& crypto() const { return require(tables_->crypto, "crypto/1"); }
  const tenon_secret_1& secret() const { return require(tables_->secret, "secret/1"); }
  const tenon_limiter_1& limiter() const { return require(tables_->limiter, "limiter/1"); }
  const tenon_store_1& store() const { return require(tables_->store, "store/1"); }
  const tenon_task_1& task() const { return require(tables_->task, "task/1"); }

 private:
  template <class Table>
  static const Table& require(const Table* table, const char* name) {
    if (table == nullptr) {
      throw errors::configuration_error(
          std::string("expected the service ") + name +
          ", this host does not offer it: list it under \"services\" in manifest.json, so that a "
          "host without it refuses the plugin");
    }
    return *table;
  }

  const service_tables* tables_;
  tenon_ctx* ctx_;
};

}  // namespace tenon::sdk::detail
