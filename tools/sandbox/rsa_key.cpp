#include "sandbox/rsa_key.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>

namespace tenon::sandbox {
namespace {

using digest_context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

[[noreturn]] void refuse(const char* step) {
  throw std::runtime_error(std::string("OpenSSL failed while it was to ") + step +
                           "; check that its default provider loads");
}

}  // namespace

rsa_key rsa_key::generate() {
  EVP_PKEY* made = EVP_RSA_gen(2048);
  if (!made) refuse("generate an RSA key");
  return rsa_key(std::shared_ptr<EVP_PKEY>(made, EVP_PKEY_free));
}

rsa_key rsa_key::from_pem(std::string_view pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                     BIO_free);
  EVP_PKEY* read = in ? PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr) : nullptr;
  if (!read) refuse("read a private key");
  return rsa_key(std::shared_ptr<EVP_PKEY>(read, EVP_PKEY_free));
}

std::string rsa_key::private_pem() const {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
  if (!out || PEM_write_bio_PKCS8PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    refuse("write a private key");
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

std::string rsa_key::sign(std::string_view message) const {
  const digest_context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::size_t size = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(message), message.size()) != 1)
    refuse("sign");
  std::string made(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(made.data()), &size, bytes_of(message),
                     message.size()) != 1)
    refuse("sign");
  made.resize(size);
  return made;
}

bool rsa_key::verify(std::string_view message, std::string_view signature) const noexcept {
  const digest_context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size()) == 1;
}

}  // namespace tenon::sandbox
