#pragma once

#include <tenon/error.hpp>

#include <filesystem>
#include <memory>

namespace boost::asio::ssl {
class context;
}

namespace tenon::http {

/// The certificate that a server shows, and the key by which it proves that it is its own. Shared and immutable: a
/// connection keeps the one that it began with. Empty: none.
using tls_identity = std::shared_ptr<boost::asio::ssl::context>;

/// Reads both from PEM files: the certificate with its chain behind it, and a key without a passphrase. What it is used
/// for is TLS 1.2 or later, without renegotiation, for HTTP/1.1 (by ALPN, if the client asks).
///
/// Errors (CONFIGURATION_ERROR, naming the file): one cannot be read or holds something else, everybody may read the
/// key, or it is not that of the certificate.
result<tls_identity> load_tls_identity(const std::filesystem::path& certificate, const std::filesystem::path& key);

}  // namespace tenon::http
