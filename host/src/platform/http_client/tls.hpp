#pragma once

#include "platform/http_client/origin.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <memory>
#include <string>

namespace tenon::outbound {

using tls_stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

/// TLS 1.2 or later, peers verified against the system's certificates and those of the file, if one is named.
/// Errors: the file cannot be read or holds no certificate (CONFIGURATION_ERROR).
result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const std::string& ca_file);

/// Says before the handshake whom we expect: by SNI to the peer, and to OpenSSL for the certificate.
bool expect_peer(tls_stream& stream, const target& to);

/// What OpenSSL found wrong with the peer's certificate, or the error's own words if that was not it.
std::string handshake_trouble(tls_stream& stream, const boost::system::error_code& failed);

}  // namespace tenon::outbound
