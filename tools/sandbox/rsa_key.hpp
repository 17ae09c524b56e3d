#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace tenon::sandbox {

/// An RSA-2048 key pair. A value: copies share the one immutable key.
///
/// Threads     Any.
/// Errors      std::runtime_error when OpenSSL refuses, which only a broken system makes it do.
class rsa_key {
 public:
  static rsa_key generate();

  /// As private_pem() gave it. std::runtime_error if it is none.
  static rsa_key from_pem(std::string_view pem);

  /// PKCS#8 PEM, as service-account files carry it.
  std::string private_pem() const;

  /// RS256: RSASSA-PKCS1-v1_5 with SHA-256.
  std::string sign(std::string_view message) const;
  bool verify(std::string_view message, std::string_view signature) const noexcept;

 private:
  explicit rsa_key(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}

  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace tenon::sandbox
