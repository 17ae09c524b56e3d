// Goal: a bucket gives what its rate and burst allow, whatever time does. Method: times as values.
#include "limits/token_bucket.hpp"

#include <doctest/doctest.h>

using namespace tenon;
using namespace tenon::tenond;
using namespace std::chrono_literals;

namespace {

const steady_time start{1h};

int taken(token_bucket& from, steady_time now, int tries = 1000) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += from.take(now) ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("a bucket begins with a burst, and gets its rate from then on") {
  token_bucket bucket({.per_second = 2, .burst = 5}, start);
  CHECK(taken(bucket, start) == 5);
  CHECK(taken(bucket, start + 499ms) == 0);
  CHECK(taken(bucket, start + 500ms) == 1);
  CHECK(taken(bucket, start + 2s) == 3);
  CHECK(taken(bucket, start + 1h) == 5);
}

TEST_CASE("a thousand small steps bring as much as one large one") {
  token_bucket bucket({.per_second = 3, .burst = 100}, start);
  CHECK(taken(bucket, start) == 100);
  int count = 0;
  for (int i = 1; i <= 10'000; ++i) count += taken(bucket, start + 1ms * i);
  CHECK(count == 30);
}

TEST_CASE("who waits as long as he was told is served, and not a second before") {
  for (const double per_second : {0.3, 1.0 / 7, 0.001, 1.0, 9.0}) {
    CAPTURE(per_second);
    token_bucket bucket({.per_second = per_second, .burst = 1}, start);
    REQUIRE(bucket.take(start));
    const auto wait = bucket.retry_after_s(start);
    CHECK(wait >= 1);
    if (wait > 1) CHECK_FALSE(bucket.has_token(start + std::chrono::seconds(wait - 1)));
    CHECK(bucket.take(start + std::chrono::seconds(wait)));
  }
}

TEST_CASE("the time to come back is what AdCP allows, however slow the rate") {
  token_bucket bucket({.per_second = 1e-9, .burst = 1}, start);
  REQUIRE(bucket.take(start));
  CHECK(bucket.retry_after_s(start) == 3600);
  token_bucket quick({.per_second = 1e6, .burst = 1}, start);
  REQUIRE(quick.take(start));
  CHECK(quick.retry_after_s(start) == 1);
}

TEST_CASE("the longest gap that a clock can show fills the bucket, and one that runs backwards does nothing") {
  token_bucket bucket({.per_second = 1e6, .burst = 3}, steady_time::min());
  CHECK(taken(bucket, steady_time::min()) == 3);
  CHECK(taken(bucket, steady_time::max()) == 3);
  CHECK(taken(bucket, steady_time::min()) == 0);
  CHECK(taken(bucket, steady_time::max()) == 0);
}

TEST_CASE("a rate of 0 is no limit") {
  token_bucket bucket({.per_second = 0, .burst = 1}, start);
  CHECK(taken(bucket, start) == 1000);
  CHECK(bucket.retry_after_s(start) == 1);
}

TEST_CASE("another rate keeps what is left, and what was earned under the old one") {
  token_bucket bucket({.per_second = 1, .burst = 10}, start);
  CHECK(taken(bucket, start, 7) == 7);
  SUBCASE("a larger burst gives nothing away") {
    bucket.change({.per_second = 1, .burst = 100}, start);
    CHECK(taken(bucket, start) == 3);
  }
  SUBCASE("a smaller one leaves what it has room for") {
    bucket.change({.per_second = 1, .burst = 2}, start);
    CHECK(taken(bucket, start) == 2);
  }
  SUBCASE("time before the change counts by the rate that held then") {
    bucket.change({.per_second = 100, .burst = 1000}, start + 2s);
    CHECK(taken(bucket, start + 2s) == 5);
    CHECK(taken(bucket, start + 3s) == 100);
  }
  SUBCASE("where there was no limit there is a whole burst") {
    bucket.change({.per_second = 0, .burst = 1}, start);
    CHECK(taken(bucket, start) == 1000);
    bucket.change({.per_second = 1, .burst = 4}, start);
    CHECK(taken(bucket, start) == 4);
  }
}
