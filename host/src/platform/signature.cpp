#include "platform/signature.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace tenon {
namespace {

struct freer {
  void operator()(BIO* held) const noexcept { BIO_free(held); }
  void operator()(EVP_PKEY* held) const noexcept { EVP_PKEY_free(held); }
  void operator()(EVP_MD_CTX* held) const noexcept { EVP_MD_CTX_free(held); }
};

template <class T>
using owned = std::unique_ptr<T, freer>;

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// A PEM with a passphrase asks for it on the terminal unless a callback answers.
int no_passphrase(char*, int, int, void*) { return 0; }

owned<EVP_PKEY> read_key(std::string_view pem) {
  if (pem.size() > std::numeric_limits<int>::max()) return nullptr;
  const owned<BIO> source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!source) return nullptr;
  return owned<EVP_PKEY>(PEM_read_bio_PrivateKey(source.get(), nullptr, &no_passphrase, nullptr));
}

const EVP_MD* algorithm_of(std::string_view name) noexcept {
  if (name == "SHA-256") return EVP_sha256();
  if (name == "MD5") return EVP_md5();
  return nullptr;
}

}  // namespace

std::optional<std::string> sign_rs256(std::string_view private_key_pem, std::string_view text) {
  std::optional<std::string> signature;
  const auto key = read_key(private_key_pem);
  const owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  std::size_t size = 0;
  if (key && context && EVP_PKEY_is_a(key.get(), "RSA") == 1 &&
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(text), text.size()) == 1) {
    std::string made(size, '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(made.data()), &size, bytes_of(text),
                       text.size()) == 1) {
      made.resize(size);
      signature = std::move(made);
    }
  }
  // What OpenSSL noted about a bad key belongs to nobody else on this thread.
  ERR_clear_error();
  return signature;
}

std::optional<std::string> sign_hs256(std::string_view key, std::string_view text) {
  if (key.empty() || key.size() > std::numeric_limits<int>::max()) return std::nullopt;
  std::string made(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(),
           reinterpret_cast<unsigned char*>(made.data()), &size) == nullptr) {
    ERR_clear_error();
    return std::nullopt;
  }
  made.resize(size);
  return made;
}

std::size_t digest_size(std::string_view algorithm) noexcept {
  const auto* const found = algorithm_of(algorithm);
  return found == nullptr ? 0 : static_cast<std::size_t>(EVP_MD_get_size(found));
}

bool digest(std::string_view algorithm, std::string_view text, std::span<unsigned char> out) noexcept {
  const auto* const found = algorithm_of(algorithm);
  const bool done = found != nullptr && out.size() >= digest_size(algorithm) &&
                    EVP_Digest(text.data(), text.size(), out.data(), nullptr, found, nullptr) == 1;
  ERR_clear_error();
  return done;
}

bool random_bytes(std::span<unsigned char> out) noexcept {
  while (!out.empty()) {
    const auto part = std::min<std::size_t>(out.size(), 1 << 20);
    if (RAND_bytes(out.data(), static_cast<int>(part)) != 1) {
      ERR_clear_error();
      return false;
    }
    out = out.subspan(part);
  }
  return true;
}

}  // namespace tenon
