#pragma once

#include "sandbox/answer.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Ad Manager's errors: google.rpc.Status in JSON, with ErrorInfo or BadRequest in its details.
namespace tenon::sandbox::gam {

/// One wrong field of a request.
struct violation {
  std::string field;  ///< lowerCamelCase path from the request message, "requests[0].lineItem.goal.units"
  std::string description;
};
using violations = std::vector<violation>;

/// `details` are complete objects with "@type".
refused failure(unsigned code, std::string_view status, std::string_view message, json::array details = {});

/// 400 INVALID_ARGUMENT with BadRequest.
refused invalid(violations found);
refused invalid(std::string field, std::string description);

/// A business rule said no. `reason` is the SOAP error's reason ("NO_FORECAST_YET"), `type` its class
/// ("ForecastError"): the strings REST itself uses are not public, so the message names both.
refused broken_rule(std::string_view type, std::string_view reason, std::string_view text, std::string field = {});

/// The same for an action that the object's present state does not allow: 400 FAILED_PRECONDITION.
refused wrong_state(std::string_view type, std::string_view reason, std::string_view text);

refused not_found(std::string_view resource);
refused permission_denied(std::string_view reason, std::string_view message);
refused unauthenticated(std::string_view reason);

}  // namespace tenon::sandbox::gam
