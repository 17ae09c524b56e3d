#pragma once

#include "settings.hpp"

#include <tenon/error.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct evp_md_st;  // of OpenSSL

namespace tenon::tenond {

/// Bearer tokens to principals. Holds digests only and compares every one in constant time, so that neither memory nor
/// timing shows a token.
///
/// Threads     Any, concurrently.
class authenticator {
 public:
  explicit authenticator(const std::vector<principal>& principals);

  /// From now on these are known and no others. A check that runs meanwhile still sees those before.
  void assign(const std::vector<principal>& principals);

  /// The principal of this token, or nothing.
  std::optional<std::string> principal_of(std::string_view token) const;

  /// Grows with every assignment: what was known at the same figure is known still.
  std::uint64_t version() const noexcept { return version_; }

 private:
  struct known {
    std::string name;
    std::array<unsigned char, 32> digest;
  };
  std::shared_ptr<const std::vector<known>> now() const;

  struct free_digest {
    void operator()(evp_md_st* of) const noexcept;
  };

  const std::unique_ptr<evp_md_st, free_digest> sha256_;  ///< OpenSSL takes longer to find it than to use it
  mutable std::mutex mutex_;
  std::shared_ptr<const std::vector<known>> known_;
  std::atomic<std::uint64_t> version_ = 0;
};

/// The token of "Bearer <token>" (RFC 6750 2.1; the scheme's case does not matter), or an empty view.
std::string_view bearer_token(std::string_view authorization) noexcept;

}  // namespace tenon::tenond
