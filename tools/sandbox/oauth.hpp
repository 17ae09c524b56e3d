#pragma once

#include "http_server/http_server.hpp"
#include "sandbox/credentials.hpp"
#include "sandbox/store.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The token endpoint: service-account assertions in (RFC 7523), opaque bearer tokens out.
namespace tenon::sandbox {

/// What a token allows.
struct grant {
  std::string email;
  std::vector<std::string> networks;
  sys_seconds expires;
  bool read_only = false;
};

struct oauth_options {
  std::string token_uri;  ///< what an assertion's `aud` must say
  std::chrono::seconds token_lifetime{3599};
  std::chrono::seconds clock_skew{300};  ///< how far a client's clock may be off, either way
};

/// Threads     One at a time; the sandbox's mutex guards it.
class token_issuer {
 public:
  void configure(oauth_options options) { options_ = std::move(options); }
  void add(service_account account);

  /// POST of a form. Verifies the signature and every claim; the errors are those of RFC 6749, 5.2.
  http::response exchange(const http::request& request, sys_seconds now);

  /// The grant behind a bearer token, expired or not; null for a token never issued here.
  const grant* find(std::string_view token) const;

  void revoke_all() {
    grants_.clear();
    changed_ = true;
  }

  // For what keeps them on a disk.
  const std::map<std::string, grant, std::less<>>& grants() const { return grants_; }
  void restore(std::string token, grant kept) { grants_.insert_or_assign(std::move(token), std::move(kept)); }
  bool changed() const { return changed_; }
  bool take_changed() { return std::exchange(changed_, false); }

  /// Who the request claims to be, unverified: for the traffic counters alone. An unknown account is "unknown".
  std::string claimed_account(const http::request& request) const;

 private:
  const service_account& verified(std::string_view assertion, sys_seconds now, json::object& claims) const;
  void check_times(const json::object& claims, sys_seconds now) const;

  oauth_options options_;
  std::map<std::string, service_account, std::less<>> accounts_;
  std::map<std::string, grant, std::less<>> grants_;
  bool changed_ = false;
};

}  // namespace tenon::sandbox
