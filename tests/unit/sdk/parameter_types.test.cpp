// Goal: no type that a plugin passes in a co_await statement is an aggregate, because g++ 12 destroys aggregate
// temporaries twice there. Method: compile-time assertions over the SDK's public types.

#include <tenon/sdk/platform.hpp>
#include <tenon/sdk/single_flight.hpp>
#include <tenon/sdk/testing/fake_call.hpp>
#include <tenon/sdk/testing/fake_http.hpp>

#include <doctest/doctest.h>

#include <type_traits>

using namespace tenon::sdk;

namespace {

template <class... T>
constexpr bool no_aggregates = (!std::is_aggregate_v<T> && ...);

}  // namespace

TEST_CASE("no public parameter type is an aggregate") {
  CHECK(
      no_aggregates<error, http_request, http_response, platform_context, call_context, task<void>, task<json::value>>);
  CHECK(no_aggregates<http_client, timer_service, logger, clocks, crypto_service, secret_text, cancelled>);
  CHECK(no_aggregates<sleep_operation, http_operation, sign_operation, single_flight<int>, single_flight<int>::joiner>);
  CHECK(no_aggregates<limiter_service, quota, turn_operation, store_service, store_entry, store_changes, store_conflict,
                      store_get, store_list, store_write, submitted>);
  CHECK(no_aggregates<testing::seen_request, testing::scripted_answer, testing::call_options, testing::fake_reply>);
}

TEST_CASE("services are values that a plugin's classes can keep") {
  CHECK(std::is_copy_constructible_v<platform_context>);
  CHECK(std::is_copy_constructible_v<http_client>);
  CHECK(std::is_nothrow_move_constructible_v<task<json::value>>);
  CHECK_FALSE(std::is_copy_constructible_v<task<json::value>>);
}
