#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Signatures, hashes and random bytes, by OpenSSL. Pure but for the random ones.
namespace tenon {

/// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, 3.3) under a PEM private key. Nothing: not an RSA private key.
std::optional<std::string> sign_rs256(std::string_view private_key_pem, std::string_view text);

/// HMAC with SHA-256 (RFC 7518, 3.2). Nothing: the key is empty.
std::optional<std::string> sign_hs256(std::string_view key, std::string_view text);

/// The digest's length for "SHA-256" and "MD5", 0 for any other name.
std::size_t digest_size(std::string_view algorithm) noexcept;

/// Writes digest_size(algorithm) bytes. False: OpenSSL refused, which a FIPS set-up does for MD5.
bool digest(std::string_view algorithm, std::string_view text, std::span<unsigned char> out) noexcept;

bool random_bytes(std::span<unsigned char> out) noexcept;

}  // namespace tenon
