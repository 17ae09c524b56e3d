#pragma once

#include "http_server/http_server.hpp"

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include <cstddef>
#include <memory_resource>
#include <string>
#include <string_view>

/// Between Beast's messages and our values. Plain functions.
namespace tenon::http {

using head_allocator = std::pmr::polymorphic_allocator<char>;
using wire_head = boost::beast::http::request_header<boost::beast::http::basic_fields<head_allocator>>;

inline constexpr std::size_t copied_body = 4u << 10;  ///< to copy as much behind the head costs less than two buffers

/// An answer as it goes out.
struct wire_response {
  std::string head = {};  ///< with the empty line behind it
  std::string body = {};
  bool keep = false;  ///< the connection stays
};

/// What an answer has to know of its request.
struct asked_for {
  bool http_1_0 = false;
  bool head_alone = false;  ///< HEAD
};

/// Why the server refuses a request before its handler sees it: a status and one sentence, or 0 if it does not.
struct refusal {
  unsigned status = 0;
  std::string_view text = {};
};

/// Refuses what two readers could understand differently. HTTP/1.1 has exactly one Host (RFC 9112, 3.2), or they could
/// see two tenants. The only transfer coding is chunked (6.3), or they could see two ends of the body: Beast takes a
/// request with any other coding for one without a body. A target is a path, an http URL or an asterisk (3.2).
refusal check(const wire_head& head);

/// The head of a request as our value. The target may be in origin, absolute or asterisk form; the host of an absolute
/// one goes before the Host header (RFC 9112, 3.2.2).
request to_request(const wire_head& head, std::string peer);

/// The handler's answer as it goes out, or a 500 if a status or a header of it cannot be sent. Content-Length,
/// Transfer-Encoding and the connection's fate are the server's; `connection: close` from the handler is obeyed.
wire_response to_wire(response answer, asked_for asked, bool keep);

asked_for asked_by(const wire_head& head);

/// An answer of the server's own: one line of text.
response plain_answer(unsigned status, std::string_view text);

}  // namespace tenon::http
