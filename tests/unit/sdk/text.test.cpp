// Goal: encodings match their specifications. Method: the RFCs' own vectors and the edges.

#include <tenon/sdk/error.hpp>
#include <tenon/sdk/text.hpp>

#include <doctest/doctest.h>

using namespace tenon::sdk;

TEST_CASE("base64url has the URL alphabet and no padding") {
  CHECK(base64url("") == "");
  CHECK(base64url("f") == "Zg");
  CHECK(base64url("fo") == "Zm8");
  CHECK(base64url("foo") == "Zm9v");
  CHECK(base64url("foobar") == "Zm9vYmFy");
  CHECK(base64url("\xfb\xff\xfe") == "-__-");
}

TEST_CASE("hex digits are in lower case") { CHECK(hex(std::string("\0\x1f\xff", 3)) == "001fff"); }

TEST_CASE("percent encoding leaves the unreserved characters alone") {
  CHECK(percent_encode("AZaz09-._~") == "AZaz09-._~");
  CHECK(percent_encode("a b/c?d=&\xc3\xa4") == "a%20b%2Fc%3Fd%3D%26%C3%A4");
}

TEST_CASE("a form is its fields in order") {
  CHECK(form_urlencode({}) == "");
  CHECK(form_urlencode({{"grant_type", "urn:ietf"}, {"a", "1 2"}}) == "grant_type=urn%3Aietf&a=1%202");
}

TEST_CASE("retry_after keeps to what the protocol allows") {
  CHECK(error("RATE_LIMITED", "").retry_after(std::chrono::seconds(0)).retry_after_s() == 1);
  CHECK(error("RATE_LIMITED", "").retry_after(std::chrono::seconds(30)).retry_after_s() == 30);
  CHECK(error("RATE_LIMITED", "").retry_after(std::chrono::hours(48)).retry_after_s() == 3600);
}
