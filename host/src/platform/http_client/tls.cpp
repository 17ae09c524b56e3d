#include "platform/http_client/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace tenon::outbound {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

error bad_ca_file(const std::string& path, const error_code& found) {
  return make_error("CONFIGURATION_ERROR", "Outbound HTTPS cannot be set up.",
                    "expected PEM certificates in the CA file " + path + ", found: " + found.message() +
                        "; check its path, permissions and content");
}

}  // namespace

result<std::shared_ptr<ssl::context>> make_tls_context(const std::string& ca_file) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  context->set_verify_mode(ssl::verify_peer);
  error_code failed;
  context->set_default_verify_paths(failed);
  if (failed)
    return make_error("CONFIGURATION_ERROR", "Outbound HTTPS cannot be set up.",
                      "expected the system's certificates, found: " + failed.message() + "; install ca-certificates");
  if (!ca_file.empty()) context->load_verify_file(ca_file, failed);
  if (failed) return bad_ca_file(ca_file, failed);
  return context;
}

bool expect_peer(tls_stream& stream, const target& to) {
  auto* const handle = stream.native_handle();
  if (to.is_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(handle), to.host.c_str()) == 1;
  SSL_set_hostflags(handle, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set_tlsext_host_name(handle, to.host.c_str()) == 1 && SSL_set1_host(handle, to.host.c_str()) == 1;
}

std::string handshake_trouble(tls_stream& stream, const error_code& failed) {
  const auto verified = SSL_get_verify_result(stream.native_handle());
  if (verified == X509_V_OK) return failed.message();
  return std::string("a certificate that is not accepted: ") + X509_verify_cert_error_string(verified);
}

}  // namespace tenon::outbound
