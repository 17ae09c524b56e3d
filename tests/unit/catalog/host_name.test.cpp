// Goal: one host has one form, and what is no host matches none. Method: a table of spellings.
#include "catalog/catalog.hpp"

#include <doctest/doctest.h>

#include <utility>

using namespace tenon;

TEST_CASE("the spellings of one host have one form") {
  const std::pair<std::string_view, std::string_view> spellings[] = {
      {"acme.example.com", "acme.example.com"},
      {"ACME.Example.COM", "acme.example.com"},
      {"acme.example.com:8443", "acme.example.com"},
      {"acme.example.com:", "acme.example.com"},
      {"acme.example.com.", "acme.example.com"},
      {"acme.example.com.:443", "acme.example.com"},
      {" acme.example.com\t", "acme.example.com"},
      {"user:pass@acme.example.com:80", "acme.example.com"},
      {"evil.example@acme.example.com", "acme.example.com"},
      {"localhost", "localhost"},
      {"127.0.0.1:8080", "127.0.0.1"},
      {"xn--mnchen-3ya.example", "xn--mnchen-3ya.example"},
      {"[::1]", "[::1]"},
      {"[::1]:8080", "[::1]"},
      {"[2001:DB8:0:0:0:0:0:1]:443", "[2001:db8::1]"},
      {"::1", "[::1]"},
      {"2001:db8::1", "[2001:db8::1]"},
  };
  for (const auto& [said, form] : spellings) {
    CAPTURE(said);
    CHECK(normalise_host(said) == form);
    CHECK(normalise_host(normalise_host(said)) == form);
  }
}

TEST_CASE("what is no host has the empty form, which matches none") {
  const std::string_view none[] = {"",
                                   " ",
                                   ":80",
                                   ".",
                                   "..",
                                   ".acme.example",
                                   "acme.example..",
                                   "acme.example:port",
                                   "acme.example:123456",
                                   "acme.example:80:",
                                   "http://acme.example",
                                   "acme.example/x",
                                   "*.acme.example",
                                   "acme example",
                                   "acme.example,beta.example",
                                   "[::1",
                                   "[::1]x",
                                   "[::1]:x",
                                   "[acme.example]",
                                   "::1]",
                                   "[::1%eth0]",
                                   "user@",
                                   "m\xc3\xbcnchen.example",
                                   std::string_view("acme.example\0.evil", 18)};
  for (const auto said : none) {
    CAPTURE(said);
    CHECK(normalise_host(said).empty());
  }
  CHECK(normalise_host(std::string(300, 'a')).empty());
}
