#pragma once

#include "platform/http_client/origin.hpp"

#include <string>

namespace tenon::outbound {

/// The bytes of a request. Host, Content-Length and the connection's framing are set here, User-Agent if the request
/// has none.
///
/// Errors: an unknown method; a header that is not one, or is the client's to set.
outcome<std::string> request_text(const http_exchange_request& request, const target& to);

/// Whether asking twice is asking once (RFC 9110, 9.2.2).
bool is_idempotent(std::string_view method);

}  // namespace tenon::outbound
