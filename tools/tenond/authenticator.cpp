#include "authenticator.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <strings.h>

namespace tenon::tenond {
namespace {

unsigned nibble(char digit) { return static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10); }

}  // namespace

void authenticator::free_digest::operator()(evp_md_st* of) const noexcept { EVP_MD_free(of); }

authenticator::authenticator(const std::vector<principal>& principals)
    : sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)) {
  assign(principals);
}

void authenticator::assign(const std::vector<principal>& principals) {
  auto made = std::make_shared<std::vector<known>>();
  for (const auto& one : principals) {
    known entry{.name = one.name, .digest = {}};
    for (std::size_t i = 0; i < entry.digest.size(); ++i) {
      entry.digest[i] =
          static_cast<unsigned char>(nibble(one.token_sha256[2 * i]) << 4 | nibble(one.token_sha256[2 * i + 1]));
    }
    made->push_back(std::move(entry));
  }
  const std::lock_guard lock(mutex_);
  known_ = std::move(made);
  ++version_;
}

std::shared_ptr<const std::vector<authenticator::known>> authenticator::now() const {
  const std::lock_guard lock(mutex_);
  return known_;
}

std::optional<std::string> authenticator::principal_of(std::string_view token) const {
  if (token.empty()) return std::nullopt;
  std::array<unsigned char, 32> digest{};
  // Its memory is kept, for OpenSSL takes longer to make it than to use it.
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype([](EVP_MD_CTX* of) { EVP_MD_CTX_free(of); })> context(
      EVP_MD_CTX_new());
  if (context == nullptr || EVP_DigestInit_ex2(context.get(), sha256_.get(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), token.data(), token.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1)
    return std::nullopt;
  const auto all = now();
  const known* match = nullptr;
  for (const auto& entry : *all) {
    if (CRYPTO_memcmp(entry.digest.data(), digest.data(), digest.size()) == 0) match = &entry;
  }
  return match == nullptr ? std::nullopt : std::optional(match->name);
}

std::string_view bearer_token(std::string_view authorization) noexcept {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() <= scheme.size() || strncasecmp(authorization.data(), scheme.data(), scheme.size()) != 0) {
    return {};
  }
  authorization.remove_prefix(scheme.size());
  while (!authorization.empty() && authorization.front() == ' ') authorization.remove_prefix(1);
  return authorization;
}

}  // namespace tenon::tenond
