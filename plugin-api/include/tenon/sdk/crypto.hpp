#pragma once

#include <tenon/sdk/detail/operation.hpp>

#include <string>
#include <string_view>

namespace tenon::sdk {

/// What `co_await crypto().sign_rs256(...)` waits with.
class sign_operation final : public detail::operation_awaiter {
 public:
  sign_operation(detail::host_link link, std::string_view algorithm, std::string secret, std::string pointer,
                 std::string data)
      : operation_awaiter(link),
        algorithm_(algorithm),
        secret_(std::move(secret)),
        pointer_(std::move(pointer)),
        data_(std::move(data)) {}

  std::string await_resume() {
    throw_if_cancelled();
    if (status() != TENON_OK) {
      throw errors::configuration_error("cannot sign with the secret \"" + secret_ + "\" at \"" + pointer_ +
                                        "\": expected a key for " + std::string(algorithm_) + ", the host says " +
                                        std::string(detail::status_name(status())));
    }
    return std::move(signature_);
  }

 private:
  tenon_status start(void* user, tenon_op* id) override {
    return link().crypto().sign(link().ctx(), detail::to_abi(algorithm_), detail::to_abi(secret_),
                                detail::to_abi(pointer_), detail::to_abi(data_), &done, user, id);
  }
  static void done(void* user, tenon_op, tenon_status status, tenon_str bytes) noexcept {
    auto* self = complete<sign_operation>(user, status);
    if (self == nullptr) return;
    try {
      self->signature_ = detail::from_abi(bytes);
    } catch (...) {
      self->fail(TENON_E_LIMIT);
    }
    self->wake();
  }

  std::string_view algorithm_;
  std::string secret_;
  std::string pointer_;
  std::string data_;
  std::string signature_;
};

/// Cryptography of the host: keys stay there. All results are raw bytes (text.hpp has base64url and hex). A cheap
/// value.
class crypto_service {
 public:
  explicit crypto_service(detail::host_link link) noexcept : link_(link) {}

  /// `co_await` it: the signature of `data` (PKCS#1 v1.5, SHA-256) with the PEM private key that stands at `pointer`
  /// (RFC 6901; empty = the whole text) of the tenant's secret. Throws CONFIGURATION_ERROR if there is no such key.
  sign_operation sign_rs256(std::string secret, std::string pointer, std::string data) const {
    return sign_operation(link_, "RS256", std::move(secret), std::move(pointer), std::move(data));
  }
  /// Likewise: HMAC with SHA-256, the key being the text there.
  sign_operation sign_hs256(std::string secret, std::string pointer, std::string data) const {
    return sign_operation(link_, "HS256", std::move(secret), std::move(pointer), std::move(data));
  }

  std::string sha256(std::string_view data) const { return hash("SHA-256", data, 32); }
  std::string md5(std::string_view data) const { return hash("MD5", data, 16); }

  /// Cryptographically secure.
  std::string random(std::size_t size) const {
    std::string bytes(size, '\0');
    expect_ok("random bytes", link_.crypto().random(link_.ctx(), bytes.data(), bytes.size()));
    return bytes;
  }

 private:
  std::string hash(std::string_view algorithm, std::string_view data, std::size_t size) const {
    std::string digest(size, '\0');
    std::uint64_t length = digest.size();
    expect_ok(algorithm, link_.crypto().hash(link_.ctx(), detail::to_abi(algorithm), detail::to_abi(data),
                                             digest.data(), &length));
    digest.resize(static_cast<std::size_t>(length));
    return digest;
  }
  static void expect_ok(std::string_view what, tenon_status status) {
    if (status == TENON_OK) return;
    throw errors::service_unavailable("crypto/1 gave no " + std::string(what) + ": " +
                                      std::string(detail::status_name(status)));
  }

  detail::host_link link_;
};

}  // namespace tenon::sdk
