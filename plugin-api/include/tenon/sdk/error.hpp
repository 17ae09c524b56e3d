#pragma once

#include <tenon/abi/host.h>
#include <tenon/sdk/json.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace tenon::sdk {

/// What the buyer can do about an error. `as_published` leaves it to what the AdCP release says for the code.
enum class recovery : std::uint32_t {
  as_published = 0,
  terminal = TENON_RECOVERY_TERMINAL,
  correctable = TENON_RECOVERY_CORRECTABLE,
  transient = TENON_RECOVERY_TRANSIENT,
};

/// How a task fails: thrown from it, it becomes the task's answer.
///
///     throw sdk::error("PRODUCT_NOT_FOUND", "There is no such product.").field("packages[0].product_id");
///
/// Everything but operator_detail() reaches the buyer, so it holds no secret and no upstream's text; operator_detail()
/// reaches the operator's log alone and says what was expected, what was found and where.
class error : public std::exception {
 public:
  error(std::string code, std::string message) : code_(std::move(code)), message_(std::move(message)) {}

  error& field(std::string json_path) { return field_ = std::move(json_path), *this; }
  error& suggestion(std::string text) { return suggestion_ = std::move(text), *this; }
  error& details(json::object values) { return details_ = std::move(values), *this; }
  error& operator_detail(std::string text) { return operator_detail_ = std::move(text), *this; }
  error& recovery(sdk::recovery value) { return recovery_ = value, *this; }

  /// Cut to what the protocol allows: 1 to 3600 seconds.
  error& retry_after(std::chrono::seconds delay) {
    const auto seconds = delay.count() < 1 ? 1 : delay.count() > 3600 ? 3600 : delay.count();
    return retry_after_s_ = static_cast<std::uint32_t>(seconds), *this;
  }

  const std::string& code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& field() const noexcept { return field_; }
  const std::string& suggestion() const noexcept { return suggestion_; }
  const json::object& details() const noexcept { return details_; }
  const std::string& operator_detail() const noexcept { return operator_detail_; }
  sdk::recovery recovery() const noexcept { return recovery_; }
  std::uint32_t retry_after_s() const noexcept { return retry_after_s_; }

  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string code_;
  std::string message_;
  std::string field_;
  std::string suggestion_;
  json::object details_;
  std::string operator_detail_;
  sdk::recovery recovery_ = sdk::recovery::as_published;
  std::uint32_t retry_after_s_ = 0;
};

/// Unwinds a task whose answer nobody wants any more, or whose platform is going away.
///
/// *Rationale:* it derives from nothing, so a `catch (const std::exception&)` that falls back to a default does not
/// swallow it.
class cancelled {
 public:
  cancelled() noexcept {}  // user-provided, so that it is no aggregate
};

/// The errors that most plugins need, with the wording of their code.
namespace errors {

inline error invalid_request(std::string field, std::string message) {
  return error("INVALID_REQUEST", std::move(message)).field(std::move(field));
}

inline error unsupported_feature(std::string message, std::string field = {}) {
  return error("UNSUPPORTED_FEATURE", std::move(message)).field(std::move(field));
}

/// The tenant's settings or credentials are wrong: the buyer learns that much, the operator learns what and where.
inline error configuration_error(std::string operator_detail) {
  return error("CONFIGURATION_ERROR", "This account is not configured correctly.")
      .recovery(recovery::terminal)
      .operator_detail(std::move(operator_detail));
}

inline error service_unavailable(std::string operator_detail) {
  return error("SERVICE_UNAVAILABLE", "The ad server is not available at the moment.")
      .operator_detail(std::move(operator_detail));
}

/// The same, when the ad server said how long.
inline error service_unavailable(std::string operator_detail, std::chrono::seconds retry_after) {
  return service_unavailable(std::move(operator_detail)).retry_after(retry_after);
}

inline error rate_limited(std::chrono::seconds retry_after, std::string operator_detail = {}) {
  return error("RATE_LIMITED", "The ad server asks for fewer requests.")
      .retry_after(retry_after)
      .operator_detail(std::move(operator_detail));
}

/// A bug of the plugin.
inline error internal_error(std::string operator_detail) {
  return error("INTERNAL_ERROR", "Something went wrong.")
      .recovery(recovery::terminal)
      .operator_detail(std::move(operator_detail));
}

}  // namespace errors

}  // namespace tenon::sdk
