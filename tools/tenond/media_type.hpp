#pragma once

#include "http_server/http_server.hpp"

#include <string_view>

/// What a request is made of and what its client takes in return (RFC 9110, 8.3 and 12.5.1). Pure functions.
namespace tenon::tenond {

/// Whether a Content-Type is application/json, whatever its parameters: JSON is UTF-8, and its reader insists on that.
bool is_json(std::string_view content_type) noexcept;

/// Whether the Accept headers take text/event-stream and no application/json. Ranges count; what has q=0 does not.
bool wants_event_stream(const http::header_list& headers) noexcept;

}  // namespace tenon::tenond
