#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <iosfwd>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tenon {

/// What a caller can do about an error (AdCP 3.0, core/error.json): nothing, fix the request, or try again later.
enum class recovery : std::uint8_t { terminal, correctable, transient };

std::string_view to_string(recovery value) noexcept;

/// An error that a buyer may see, with what only the operator may see beside it.
///
/// `code`, `message`, `field`, `suggestion`, `retry_after_s` and `details` go on the wire and never carry a secret, a
/// path or an upstream's text. `operator_detail` goes to the log alone: it says what was expected, what was found and
/// where.
struct error {
  std::string code;     ///< AdCP error code, e.g. "ACCOUNT_NOT_FOUND"
  std::string message;  ///< one sentence
  recovery recover = recovery::terminal;
  std::string field = {};            ///< JSON path of the offending request member
  std::string suggestion = {};       ///< what to do
  std::uint32_t retry_after_s = 0;   ///< 0 = none, else 1 to 3600
  std::string details = {};          ///< JSON object as text
  std::string operator_detail = {};  ///< never sent to a buyer
  bool by_plugin = false;            ///< a plugin's answer to a call, and not the host's in its place

  friend bool operator==(const error&, const error&) = default;
};

std::ostream& operator<<(std::ostream& out, const error& value);

/// What `result<T>::value()` throws when it holds an error.
class error_exception : public std::runtime_error {
 public:
  explicit error_exception(error value);
  const error& value() const noexcept { return value_; }

 private:
  error value_;
};

template <class T>
using result = boost::system::result<T, error>;

/// Found by argument-dependent lookup from result<T>::value().
[[noreturn]] void throw_exception_from_error(const error& value, const boost::source_location& where);

/// An error whose recovery is what the served AdCP release says for its code. SERVICE_UNAVAILABLE and RATE_LIMITED are
/// to be tried again after 5 seconds, unless the caller knows better: a buyer without a delay has to guess one.
error make_error(std::string_view code, std::string message, std::string operator_detail = {});

/// CONFIGURATION_ERROR, terminal: a tenant is set up wrongly. The buyer learns that much, in the one wording there is
/// for it; `operator_detail` says what is wrong and where.
error account_misconfigured(std::string operator_detail);

/// ACCOUNT_NOT_FOUND on `account.metadata.tenant_id`: the tenant is missing, unknown or disabled; which of them, nobody
/// learns.
error tenant_not_found(std::string operator_detail);

}  // namespace tenon
