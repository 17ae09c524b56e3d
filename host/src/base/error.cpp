#include <tenon/error.hpp>

#include "base/release.hpp"

#include <ostream>

namespace tenon {
namespace {

constexpr std::uint32_t default_retry_after_s = 5;

}  // namespace

std::string_view to_string(recovery value) noexcept {
  switch (value) {
    case recovery::terminal: return "terminal";
    case recovery::correctable: return "correctable";
    case recovery::transient: return "transient";
  }
  return "terminal";
}

std::ostream& operator<<(std::ostream& out, const error& value) {
  out << value.code << " (" << to_string(value.recover) << "): " << value.message;
  if (!value.field.empty()) out << " [" << value.field << ']';
  if (!value.operator_detail.empty()) out << " -- " << value.operator_detail;
  return out;
}

error_exception::error_exception(error value)
    : std::runtime_error(value.code + ": " + value.message), value_(std::move(value)) {}

void throw_exception_from_error(const error& value, const boost::source_location&) { throw error_exception(value); }

error make_error(std::string_view code, std::string message, std::string operator_detail) {
  const bool passes = code == "SERVICE_UNAVAILABLE" || code == "RATE_LIMITED";
  return error{.code = std::string(code),
               .message = std::move(message),
               .recover = release::recovery_of(code),
               .retry_after_s = passes ? default_retry_after_s : 0,
               .operator_detail = std::move(operator_detail)};
}

error account_misconfigured(std::string operator_detail) {
  return make_error("CONFIGURATION_ERROR", "This account is not configured correctly.", std::move(operator_detail));
}

error tenant_not_found(std::string operator_detail) {
  auto made = make_error("ACCOUNT_NOT_FOUND", "No such account.", std::move(operator_detail));
  made.recover = recovery::terminal;
  made.field = "account.metadata.tenant_id";
  return made;
}

}  // namespace tenon
