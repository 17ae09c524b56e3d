#pragma once

#include "dates.hpp"
#include "field.hpp"
#include "retry.hpp"

#include <tenon/sdk/error.hpp>
#include <tenon/sdk/http.hpp>

#include <string>
#include <string_view>

namespace tenon::sales {

/// An answer of an ad server that is no success. A value.
struct refusal {
  unsigned status = 0;
  std::string retry_after;  ///< as the server wrote it
  std::string body;
};

/// What the operator reads: "Kevel answered 503: ...", cut to a length that a log can bear.
std::string detail_of(std::string_view server, refusal const& answer);

/// When to try again: what the server asked for, else `otherwise`.
std::chrono::seconds delay_of(refusal const& answer, instant now, std::chrono::seconds otherwise);

/// RATE_LIMITED, and SERVICE_UNAVAILABLE for a server in trouble: to be tried again when the server says. A server in
/// trouble that does not say leaves it to the host.
sdk::error rate_limited(refusal const& answer, instant now, std::chrono::seconds otherwise, std::string detail);
sdk::error unavailable(refusal const& answer, instant now, std::string detail);

/// A write that may or may not have taken effect: to be looked up by its marker.
class outcome_unknown : public sdk::error {
 public:
  explicit outcome_unknown(std::string detail)
      : error("SERVICE_UNAVAILABLE", "The ad server did not confirm the change") {
    operator_detail(std::move(detail));
  }
};

/// Throws unless the exchange `where` was answered, and for a write in a way that tells its outcome: outcome_unknown
/// for a write that may have taken effect, SERVICE_UNAVAILABLE for anything else without an answer.
void require_answer(sdk::http_response const& response, bool writes, std::string const& where, instant now);

/// The object in a success. An answer that breaks off in the middle, or is something else, tells nothing: throws as if
/// there had been none. To take it for an empty object would be to find nothing where there is something.
json::object object_in(sdk::http_response const& response, bool writes, std::string const& where);

/// The refusal in an answer; nothing if it is a success.
std::optional<refusal> refusal_in(sdk::http_response const& response);

}  // namespace tenon::sales
