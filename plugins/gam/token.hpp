#pragma once

#include "../sales/retry.hpp"

#include <tenon/sdk/context.hpp>
#include <tenon/sdk/single_flight.hpp>
#include <tenon/sdk/task.hpp>

#include <string>

namespace tenon::gam {

/// The access token of a service account (RFC 7523): signed for anew each time, by the host, so that the key never
/// enters this library; kept until five minutes before it expires. However many calls need one at once, one is fetched.
///
/// Threads     Those of the platform, one at a time.
/// Errors      CONFIGURATION_ERROR when the account is refused, SERVICE_UNAVAILABLE when the endpoint cannot be
/// reached.
class token_source {
 public:
  /// Takes what the platform before this one handed over, if it is good for some minutes yet.
  token_source(sdk::platform_context context, std::string scope);

  /// A token that is good for some minutes yet. SERVICE_UNAVAILABLE if it does not come in time.
  sdk::task<std::string> token(sales::deadline until);

  /// The token and the end of its time, for the platform that comes after this one; empty without a token that is good
  /// for some minutes yet.
  sdk::json::object hand_over() const;

  /// Forgets a token that the API has refused. A newer one stays.
  void drop(std::string const& refused);

 private:
  sdk::task<std::string> fetch();
  std::string claims(std::string const& audience) const;

  sdk::platform_context context_;
  std::string scope_;
  std::string token_;
  std::chrono::steady_clock::time_point refresh_at_;
  sdk::single_flight<std::string> refresh_;
};

}  // namespace tenon::gam
