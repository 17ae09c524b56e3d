#pragma once

#include "platform/http_client.hpp"
#include "platform/secret_reader.hpp"

#include <tenon/abi/host.h>

#include <string>
#include <vector>

namespace tenon {

/// What one platform may ask of the network.
struct http_policy {
  std::vector<std::string> origins;  ///< as origin_of() writes them, sorted
  std::chrono::milliseconds timeout;
  std::uint64_t max_response_bytes;
};

/// Copies a plugin's request, with secrets filled into its headers. TENON_E_INVALID: a rule of host.h is broken;
/// TENON_E_DENIED: the URL's origin is not one of the policy's.
tenon_status map_request(const tenon_http_request& request, const http_policy& policy, const secret_reader& secrets,
                         http_exchange_request& out);

/// A result as the plugin sees it, borrowed from this object and from the result.
class http_answer {
 public:
  explicit http_answer(const http_result& outcome);

  /// An exchange that the host gave up: how far it got is unknown, so it counts as sent.
  explicit http_answer(tenon_status given_up) noexcept;
  http_answer(const http_answer&) = delete;
  http_answer& operator=(const http_answer&) = delete;

  const tenon_http_response& get() const noexcept { return response_; }

 private:
  tenon_http_response response_{};
  std::vector<tenon_header> headers_;
  std::string message_;
};

}  // namespace tenon
