#include "certificates.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <stdexcept>

namespace certificates {
namespace {

template <auto Free>
struct freed {
  void operator()(auto* what) const { Free(what); }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed<X509_free>>;
using bio_ptr = std::unique_ptr<BIO, freed<BIO_free_all>>;

void require(bool good) {
  if (!good) throw std::runtime_error("OpenSSL could not make a certificate");
}

std::string text_of(const bio_ptr& from) {
  char* text = nullptr;
  const auto size = BIO_get_mem_data(from.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

void extend(X509* subject, X509* issuer, int what, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, subject, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
  require(extension != nullptr && X509_add_ext(subject, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

certificate_ptr read_certificate(const std::string& pem) {
  const bio_ptr from(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return certificate_ptr(PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr));
}

key_ptr read_key(const std::string& pem) {
  const bio_ptr from(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return key_ptr(PEM_read_bio_PrivateKey(from.get(), nullptr, nullptr, nullptr));
}

}  // namespace

identity make(const request& wanted) {
  static std::atomic<long> serial = 1;
  const key_ptr key(EVP_EC_gen("P-256"));
  const certificate_ptr made(X509_new());
  require(key && made);
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), wanted.valid_from.count());
  X509_gmtime_adj(X509_getm_notAfter(made.get()), wanted.valid_to.count());
  X509_set_pubkey(made.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(wanted.common_name.c_str()), -1, -1, 0);
  const auto issuer = wanted.issuer != nullptr ? read_certificate(wanted.issuer->certificate) : nullptr;
  const auto issuer_key = wanted.issuer != nullptr ? read_key(wanted.issuer->key) : nullptr;
  X509* const signer = issuer ? issuer.get() : made.get();
  X509_set_issuer_name(made.get(), X509_get_subject_name(signer));
  extend(made.get(), signer, NID_basic_constraints, wanted.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!wanted.alternative_names.empty()) extend(made.get(), signer, NID_subject_alt_name, wanted.alternative_names);
  require(X509_sign(made.get(), issuer_key ? issuer_key.get() : key.get(), EVP_sha256()) != 0);
  const bio_ptr certificate_text(BIO_new(BIO_s_mem()));
  const bio_ptr key_text(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_X509(certificate_text.get(), made.get()) == 1);
  require(PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return {text_of(certificate_text), text_of(key_text)};
}

}  // namespace certificates
