// Goal: an address guesses so many tokens a minute and learns nothing beyond; buyers who share it are served, and who
// has many addresses fills no memory.
#include "limits/auth_failures.hpp"

#include "manual_clock.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace tenon::tenond;
using tenon::testing::manual_clock;
using namespace std::chrono_literals;

namespace {

int told_wrong(auth_failures& limit, const std::string& address, int tries = 100) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += limit.failed(address) ? 0 : 1;
  return count;
}

bool passes(auth_failures& limit, const std::string& address, const std::string& who) {
  return !limit.succeeded(address, who).has_value();
}

}  // namespace

TEST_CASE("a minute's failures at once, then one when it is due; other addresses have their own") {
  manual_clock time;
  auth_failures limit(time, 30);
  CHECK(told_wrong(limit, "192.0.2.1") == 30);
  CHECK(limit.failed("192.0.2.1") == 2);
  CHECK(told_wrong(limit, "192.0.2.2") == 30);
  time.advance(2s);
  CHECK(told_wrong(limit, "192.0.2.1") == 1);
  CHECK(limit.now().failed == 301);
  CHECK(limit.now().refused == 301 - 61);
}

TEST_CASE("a right guess is not told from a wrong one, but who was here before is let through") {
  manual_clock time;
  auth_failures limit(time, 10);
  CHECK(passes(limit, "192.0.2.1", "known"));
  told_wrong(limit, "192.0.2.1");
  CHECK(limit.succeeded("192.0.2.1", "guessed") == limit.failed("192.0.2.1"));
  CHECK(passes(limit, "192.0.2.1", "known"));
  CHECK(passes(limit, "192.0.2.2", "guessed"));
  time.advance(1min);
  CHECK(passes(limit, "192.0.2.1", "guessed"));
  CHECK(told_wrong(limit, "192.0.2.1") == 10);  // who is right costs nothing
}

TEST_CASE("an IPv4 address is the same in IPv6, and a /64 is one address") {
  manual_clock time;
  auth_failures limit(time, 10);
  CHECK(told_wrong(limit, "192.0.2.1") == 10);
  CHECK(told_wrong(limit, "::ffff:192.0.2.1") == 0);
  CHECK(told_wrong(limit, "::ffff:192.0.2.2") == 10);
  CHECK(told_wrong(limit, "2001:db8:0:1::1") == 10);
  CHECK(told_wrong(limit, "2001:db8:0:1:ffff::2") == 0);
  CHECK(told_wrong(limit, "2001:db8:0:2::1") == 10);
  CHECK(told_wrong(limit, "fe80::1%1") == 10);
  CHECK(told_wrong(limit, "no address") == 10);
  CHECK(told_wrong(limit, "") == 0);
}

TEST_CASE("no more addresses are remembered than there is room for, those heard of last") {
  manual_clock time;
  auth_failures limit(time, 10, 3);
  told_wrong(limit, "192.0.2.1");
  told_wrong(limit, "192.0.2.2");
  for (int i = 0; i < 1000; ++i) {
    CHECK(limit.failed("192.0.2.1").has_value());
    CHECK_FALSE(limit.failed("10.0." + std::to_string(i / 250) + '.' + std::to_string(i % 250)).has_value());
  }
  CHECK(limit.now().addresses == 3);
  CHECK(told_wrong(limit, "192.0.2.2") == 10);  // forgotten
}

TEST_CASE("who signed in from an address before is let through, however many did") {
  manual_clock time;
  auth_failures limit(time, 10);
  for (int i = 0; i < 1000; ++i) CHECK(passes(limit, "192.0.2.1", "buyer-" + std::to_string(i)));
  told_wrong(limit, "192.0.2.1");
  for (int i = 0; i < 1000; ++i) CHECK(passes(limit, "192.0.2.1", "buyer-" + std::to_string(i)));
  CHECK_FALSE(passes(limit, "192.0.2.1", "buyer-1000"));
}

TEST_CASE("a reload keeps the failures; 0 is no limit") {
  manual_clock time;
  auth_failures limit(time, 10);
  CHECK(told_wrong(limit, "192.0.2.1", 8) == 8);
  limit.assign(20);
  CHECK(told_wrong(limit, "192.0.2.1") == 2);
  limit.assign(0);
  CHECK(told_wrong(limit, "192.0.2.1") == 100);
  CHECK(passes(limit, "192.0.2.1", "anybody"));
  limit.assign(10);
  CHECK(told_wrong(limit, "192.0.2.1") == 10);
}
