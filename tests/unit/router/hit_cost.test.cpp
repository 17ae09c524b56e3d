// Goal: a hit costs no allocation of the router's own.
// Method: this program's operator new counts per thread; the platform, the request and the handler allocate
// nothing while they are counted.
#include "contract_setup.hpp"
#include "plain_platform.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <new>

namespace {

thread_local std::size_t allocations = 0;

}  // namespace

void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* got = std::malloc(bytes)) return got;
  throw std::bad_alloc();
}
void operator delete(void* given) noexcept { std::free(given); }
void operator delete(void* given, std::size_t) noexcept { std::free(given); }

using namespace tenon;
using namespace tenon::testing;

TEST_CASE("a hit allocates nothing, neither to find the platform nor to hand the call to it") {
  auto options = with_cache(4, 60);
  options.factory = make_factory([](const std::string&) {
    return std::make_shared<function_platform>([](call_request, reply_handler done) { done(reply{}); });
  });
  contract_setup at(std::move(options));
  const std::string tenant = "a tenant whose name is too long for the small string optimisation";
  at.platform_for(tenant);

  bool answered = false;
  auto request = request_for(tenant);
  reply_handler done = [&answered](result<reply> outcome) { answered = outcome.has_value(); };
  const auto before = allocations;
  at.router->start(std::move(request), std::move(done));
  const auto after = allocations;
  CHECK(after == before);
  CHECK(answered);

  const auto before_lookup = allocations;
  const auto found = at.router->cached_platform(tenant);
  CHECK(allocations == before_lookup);
  CHECK(found != nullptr);
}
