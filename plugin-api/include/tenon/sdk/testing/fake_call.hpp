#pragma once

#include <tenon/abi/plugin.h>
#include <tenon/sdk/detail/host_link.hpp>

#include <chrono>
#include <string>

namespace tenon::sdk::testing {

/// What a call of the fake host carries besides its request.
class call_options {
 public:
  call_options() = default;

  call_options& account_id(std::string value) { return account_id_ = std::move(value), *this; }
  call_options& principal(std::string value) { return principal_ = std::move(value), *this; }
  call_options& trace_id(std::string value) { return trace_id_ = std::move(value), *this; }
  call_options& idempotency_key(std::string value) { return idempotency_key_ = std::move(value), *this; }
  call_options& deadline(std::chrono::steady_clock::time_point value) { return deadline_ = value, *this; }
  /// As when the host goes on with a task that was submitted.
  call_options& resume(std::string value, std::uint32_t attempt = 0) {
    resume_ = std::move(value);
    attempt_ = attempt;
    recovering_ = true;
    return *this;
  }
  call_options& recovering() { return recovering_ = true, *this; }
  /// Of a task that was submitted: the host gives it up after this call.
  call_options& last() { return last_ = true, *this; }

  /// As for a task that the manifest flags "blocking": the plugin may wait for HTTP.
  call_options& blocking() { return blocking_ = true, *this; }
  bool is_blocking() const noexcept { return blocking_; }

  /// Borrowed from this object and from the arguments.
  tenon_call to_abi(std::string_view tenant, std::string_view task, std::string_view request) const {
    tenon_call call{};
    call.struct_size = sizeof call;
    call.flags = (recovering_ ? TENON_CALL_RECOVERING : 0U) | (last_ ? TENON_CALL_LAST : 0U);
    call.task = detail::to_abi(task);
    call.request = detail::to_abi(request);
    call.tenant = detail::to_abi(tenant);
    call.account_id = detail::to_abi(account_id_);
    call.principal = detail::to_abi(principal_);
    call.trace_id = detail::to_abi(trace_id_);
    call.idempotency_key = detail::to_abi(idempotency_key_);
    call.deadline_ns = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(deadline_.time_since_epoch()).count());
    call.resume = detail::to_abi(resume_);
    call.attempt = attempt_;
    return call;
  }

 private:
  std::string account_id_ = "account-1";
  std::string principal_ = "buyer-1";
  std::string trace_id_ = "trace-1";
  std::string idempotency_key_;
  std::chrono::steady_clock::time_point deadline_;
  std::string resume_;
  std::uint32_t attempt_ = 0;
  bool recovering_ = false;
  bool last_ = false;
  bool blocking_ = false;
};

/// The answer to a create or a call. A value.
class fake_reply {
 public:
  explicit fake_reply(tenon_status status) noexcept : status_(status) {}

  /// Copies what complete() is lent.
  explicit fake_reply(const tenon_reply& lent)
      : status_(lent.status),
        text_(detail::from_abi(lent.body)),
        code_(detail::from_abi(lent.code)),
        message_(detail::from_abi(lent.message)),
        field_(detail::from_abi(lent.field)),
        suggestion_(detail::from_abi(lent.suggestion)),
        details_(detail::from_abi(lent.details)),
        operator_detail_(detail::from_abi(lent.operator_detail)),
        recovery_(static_cast<sdk::recovery>(lent.recovery)),
        retry_after_s_(lent.retry_after_s) {}

  /// A task that was submitted.
  explicit fake_reply(const tenon_submission& lent)
      : status_(TENON_OK),
        message_(detail::from_abi(lent.message)),
        resume_(detail::from_abi(lent.resume)),
        delay_(static_cast<std::int64_t>(lent.delay_ns)) {}

  bool ok() const noexcept { return status_ == TENON_OK && resume_.empty(); }
  bool submitted() const noexcept { return !resume_.empty(); }
  const std::string& resume() const noexcept { return resume_; }
  std::chrono::nanoseconds delay() const noexcept { return delay_; }
  tenon_status status() const noexcept { return status_; }
  const std::string& text() const noexcept { return text_; }
  json::value body() const { return json::parse(text_); }

  const std::string& code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& field() const noexcept { return field_; }
  const std::string& suggestion() const noexcept { return suggestion_; }
  const std::string& details() const noexcept { return details_; }
  const std::string& operator_detail() const noexcept { return operator_detail_; }
  sdk::recovery recovery() const noexcept { return recovery_; }
  std::uint32_t retry_after_s() const noexcept { return retry_after_s_; }

 private:
  tenon_status status_;
  std::string text_;
  std::string code_;
  std::string message_;
  std::string field_;
  std::string suggestion_;
  std::string details_;
  std::string operator_detail_;
  std::string resume_;
  std::chrono::nanoseconds delay_{0};
  sdk::recovery recovery_ = sdk::recovery::as_published;
  std::uint32_t retry_after_s_ = 0;
};

}  // namespace tenon::sdk::testing
