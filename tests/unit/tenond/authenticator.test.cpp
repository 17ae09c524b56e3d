// Goal: only a known token opens, and it is read as RFC 6750 has it.
#include "authenticator.hpp"

#include <doctest/doctest.h>

using namespace tenon::tenond;

namespace {

// printf %s secret-token | sha256sum
constexpr const char* digest = "930bbdc51b6aed5c2a5678fd6e28dee7a05e8a4b643cfc0b4427c3efb86c0d94";

}  // namespace

TEST_CASE("a token is known by its SHA-256 and by nothing else") {
  const authenticator known({{"alpha", std::string(64, '0')}, {"beta", digest}});
  CHECK(known.principal_of("secret-token") == "beta");
  CHECK_FALSE(known.principal_of(digest));
  CHECK_FALSE(known.principal_of(""));
  CHECK_FALSE(known.principal_of("secret-token "));
}

TEST_CASE("new principals replace all those before") {
  authenticator known(std::vector<principal>{{"beta", digest}});
  known.assign({{"alpha", std::string(64, '0')}});
  CHECK_FALSE(known.principal_of("secret-token"));
  known.assign({{"gamma", digest}});
  CHECK(known.principal_of("secret-token") == "gamma");
}

TEST_CASE("a bearer token is what follows the scheme, whose case does not matter") {
  CHECK(bearer_token("Bearer abc") == "abc");
  CHECK(bearer_token("bearer   abc") == "abc");
  CHECK(bearer_token("BEARER abc") == "abc");
  CHECK(bearer_token("Basic abc").empty());
  CHECK(bearer_token("Bearer").empty());
  CHECK(bearer_token("Bearer ").empty());
  CHECK(bearer_token("").empty());
}
