// Goal: a webhook reaches the public internet, for a sandbox also loopback, and nothing else. Method: both ends of
// every range of the registries, and the forms in which an IPv6 address holds an IPv4 one.
#include "webhooks/address_guard.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace tenon::tenond;

namespace {

bool may(const std::string& address, webhook_reach reach = webhook_reach::outside) {
  return may_reach(boost::asio::ip::make_address(address), reach);
}

constexpr const char* inner[] = {
    "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "169.254.0.0",
    "169.254.169.254", "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.255", "192.0.2.1",
    "192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255", "198.51.100.7", "203.0.113.7",
    "224.0.0.1", "239.255.255.255", "240.0.0.0", "255.255.255.255",
    // IPv6
    "::", "::2", "fc00::1", "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1", "ff02::1", "ff0e::1", "100::1", "2001::1",
    "2001:10::1", "2001:20::1", "2001:1ff:ffff::1", "2001:db8::1", "2002:7f00:1::1", "2002:808:808::1", "3fff::1",
    "3fff:fff::1", "64:ff9b:1::7f00:1", "4000::1", "1fff::1",
    // IPv4 within IPv6
    "::10.0.0.1", "::8.8.8.8", "::ffff:10.0.0.1", "::ffff:192.168.1.1", "::ffff:169.254.169.254", "::ffff:0.0.0.0",
    "::ffff:100.64.0.1", "::ffff:224.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254"};

constexpr const char* loopback[] = {"127.0.0.0", "127.0.0.1",        "127.1.2.3",         "127.255.255.255",
                                    "::1",       "::ffff:127.0.0.1", "::ffff:127.255.0.1"};

constexpr const char* outer[] = {"1.1.1.1",
                                 "8.8.8.8",
                                 "9.255.255.255",
                                 "11.0.0.0",
                                 "100.63.255.255",
                                 "100.128.0.0",
                                 "126.255.255.255",
                                 "128.0.0.0",
                                 "169.253.255.255",
                                 "169.255.0.0",
                                 "172.15.255.255",
                                 "172.32.0.0",
                                 "192.0.1.0",
                                 "192.167.255.255",
                                 "192.169.0.0",
                                 "198.17.255.255",
                                 "198.20.0.0",
                                 "223.255.255.255",
                                 "::ffff:8.8.8.8",
                                 "64:ff9b::8.8.8.8",
                                 "2000::1",
                                 "2001:200::1",
                                 "2001:4860:4860::8888",
                                 "2001:db7::1",
                                 "2003::1",
                                 "2606:4700::1111",
                                 "3ffe::1",
                                 "3fff:1000::1"};

}  // namespace

TEST_CASE("addresses of the machine and its networks are not reached") {
  for (const auto* each : inner) {
    CAPTURE(each);
    CHECK_FALSE(may(each));
    CHECK_FALSE(may(each, webhook_reach::loopback_too));
  }
}

TEST_CASE("loopback is reached for a sandbox alone") {
  for (const auto* each : loopback) {
    CAPTURE(each);
    CHECK_FALSE(may(each));
    CHECK(may(each, webhook_reach::loopback_too));
  }
}

TEST_CASE("public addresses are reached, up to the edges of the ranges") {
  for (const auto* each : outer) {
    CAPTURE(each);
    CHECK(may(each));
    CHECK(may(each, webhook_reach::loopback_too));
  }
}

TEST_CASE("a scope changes nothing") { CHECK_FALSE(may("fe80::1%1", webhook_reach::loopback_too)); }
