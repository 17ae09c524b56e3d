#include "http_server/tls_identity.hpp"

#include <boost/asio/ssl/context.hpp>

#include <openssl/ssl.h>

#include <string>

namespace tenon::http {
namespace {

namespace ssl = boost::asio::ssl;
namespace fs = std::filesystem;
using boost::system::error_code;

error refused(const fs::path& file, const std::string& expected, const std::string& found, const std::string& advice) {
  return make_error("CONFIGURATION_ERROR", "The server cannot speak TLS.",
                    "expected " + expected + " in " + file.string() + ", found: " + found + "; " + advice);
}

/// HTTP/1.1 is all that there is: a client that insists on something else is refused now, not misunderstood later.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  static constexpr unsigned char ours[] = "\x08http/1.1";
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, ours, sizeof ours - 1, offered, offered_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

result<tls_identity> load_tls_identity(const fs::path& certificate, const fs::path& key) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  auto* const handle = context->native_handle();
  SSL_CTX_set_min_proto_version(handle, TLS1_2_VERSION);
  SSL_CTX_set_options(handle, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(handle, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(handle, choose_protocol, nullptr);
  // Without this OpenSSL would ask on the terminal.
  context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); });

  error_code failed;
  context->use_certificate_chain_file(certificate.string(), failed);
  if (failed)
    return refused(certificate, "a certificate (PEM)", failed.message(), "check its path, permissions and content");
  std::error_code unknown;
  const auto mode = fs::status(key, unknown).permissions();
  if (!unknown && (mode & fs::perms::others_read) != fs::perms::none)
    return refused(key, "a private key that others cannot read", "a file that everybody may read", "chmod o= it");
  context->use_private_key_file(key.string(), ssl::context::pem, failed);
  if (failed)
    return refused(key, "the private key of " + certificate.string() + " (PEM, without a passphrase)", failed.message(),
                   "check its path, permissions and content");
  return context;
}

}  // namespace tenon::http
